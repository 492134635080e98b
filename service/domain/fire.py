"""The fire: (job, fire time), what is asked about it, and the verdict that the database gives."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from service.domain.job import Job


class FireKind(StrEnum):
    """What is asked for a fire: an execution (FIRE, CATCH_UP), or only its row in the ledger."""

    FIRE = "FIRE"
    CATCH_UP = "CATCH_UP"
    COALESCED = "COALESCED"
    MISSED = "MISSED"


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """One fire to be decided; instants are UTC. `following` is the fire time after this one.

    `covers_from` and `fires_covered` stand where one fire sums many missed ones; `window_start` opens the
    window that a caught-up execution has to cover, which ends with its fire time.
    """

    job: Job
    fire_time: datetime
    following: datetime | None
    kind: FireKind = FireKind.FIRE
    reason: str | None = None
    covers_from: datetime | None = None
    fires_covered: int | None = None
    window_start: datetime | None = None

    @property
    def wants_execution(self) -> bool:
        """Whether an execution is asked for, and not only a row of the ledger."""
        return self.kind in (FireKind.FIRE, FireKind.CATCH_UP)


class Verdict(StrEnum):
    """What the database says about a fire; `schema/003_claims.sql` tells each in words."""

    RUN = "RUN"
    QUEUED = "QUEUED"
    WAITING = "WAITING"
    SKIPPED = "SKIPPED"
    PAUSED = "PAUSED"
    NO_HANDLER = "NO_HANDLER"
    RECORDED = "RECORDED"
    TAKEN = "TAKEN"
    OWN = "OWN"
    EARLY = "EARLY"
    DISABLED = "DISABLED"
    STALE = "STALE"
    UNKNOWN = "UNKNOWN"
    BUSY = "BUSY"
    BEING_EDITED = "BEING_EDITED"
    NO_LEASE = "NO_LEASE"

    @property
    def is_final(self) -> bool:
        """Whether the ledger holds the decision."""
        return self in FINAL

    @property
    def is_outdated(self) -> bool:
        """Whether the caller's row is not the database's any more, so that it has to read it again."""
        return self in OUTDATED


FINAL = frozenset(
    {
        Verdict.RUN,
        Verdict.QUEUED,
        Verdict.WAITING,
        Verdict.SKIPPED,
        Verdict.PAUSED,
        Verdict.NO_HANDLER,
        Verdict.RECORDED,
        Verdict.TAKEN,
        Verdict.OWN,
    }
)
OUTDATED = frozenset({Verdict.DISABLED, Verdict.STALE, Verdict.UNKNOWN})


class Judgement(msgspec.Struct, frozen=True):
    """The verdict on one fire; `early_by_ms` is what is left until its time by the database's clock."""

    verdict: Verdict
    early_by_ms: float | None = None


class Claim(msgspec.Struct, frozen=True):
    """A fire with the id that its execution will have; asked again under that id, the answer is the same."""

    fire: Fire
    execution_id: UUID
