"""A replica's row and stores, for tests that talk to the database as a replica would."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from service.database.claims import ClaimStore
from service.database.outcomes import OutcomeStore
from service.database.pool import Database
from service.database.replicas import Vitals, renew_lease
from service.domain.fire import Claim, Fire, FireKind
from tests.support.jobs import a_job

HANDLERS = ["noop", "marketdata.incremental", "marketdata.backfill"]


class FakeReplica:
    """One replica: a lease in the table, and its stores."""

    def __init__(self, database: Database, replica_id: UUID) -> None:
        self.database, self.replica_id = database, replica_id
        self.claims = ClaimStore(database, replica_id)
        self.outcomes = OutcomeStore(database, replica_id)

    @classmethod
    async def join(
        cls, database: Database, *, handlers: list[str] = HANDLERS, lease_seconds: float = 60
    ) -> "FakeReplica":
        """Join the fleet; a negative `lease_seconds` makes a replica that is dead already."""
        replica = cls(database, uuid4())
        async with database.connection() as connection:
            await renew_lease(connection, Vitals(replica.replica_id, "test", handlers), lease_seconds)
        return replica


async def insert_job(
    connection: Any, job_id: str, *, fires_since_seconds: float = 3600, **columns: Any
) -> None:
    """Insert a job whose plan began in the past, so that tests may decide fires of the last hour.

    A MANUAL job where `schedule_cron` is None.
    """
    values = {
        "job_id": job_id,
        "display_name": job_id.title(),
        "schedule_type": "CRON" if columns.get("schedule_cron", "x") is not None else "MANUAL",
        "schedule_cron": "* * * * * *",
        "handler": "noop",
        **columns,
    }
    names = ", ".join(values)
    places = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    await connection.execute(f"insert into jobs ({names}) values ({places})", *values.values())
    await move_plan(connection, job_id, -fires_since_seconds)


async def move_plan(connection: Any, job_id: str, seconds: float) -> None:
    """Set `planned_from` to that many seconds from now, past the trigger that guards it."""
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update jobs set planned_from = clock_timestamp() + $2 * interval '1 second' where job_id = $1",
            job_id,
            seconds,
        )


def due(
    job_id: str,
    fire_time: datetime,
    *,
    revision: int = 1,
    execution_id: UUID | None = None,
    following: datetime | None = None,
    kind: FireKind = FireKind.FIRE,
    **extras: Any,
) -> Claim:
    """A claim of one fire."""
    job = a_job(job_id, revision=revision)
    fire = Fire(job=job, fire_time=fire_time, following=following, kind=kind, **extras)
    return Claim(fire, execution_id or uuid4())


async def database_now(connection: Any) -> datetime:
    """The database's clock, to the whole second below."""
    now: datetime = await connection.fetchval("select date_trunc('second', clock_timestamp())")
    return now.astimezone(UTC)
