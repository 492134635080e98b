"""The errors of the service, one small tree; `api/problems.py` maps it to HTTP once.

CronsoleError
├── InvalidInput            a named field holds what is not allowed
│   └── InvalidSchedule     the cron expression, its zone or its policy
├── JobNotFound
├── ExecutionNotFound
├── ChangeNotFound
├── StateForbids            the state of things forbids it now
│   ├── JobDisabled
│   ├── JobAlreadyRunning
│   ├── JobExists
│   ├── NoLiveHandler
│   ├── JobBeingEdited
│   ├── NothingToRevert
│   ├── ExecutionEnded
│   └── ExecutionUnfinished
├── RequestInProgress       a request under the same idempotency key is under way
├── KeyUsedOtherwise        the idempotency key belongs to another request
├── StaleRevision           somebody else changed the job in between
├── LeaseLost               this replica no longer owns the execution
├── InvalidSettings         variables of the environment that cannot be used, all at once
├── ForeignDatabase         the database belongs to another system
├── EmbeddedPostgresFailed  the Postgres that comes with us is missing, or does not start
├── MigrationRefused        an applied migration differs from its file
├── NoSymbolsTracked        a data job has nothing to load
├── AllSymbolsFailed        a data job loaded nothing, for no symbol
├── ProviderFault           a data provider could not serve one symbol
│   └── UnknownSymbol       it does not have the symbol
├── SecretUnavailable       a `${secret:NAME}` that cannot be filled in
├── StatementFailed         the statement of an `sql` job failed, or may not be run
├── RequestFailed           the request of an `http` job failed, or its answer was not the expected one
│   └── RequestRefused      its target is not allowed
└── DatabaseUnavailable     no answer in time; what was asked may or may not have happened
"""

from uuid import UUID

from service.domain.job import Job


class CronsoleError(Exception):
    """Base of every error that the service raises on purpose; its text may be shown to users."""


class InvalidInput(CronsoleError):
    """`field` holds something that is not allowed; `hint` says what is."""

    def __init__(self, field: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.field, self.message, self.hint = field, message, hint


class InvalidSchedule(InvalidInput):
    """A schedule that cannot be read, or that never fires."""


class JobNotFound(CronsoleError):
    """No row of `jobs` has this id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}")
        self.job_id = job_id


class ExecutionNotFound(CronsoleError):
    """No row of `job_executions` has this id."""

    def __init__(self, execution_id: UUID) -> None:
        super().__init__(f"there is no execution {execution_id}")
        self.execution_id = execution_id


class ChangeNotFound(CronsoleError):
    """The audit has no change of this number, or it is another job's."""

    def __init__(self, job_id: str, change_id: int) -> None:
        super().__init__(f"job {job_id!r} has no change {change_id}")
        self.job_id, self.change_id = job_id, change_id


class StateForbids(CronsoleError):
    """What was asked is well formed, but the state of the job forbids it now."""

    def __init__(self, job_id: str, message: str, blocking_execution_id: UUID | None = None) -> None:
        super().__init__(message)
        self.job_id, self.blocking_execution_id = job_id, blocking_execution_id


class JobDisabled(StateForbids):
    """The job is disabled."""


class JobAlreadyRunning(StateForbids):
    """The job has an unfinished execution, and its overlap policy allows no other."""


class JobExists(StateForbids):
    """There is a job of this id."""


class NoLiveHandler(StateForbids):
    """No live replica knows the job's handler."""


class JobBeingEdited(StateForbids):
    """Somebody holds the job's row in an open transaction."""


class NothingToRevert(StateForbids):
    """There was nothing before the change: it created the job."""


class ExecutionEnded(StateForbids):
    """The execution has ended, and only what is queued or running can be cancelled."""


class ExecutionUnfinished(StateForbids):
    """The execution has not ended, and only what has ended can be done again."""


class RequestInProgress(CronsoleError):
    """A request under the same idempotency key has not been answered yet."""

    def __init__(self, key: str) -> None:
        super().__init__(f"a request under the idempotency key {key!r} is still under way; ask again")


class KeyUsedOtherwise(CronsoleError):
    """The idempotency key came with another request before."""

    def __init__(self, key: str, call: str) -> None:
        super().__init__(f"the idempotency key {key!r} came with another request before: {call}")


class StaleRevision(CronsoleError):
    """The job is at another revision than the caller believes; `current` is the row as it now is."""

    def __init__(self, current: Job, expected: int) -> None:
        super().__init__(f"job {current.job_id!r} is at revision {current.revision}, not {expected}")
        self.current, self.expected = current, expected


class LeaseLost(CronsoleError):
    """The execution is owned by somebody else now, or closed."""

    def __init__(self, execution_id: UUID) -> None:
        super().__init__(f"execution {execution_id} is no longer owned by this replica")
        self.execution_id = execution_id


class InvalidSettings(CronsoleError):
    """The environment cannot be used; `faults` are pairs of a variable and what is wrong with it."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{variable}: {message}" for variable, message in faults))
        self.faults = faults


class ForeignDatabase(CronsoleError):
    """The database holds tables of another system under our names."""


class EmbeddedPostgresFailed(CronsoleError):
    """The embedded Postgres is not installed, or cannot be started; the text says what to do."""


class MigrationRefused(CronsoleError):
    """A migration that was applied is not the file of that number any more."""


class NoSymbolsTracked(CronsoleError):
    """No row of `symbols` is active and wants this kind of data."""

    def __init__(self, kind: str, remedy: str) -> None:
        super().__init__(f"no active symbol tracks {kind}; add one: {remedy}")


class AllSymbolsFailed(CronsoleError):
    """Every symbol of the run failed, so the run did nothing."""

    def __init__(self, count: int, example: str) -> None:
        super().__init__(f"all {count} symbols failed, the last one: {example}")
        self.count = count


class ProviderFault(CronsoleError):
    """A data provider could not serve one symbol; the others may well go on."""


class UnknownSymbol(ProviderFault):
    """The provider does not have the symbol."""

    def __init__(self, provider: str, symbol: str) -> None:
        super().__init__(f"provider {provider!r} does not know the symbol {symbol!r}")
        self.provider, self.symbol = provider, symbol


class SecretUnavailable(CronsoleError):
    """A secret that the parameters of a job name is not to be had; the text holds the name, never a value."""


class StatementFailed(CronsoleError):
    """The statement of an `sql` job failed, or is one that may not be run."""


class RequestFailed(CronsoleError):
    """The request of an `http` job failed, or its answer was not as expected; the text names the host."""


class RequestRefused(RequestFailed):
    """The target of a request, or of a redirect, is not on the list of allowed hosts and addresses."""


class DatabaseUnavailable(CronsoleError):
    """The database gave no answer in time; whether the statement took effect is unknown."""
