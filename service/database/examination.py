"""Reads what the doctor judges; every statement here only reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from service.database.migrations import pending, read_migrations
from service.database.pool import (
    STATEMENT_SECONDS,
    Connection,
    Database,
    connect,
    describe,
    unavailable_as_ours,
)
from service.domain.clock import SystemClock
from service.domain.errors import DatabaseUnavailable
from service.domain.examination import (
    JobFacts,
    ReplicaFacts,
    SchemaFacts,
    ServerFacts,
    findings_from_json,
)
from service.domain.offset import OffsetFilter, OffsetSample
from service.domain.pooling import Pooling

OFFSET_SAMPLES = 8
SETTINGS = [
    "fsync",
    "synchronous_commit",
    "track_activities",
    "track_counts",
    "autovacuum",
    "idle_in_transaction_session_timeout",
]
SERVER = """
    select current_setting('server_version') as version,
           current_setting('server_version_num')::integer as version_number,
           pg_is_in_recovery() as is_standby,
           current_setting('max_connections')::integer
               - current_setting('superuser_reserved_connections')::integer as server_limit,
           (select rolconnlimit from pg_roles where rolname = current_user) as role_limit,
           (select datconnlimit from pg_database where datname = current_database()) as database_limit
"""
SERVER_SETTINGS = "select name, setting from pg_settings where name = any ($1::text[])"
MAY_CREATE = "select coalesce(has_schema_privilege(current_schema(), 'create'), false)"
ALL = ("select", "insert", "update", "delete")
RIGHTS = {
    "cronsole_migrations": ("select",),
    "jobs": ALL,
    "job_state": ALL,
    "job_changes": ("select",),
    "job_fires": ALL,
    "job_executions": ALL,
    "job_execution_progress": ALL,
    "job_execution_stats": ALL,
    "job_execution_logs": ALL,
    "replicas": ALL,
    "service_state": ("select", "update"),
    "time_zones": ("select",),
    "symbols": ALL,
    "market_data": ALL,
    "symbol_data_status": ALL,
    "company_fundamentals": ALL,
}
FUNCTIONS = ["claim_fires", "take_executions", "close_executions", "reap_executions", "hand_over_executions"]
MISSING_TABLE_RIGHTS = """
    select r.right_name || ' on ' || r.table_name as missing
      from unnest($1::text[], $2::text[]) with ordinality as r (table_name, right_name, position)
     where to_regclass(r.table_name) is not null
       and not has_table_privilege(to_regclass(r.table_name), r.right_name)
     order by r.position
"""
MISSING_FUNCTION_RIGHTS = """
    select 'execute on ' || p.proname as missing
      from pg_proc p join pg_class c on c.oid = to_regclass('jobs') and c.relnamespace = p.pronamespace
     where p.proname = any ($1::text[]) and not has_function_privilege(p.oid, 'execute')
     order by p.proname
"""
REPLICAS = """
    select replica_id::text, version, handlers, listener_mode, tzdata_version, findings,
           extract(epoch from lease_expires_at - clock_timestamp())::double precision as lease_seconds_left
      from replicas order by started_at
"""
# A fire that is due and undecided, or a row that nobody has planned, for longer than the job allows.
OVERDUE = """
    select j.job_id, extract(epoch from clock_timestamp() - d.due_time)::double precision as late_seconds
      from jobs j
      join service_state a on a.only_row
      left join job_state s on s.job_id = j.job_id
     cross join lateral (select case when s.planned_revision is not distinct from j.revision
                                     then s.next_fire_time else j.updated_at end as due_time) d
     where j.enabled and j.schedule_type = 'CRON'
       and not paused_now(j.paused_until) and not paused_now(a.paused_until)
       and d.due_time < clock_timestamp() - j.overdue_after_seconds * interval '1 second'
     order by d.due_time
"""
PARKED = """
    select j.job_id, s.schedule_error
      from jobs j join job_state s on s.job_id = j.job_id and s.planned_revision = j.revision
     where j.enabled and s.schedule_error is not null
     order by j.job_id
"""
JOB_HANDLERS = "select job_id, handler from jobs where enabled order by job_id"


class Examination:
    """What the doctor can see on one connection.

    Every method raises DatabaseUnavailable where no answer comes in time.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def clock_offset(self) -> timedelta | None:
        """Measure the database's clock minus this machine's; None where the way there is too slow to tell."""
        clock, offsets = SystemClock(), OffsetFilter()
        offset: timedelta | None = None
        for _ in range(OFFSET_SAMPLES):
            sent_at, sent = clock.monotonic(), clock.uncorrected_now()
            async with answering():
                database_now = await self._connection.fetchval("select clock_timestamp()")
            seconds = clock.monotonic() - sent_at
            middle = sent + timedelta(seconds=seconds / 2)
            offset = offsets.add(OffsetSample(database_now - middle, seconds))
        return offset

    async def server(self) -> ServerFacts:
        """Read the server's version, settings and limits."""
        async with answering():
            row = await self._connection.fetchrow(SERVER)
            settings = await self._connection.fetch(SERVER_SETTINGS, SETTINGS)
        assert row is not None
        return ServerFacts(
            version=row["version"],
            version_number=row["version_number"],
            is_standby=row["is_standby"],
            settings={each["name"]: each["setting"] for each in settings},
            connection_limits={
                "the server": row["server_limit"],
                "the role": row["role_limit"],
                "the database": row["database_limit"],
            },
        )

    async def schema(self) -> SchemaFacts:
        """Read which migrations and rights are missing.

        Raises:
            ForeignDatabase, MigrationRefused: see `migrations.pending`.
        """
        pairs = [(table, right) for table, rights in RIGHTS.items() for right in rights]
        async with answering():
            missing = [
                *await self._connection.fetch(MISSING_TABLE_RIGHTS, *map(list, zip(*pairs, strict=True))),
                *await self._connection.fetch(MISSING_FUNCTION_RIGHTS, FUNCTIONS),
            ]
            return SchemaFacts(
                pending=[each.name for each in await pending(self._connection, read_migrations())],
                may_create=await self._connection.fetchval(MAY_CREATE),
                missing_rights=[row["missing"] for row in missing],
            )

    async def replicas(self) -> list[ReplicaFacts]:
        """Read every replica that is known, dead ones too."""
        async with answering():
            rows = await self._connection.fetch(REPLICAS)
        return [
            ReplicaFacts(
                replica_id=row["replica_id"],
                version=row["version"],
                handlers=row["handlers"],
                lease_seconds_left=row["lease_seconds_left"],
                listener_mode=row["listener_mode"],
                tzdata_version=row["tzdata_version"],
                findings=findings_from_json(row["findings"]),
            )
            for row in rows
        ]

    async def jobs(self) -> JobFacts:
        """Read which jobs are late or parked, and what handlers the enabled ones want."""
        async with answering():
            overdue = await self._connection.fetch(OVERDUE)
            parked = await self._connection.fetch(PARKED)
            handlers = await self._connection.fetch(JOB_HANDLERS)
        return JobFacts(
            overdue=[(row["job_id"], row["late_seconds"]) for row in overdue],
            parked=[(row["job_id"], row["schedule_error"]) for row in parked],
            handlers=[(row["job_id"], row["handler"]) for row in handlers],
        )


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Bound the wait for an answer, and turn every refusal into `DatabaseUnavailable`."""
    try:
        with unavailable_as_ours():
            async with asyncio.timeout(STATEMENT_SECONDS):
                yield
    except asyncpg.PostgresError as fault:
        raise DatabaseUnavailable(describe(fault)) from fault


@asynccontextmanager
async def examination(url: str) -> AsyncIterator[Examination]:
    """Connect for an examination.

    Raises:
        DatabaseUnavailable: no answer in time, or refused.
    """
    async with answering():
        connection = await connect(url, "cronsole doctor", Pooling.TRANSACTION)  # right behind any
    try:
        yield Examination(connection)
    finally:
        connection.terminate()


@asynccontextmanager
async def examination_over(database: Database) -> AsyncIterator[Examination]:
    """Examine on a connection of a pool, in the time that it lends one; the server bounds each statement too.

    Raises:
        DatabaseUnavailable: no answer in time.
    """
    async with database.connection() as connection:
        yield Examination(connection)
