"""Asking for an execution outside the schedule; the rules are those of the schema's `request_execution`."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from service.database.idempotency import claim_key
from service.database.pool import Connection, Database
from service.domain.errors import (
    DatabaseUnavailable,
    ExecutionNotFound,
    ExecutionUnfinished,
    JobAlreadyRunning,
    JobBeingEdited,
    JobDisabled,
    JobNotFound,
    NoLiveHandler,
)
from service.domain.execution import TriggeredBy
from service.domain.idempotency import KeptCall, KeyedCall

LOCK_TIMEOUT = "select set_config('lock_timeout', '1s', true)"
REQUEST = "select verdict, execution_id, handler from request_execution($1, $2, $3, $4, $5)"
ENDED_EXECUTION = """
    select job_id, params, end_time is not null as has_ended
      from job_executions
     where execution_id = $1
"""
# What was asked for then, and not what the job's parameters have become.
REPEAT = """
    update job_executions x
       set params = o.params, fire_time = o.fire_time, window_start = o.window_start,
           window_end = o.window_end, first_execution_id = coalesce(o.first_execution_id, o.execution_id),
           attempt = 1 + (select max(a.attempt) from job_executions a
                           where a.execution_id = coalesce(o.first_execution_id, o.execution_id)
                              or a.first_execution_id = coalesce(o.first_execution_id, o.execution_id))
      from job_executions o
     where x.execution_id = $1 and o.execution_id = $2
"""
# In the transaction of the request: nobody sees the execution without it.
SAY = """
    update job_executions set reason = $2, window_start = $3, window_end = $4 where execution_id = $1
"""
# Never in the request's transaction: a commit that notifies holds a lock of the whole database over an fsync.
ANNOUNCE = """
    select pg_notify('cronsole_events', '{"type":"queued"}')
"""
# It waits for what runs, which is to be cancelled where the job's overlap policy is REPLACE.
ANNOUNCE_WAITING = """
    select pg_notify('cronsole_events', '{"type":"cancel"}')
"""


class TriggerStore:
    """Manual triggers, and new attempts of what has ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request_execution(
        self,
        job_id: str,
        execution_id: UUID,
        params: dict[str, Any],
        requested_by: str,
        keyed: KeyedCall | None = None,
        *,
        reason: str | None = None,
        window: tuple[datetime, datetime] | None = None,
    ) -> KeptCall | None:
        """Queue an execution of the job, with `params` laid over the job's own, and tell the replicas.

        `reason` stays on its row, and so does the `window` that the run has to cover, start and end.

        A repeat with the same `execution_id` finds what the first call did. Where an earlier request under
        the same key did it, nothing happens, and the answer is what it did.

        Raises:
            JobNotFound: there is no job of this id.
            JobDisabled: the job is disabled.
            JobAlreadyRunning: its overlap policy allows no further execution now.
            NoLiveHandler: no live replica knows its handler.
            JobBeingEdited: somebody keeps its row in an open transaction.
            KeyUsedOtherwise, RequestInProgress: as `claim_key`.
            DatabaseUnavailable: no answer in time; the execution may be queued or not.
        """
        try:
            async with self._database.transaction() as connection:
                await connection.execute(LOCK_TIMEOUT)
                if keyed and (
                    kept := await claim_key(connection, keyed, job_id=job_id, execution_id=execution_id)
                ):
                    return kept
                waits = await request(
                    connection, job_id, execution_id, params, TriggeredBy.MANUAL, requested_by
                )
                if reason is not None or window is not None:
                    await connection.execute(SAY, execution_id, reason, *(window or (None, None)))
        except asyncpg.LockNotAvailableError as fault:
            raise being_edited(job_id) from fault
        await self._announce(waits)
        return None

    async def retry_execution(
        self, ended_id: UUID, execution_id: UUID, requested_by: str, keyed: KeyedCall | None = None
    ) -> KeptCall | None:
        """Queue a new attempt of an execution that has ended, with the same parameters and window.

        Raises:
            ExecutionNotFound: there is none of the id `ended_id`.
            ExecutionUnfinished: it is queued or running.
            Otherwise as `request_execution`.
        """
        job_id = ""
        try:
            async with self._database.transaction() as connection:
                await connection.execute(LOCK_TIMEOUT)
                ended = await connection.fetchrow(ENDED_EXECUTION, ended_id)
                if ended is None:
                    raise ExecutionNotFound(ended_id)
                job_id = ended["job_id"]
                if keyed and (
                    kept := await claim_key(connection, keyed, job_id=job_id, execution_id=execution_id)
                ):
                    return kept
                if not ended["has_ended"]:
                    message = f"execution {ended_id} of job {job_id!r} has not ended"
                    raise ExecutionUnfinished(job_id, message, ended_id)
                waits = await request(connection, job_id, execution_id, {}, TriggeredBy.RETRY, requested_by)
                await connection.execute(REPEAT, execution_id, ended_id)
        except asyncpg.LockNotAvailableError as fault:
            raise being_edited(job_id) from fault
        await self._announce(waits)
        return None

    async def _announce(self, waits: bool) -> None:
        # The execution is queued: a lost announcement only means that the replicas' slow poll finds it.
        with suppress(DatabaseUnavailable):
            async with self._database.connection() as connection:
                await connection.execute(ANNOUNCE)
                if waits:
                    await connection.execute(ANNOUNCE_WAITING)


async def request(
    connection: Connection,
    job_id: str,
    execution_id: UUID,
    params: dict[str, Any],
    triggered_by: TriggeredBy,
    requested_by: str,
) -> bool:
    """Queue an execution in this transaction, as `request_execution`; whether it waits for another one."""
    answer = await connection.fetchrow(
        REQUEST, job_id, execution_id, params, triggered_by.value, requested_by
    )
    assert answer is not None
    refuse(job_id, answer)
    return bool(answer["verdict"] == "WAITING")


def being_edited(job_id: str) -> JobBeingEdited:
    """Say that somebody keeps the row of a job."""
    return JobBeingEdited(job_id, f"somebody is changing job {job_id!r} in an open transaction")


def refuse(job_id: str, answer: asyncpg.Record) -> None:
    """Raise the error of a verdict that refuses; see `TriggerStore.request_execution`."""
    match answer["verdict"]:
        case "UNKNOWN":
            raise JobNotFound(job_id)
        case "DISABLED":
            raise JobDisabled(job_id, f"job {job_id!r} is disabled")
        case "OVERLAP":
            raise JobAlreadyRunning(
                job_id, f"job {job_id!r} has an unfinished execution", answer["execution_id"]
            )
        case "NO_HANDLER":
            raise NoLiveHandler(
                job_id, f"no live replica knows the handler {answer['handler']!r} of job {job_id!r}"
            )
