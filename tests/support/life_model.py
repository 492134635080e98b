"""What the life of an execution should be, in plain Python: the schema's functions are held against it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

UNFINISHED = {"QUEUED", "RUNNING"}
FAILURES = {"FAILED", "TIMEOUT", "LOST"}


@dataclass(eq=False)
class ModelExecution:
    """A row of `job_executions`; `owner` is a replica."""

    execution_id: UUID
    job: "ModelJob" = field(repr=False)
    status: str = "QUEUED"
    owner: UUID | None = None
    fencing_number: int = 0
    attempt: int = 1
    first_execution_id: UUID | None = None
    is_to_cancel: bool = False
    is_backing_off: bool = False

    @property
    def is_takeable(self) -> bool:
        """Whether any replica may take it from the queue."""
        is_held_back = self.is_to_cancel or self.is_backing_off or self is self.job.waiting
        return self.status == "QUEUED" and not is_held_back


@dataclass(eq=False)
class ModelJob:
    """A job with its state; ended executions stay in `executions`."""

    job_id: str
    overlap_policy: str
    on_lost: str
    max_attempts: int
    backoff_seconds: int
    is_enabled: bool = True
    revision: int = 1
    executions: list[ModelExecution] = field(default_factory=list)
    waiting: ModelExecution | None = None
    outcomes: list[str] = field(default_factory=list)
    ledger: dict[datetime, tuple[str, UUID | None]] = field(default_factory=dict)

    @property
    def active(self) -> list[ModelExecution]:
        """What is unfinished, without the waiting one."""
        return [x for x in self.executions if x.status in UNFINISHED and x is not self.waiting]

    @property
    def failures_in_succession(self) -> int:
        """How many of the last outcomes are failures, back to the last success."""
        failures = 0
        for status in reversed(self.outcomes):
            if status == "SUCCESS":
                break
            failures += status in FAILURES
        return failures

    def may_start(self) -> str:
        """What the overlap policy makes of one more: RUN, WAIT, REPLACE or SKIP."""
        if self.overlap_policy == "ALLOW" or (not self.active and self.waiting is None):
            return "RUN"
        if self.waiting is not None or self.overlap_policy == "SKIP":
            return "SKIP"
        return "WAIT" if self.overlap_policy == "QUEUE" else "REPLACE"

    def admit(self, execution_id: UUID, owner: UUID | None) -> str:
        """Ask for one more, which runs at once if it may and there is an owner; what becomes of it."""
        ruling = self.may_start()
        if ruling == "SKIP":
            return "SKIP"
        if ruling == "REPLACE":
            for each in self.active:
                each.is_to_cancel = True
        execution = ModelExecution(execution_id, self)
        self.executions.append(execution)
        if ruling != "RUN":
            self.waiting = execution
            return "WAITING"
        if owner is None:
            return "QUEUED"
        execution.status, execution.owner, execution.fencing_number = "RUNNING", owner, 1
        return "RUN"

    def successor_of(self, ended: ModelExecution) -> ModelExecution | None:
        """The attempt that follows an end, if one does; its id is the database's choice."""
        is_take_over = ended.status == "LOST" and self.on_lost == "RETRY"
        is_retry = ended.status in ("FAILED", "TIMEOUT") and ended.attempt < self.max_attempts
        if not self.is_enabled or ended.is_to_cancel or not (is_take_over or is_retry):
            return None
        return ModelExecution(
            execution_id=ended.execution_id,  # until the database tells
            job=self,
            attempt=ended.attempt + is_retry,
            first_execution_id=ended.first_execution_id or ended.execution_id,
            is_backing_off=is_retry and self.backoff_seconds > 0,
        )

    def end(self, execution: ModelExecution, status: str, *, by_reaper: bool = False) -> None:
        """End an execution: its outcome, its successor, and the turn of the one that waits."""
        execution.status = status
        self.outcomes.append(status)
        follows = status in ("FAILED", "TIMEOUT") or by_reaper
        if follows and (successor := self.successor_of(execution)) is not None:
            self.executions.append(successor)
        if execution is self.waiting or not self.active:
            self.waiting = None


class Model:
    """All jobs, and which replicas live."""

    def __init__(self, jobs: list[ModelJob], replicas: list[UUID]) -> None:
        self.jobs = {job.job_id: job for job in jobs}
        self.replicas = replicas
        self.living = set(replicas)

    @property
    def executions(self) -> list[ModelExecution]:
        """Every execution there ever was."""
        return [execution for job in self.jobs.values() for execution in job.executions]

    def running_on(self, replica_id: UUID) -> list[ModelExecution]:
        """What runs under a replica's name."""
        return [x for x in self.executions if x.status == "RUNNING" and x.owner == replica_id]

    def fire(
        self, job: ModelJob, fire_time: datetime, execution_id: UUID, replica_id: UUID, free_slots: int
    ) -> str:
        """Decide a fire; the verdict."""
        if replica_id not in self.living:
            return "NO_LEASE"
        if (decided := job.ledger.get(fire_time)) is not None:
            return "OWN" if decided[1] == execution_id else "TAKEN"
        if not job.is_enabled:
            return "DISABLED"
        if job.ledger and fire_time < max(job.ledger):
            return "TAKEN"
        verdict = job.admit(execution_id, replica_id if free_slots else None)
        if verdict == "SKIP":
            job.ledger[fire_time] = ("SKIPPED_OVERLAP", None)
            return "SKIPPED"
        job.ledger[fire_time] = ("STARTED", execution_id)
        return verdict

    def request(self, job: ModelJob, execution_id: UUID) -> str:
        """Ask for an execution outside the schedule; the verdict."""
        for execution in job.executions:
            if execution.execution_id == execution_id:
                return "WAITING" if execution is job.waiting else "QUEUED"
        if not job.is_enabled:
            return "DISABLED"
        if not self.living:
            return "NO_HANDLER"
        verdict = job.admit(execution_id, None)
        return "OVERLAP" if verdict == "SKIP" else verdict

    def take(self, execution: ModelExecution, replica_id: UUID) -> None:
        """A replica has taken it from the queue."""
        execution.status, execution.owner = "RUNNING", replica_id
        execution.fencing_number += 1

    def close(self, execution: ModelExecution, status: str, replica_id: UUID, fencing_number: int) -> bool:
        """Report an outcome; whether it stands."""
        is_owner = execution.owner == replica_id and execution.fencing_number == fencing_number
        if is_owner and execution.status == "RUNNING":
            execution.job.end(execution, status)
        return is_owner and execution.status == status

    def orphans(self) -> list[ModelExecution]:
        """What dead replicas left running."""
        return [x for x in self.executions if x.status == "RUNNING" and x.owner not in self.living]
