"""Hints: what replicas tell each other by NOTIFY; the rows are the truth, for anybody can forge a hint.

What is not exactly of these shapes is no hint, so that nothing but well-formed ids gets any further.
"""

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from service.domain.execution import ExecutionStatus

JobId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}\Z")]
Revision = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class ReplicaState(StrEnum):
    JOINED = "JOINED"
    DRAINING = "DRAINING"
    LEFT = "LEFT"


class Queued(msgspec.Struct, frozen=True, tag="queued"):
    """There are executions that any replica may take."""


class Cancelling(msgspec.Struct, frozen=True, tag="cancel"):
    """There are executions that their replicas, or anybody while they are queued, shall cancel."""


class Logged(msgspec.Struct, frozen=True, tag="log", rename="camel"):
    """Runs of these jobs have new lines in their logs."""

    job_ids: list[JobId]


class Acknowledged(msgspec.Struct, frozen=True, tag="acknowledged", rename="camel"):
    """These revisions of jobs are in force on this replica."""

    replica_id: UUID
    revisions: dict[JobId, Revision]


class ExecutionChange(msgspec.Struct, frozen=True, rename="camel"):
    """An execution has another status."""

    execution_id: UUID
    job_id: JobId
    status: ExecutionStatus


class ExecutionsChanged(msgspec.Struct, frozen=True, tag="executions", rename="camel", omit_defaults=True):
    """Executions have other statuses; of many only the jobs are told, of very many only that there were."""

    executions: list[ExecutionChange] = []
    jobs: list[JobId] = []
    are_too_many: bool = False


class ReplicaChanged(msgspec.Struct, frozen=True, tag="replica", rename="camel"):
    """A replica joined, is draining, or left."""

    replica_id: UUID
    state: ReplicaState


Hint: TypeAlias = Queued | Cancelling | Logged | Acknowledged | ExecutionsChanged | ReplicaChanged


def read_hint(payload: str) -> Hint | None:
    """Return the hint that a payload is; None for anything else."""
    try:
        return msgspec.json.decode(payload, type=Hint)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def write_hint(hint: Hint) -> str:
    """Return the payload that says this."""
    return msgspec.json.encode(hint).decode()


def is_job_id(text: str) -> bool:
    """Answer whether a text could be the id of a job."""
    try:
        msgspec.convert(text, JobId)
    except msgspec.ValidationError:
        return False
    return True
