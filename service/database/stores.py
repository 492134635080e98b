"""All that the HTTP API reads and writes, over one pool."""

from typing import Self

import msgspec

from service.database.executions import ExecutionStore
from service.database.fleet import FleetStore
from service.database.history import HistoryStore
from service.database.idempotency import IdempotencyStore
from service.database.job_edits import JobEditStore
from service.database.jobs import JobStore
from service.database.ledger import LedgerStore
from service.database.pauses import PauseStore
from service.database.pool import Database
from service.database.run_logs import RunLogStore
from service.database.timeline import TimelineStore
from service.database.triggers import TriggerStore
from service.database.why import WhyStore


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """One store for each subject."""

    jobs: JobStore
    job_edits: JobEditStore
    history: HistoryStore
    executions: ExecutionStore
    triggers: TriggerStore
    ledger: LedgerStore
    timeline: TimelineStore
    fleet: FleetStore
    pauses: PauseStore
    idempotency: IdempotencyStore
    run_logs: RunLogStore
    why: WhyStore

    @classmethod
    def over(cls, database: Database) -> Self:
        """Make all of them; nothing is asked before their first use."""
        return cls(
            jobs=JobStore(database),
            job_edits=JobEditStore(database),
            history=HistoryStore(database),
            executions=ExecutionStore(database),
            triggers=TriggerStore(database),
            ledger=LedgerStore(database),
            timeline=TimelineStore(database),
            fleet=FleetStore(database),
            pauses=PauseStore(database),
            idempotency=IdempotencyStore(database),
            run_logs=RunLogStore(database),
            why=WhyStore(database),
        )
