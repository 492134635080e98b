"""Asking for an execution outside the schedule; the rules are those of the schema's `request_execution`."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg

from service.database.pool import Database
from service.domain.errors import (
    DatabaseUnavailable,
    JobAlreadyRunning,
    JobBeingEdited,
    JobDisabled,
    JobNotFound,
    NoLiveHandler,
)
from service.domain.execution import TriggeredBy

LOCK_TIMEOUT = "select set_config('lock_timeout', '1s', true)"
REQUEST = "select verdict, execution_id, handler from request_execution($1, $2, $3, $4, $5)"
# Never in the request's transaction: a commit that notifies holds a lock of the whole database over an fsync.
ANNOUNCE = """
    select pg_notify('cronsole_events', '{"type":"queued"}')
"""
# It waits for what runs, which is to be cancelled where the job's overlap policy is REPLACE.
ANNOUNCE_WAITING = """
    select pg_notify('cronsole_events', '{"type":"cancel"}')
"""


class TriggerStore:
    """Manual triggers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request_execution(
        self, job_id: str, execution_id: UUID, params: dict[str, Any], requested_by: str
    ) -> None:
        """Queue an execution of the job, with `params` laid over the job's own, and tell the replicas.

        A repeat with the same `execution_id` finds what the first call did.

        Raises:
            JobNotFound: there is no job of this id.
            JobDisabled: the job is disabled.
            JobAlreadyRunning: its overlap policy allows no further execution now.
            NoLiveHandler: no live replica knows its handler.
            JobBeingEdited: somebody keeps its row in an open transaction.
            DatabaseUnavailable: no answer in time; the execution may be queued or not.
        """
        try:
            async with self._database.transaction() as connection:
                await connection.execute(LOCK_TIMEOUT)
                answer = await connection.fetchrow(
                    REQUEST, job_id, execution_id, params, TriggeredBy.MANUAL.value, requested_by
                )
        except asyncpg.LockNotAvailableError as fault:
            raise JobBeingEdited(
                job_id, f"somebody is changing job {job_id!r} in an open transaction"
            ) from fault
        assert answer is not None
        refuse(job_id, answer)
        # The execution is queued: a lost announcement only means that the replicas' slow poll finds it.
        with suppress(DatabaseUnavailable):
            async with self._database.connection() as connection:
                await connection.execute(ANNOUNCE)
                if answer["verdict"] == "WAITING":
                    await connection.execute(ANNOUNCE_WAITING)


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
