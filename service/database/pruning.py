"""Deleting what is too old or too much, a batch at a time; never an execution that has not ended."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from service.database.pool import Database
from service.domain.retention import Retention

# How many rows there are, about, without reading them: rows a page as last analysed, times the pages by now.
# The rows of a table never analysed are taken to be as small as rows can be here.
ESTIMATE = """
    select case when reltuples >= 0 and relpages > 0 then reltuples / relpages else 150 end
           * (pg_relation_size(oid) / current_setting('block_size')::integer)
      from pg_class where oid = $1::text::regclass
"""

# In each delete $1 is the age, $2 where the rows beyond the number begin (null: there are none), $3 the size
# of a batch. The sub-select computes the bound once, so that an index is read from its old end. Rows that
# another replica is deleting are passed over.
DELETE_EXECUTIONS = """
    with old as materialized (
        select execution_id from job_executions
         where start_time <= (select greatest(clock_timestamp() - $1::interval, $2::timestamptz))
           and status not in ('QUEUED', 'RUNNING')
         order by start_time, execution_id
         limit $3 for update skip locked)
    delete from job_executions x using old where x.execution_id = old.execution_id
"""
EXECUTIONS_BEYOND = """
    select start_time from job_executions order by start_time desc, execution_id desc offset $1 limit 1
"""
DELETE_FIRES = """
    with old as materialized (
        select job_id, fire_time from job_fires
         where fire_time <= (select greatest(clock_timestamp() - $1::interval, $2::timestamptz))
         order by fire_time
         limit $3 for update skip locked)
    delete from job_fires f using old where f.job_id = old.job_id and f.fire_time = old.fire_time
"""
FIRES_BEYOND = "select fire_time from job_fires order by fire_time desc offset $1 limit 1"
# Logs and audit have ids in the order of time, near enough: a look at the first ones needs no index by time.
DELETE_LOGS = """
    with first as materialized (
        select log_id, logged_at from job_execution_logs order by log_id limit $3
    ), old as materialized (
        select log_id from job_execution_logs
         where log_id in (select log_id from first
                           where logged_at <= clock_timestamp() - $1::interval or log_id <= $2::bigint)
           for update skip locked)
    delete from job_execution_logs l using old where l.log_id = old.log_id
"""
LOGS_BEYOND = "select max(log_id) - $1 from job_execution_logs"
# The service may not update the audit, and so cannot lock its rows: the second of two waits for the first.
DELETE_CHANGES = """
    with first as materialized (
        select change_id, changed_at from job_changes order by change_id limit $3)
    delete from job_changes
     where change_id in (select change_id from first
                          where changed_at <= clock_timestamp() - $1::interval or change_id <= $2::bigint)
"""
CHANGES_BEYOND = "select max(change_id) - $1 from job_changes"
DELETE_STATS = """
    with old as materialized (
        select job_id, hour from job_execution_stats
         where hour <= (select greatest(clock_timestamp() - $1::interval, $2::timestamptz))
         order by hour
         limit $3 for update skip locked)
    delete from job_execution_stats s using old where s.job_id = old.job_id and s.hour = old.hour
"""
DELETE_REPLICAS = """
    with old as materialized (
        select replica_id from replicas
         where lease_expires_at <= (select greatest(clock_timestamp() - $1::interval, $2::timestamptz))
         limit $3 for update skip locked)
    delete from replicas r using old where r.replica_id = old.replica_id
"""
DELETE_KEYS = """
    with old as materialized (
        select subject, key from idempotency_keys
         where created_at <= (select greatest(clock_timestamp() - $1::interval, $2::timestamptz))
         order by created_at
         limit $3 for update skip locked)
    delete from idempotency_keys k using old where k.subject = old.subject and k.key = old.key
"""
DELETE_GAPS = """
    with old as materialized (
        select from_time from lease_gaps
         where to_time <= (select greatest(clock_timestamp() - $1::interval, $2::timestamptz))
         order by to_time
         limit $3 for update skip locked)
    delete from lease_gaps g using old where g.from_time = old.from_time
"""


class Statements(msgspec.Struct, frozen=True):
    """How to delete a batch, and how to find where the rows beyond the newest $1 begin."""

    delete: str
    beyond: str | None = None


STATEMENTS: Mapping[str, Statements] = {
    "job_executions": Statements(DELETE_EXECUTIONS, EXECUTIONS_BEYOND),
    "job_fires": Statements(DELETE_FIRES, FIRES_BEYOND),
    "job_execution_logs": Statements(DELETE_LOGS, LOGS_BEYOND),
    "job_changes": Statements(DELETE_CHANGES, CHANGES_BEYOND),
    "job_execution_stats": Statements(DELETE_STATS),
    "replicas": Statements(DELETE_REPLICAS),
    "lease_gaps": Statements(DELETE_GAPS),
    "idempotency_keys": Statements(DELETE_KEYS),
}


class PruningStore:
    """Deletes from the tables of STATEMENTS; every method raises DatabaseUnavailable when nothing answers.

    The database should allow a minute a statement: finding where ten million rows end takes seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beyond(self, table: str, retention: Retention) -> Any:
        """Return where the rows beyond the number that is kept begin, None if there are none."""
        find = STATEMENTS[table].beyond
        if find is None or retention.rows is None:
            return None
        async with self._database.connection() as connection:
            if await connection.fetchval(ESTIMATE, table) <= retention.rows:
                return None
            return await connection.fetchval(find, retention.rows)

    async def delete(self, table: str, age: timedelta, beyond: Any, limit: int) -> int:
        """Delete up to `limit` of the oldest rows that are older than `age` or `beyond`; returns how many."""
        async with self._database.connection() as connection:
            status = await connection.execute(STATEMENTS[table].delete, age, beyond, limit)
        return int(status.rpartition(" ")[2])
