"""Keeps the scheduler equal to the table: on a hint the rows it names, on (re)connect and at times all."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import structlog

from service.domain.backoff import Backoff
from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.plan import Plan, PlannedJob
from service.scheduling.scheduler import Scheduler

log = structlog.get_logger(__name__)

RECONCILE_SECONDS = 30.0
RECONCILE_SPREAD = 0.2
# What arrives within this belongs to one statement or one transaction, as a rule.
GATHER_SECONDS = 0.003


class Plans(Protocol):
    """What the reconciler reads and writes."""

    async def revisions(self) -> dict[str, int]: ...

    async def planned_jobs(self, job_ids: Sequence[str] | None = None) -> list[PlannedJob]: ...

    async def record_plans(self, plans: Sequence[Plan]) -> None: ...


class Reconciler:
    """Gathers hints and applies what the rows say; owns the order of reading, so no older row comes last."""

    def __init__(
        self,
        clock: Clock,
        plans: Plans,
        on_applied: Callable[[Sequence[Plan]], Awaitable[None]],
    ) -> None:
        self._clock, self._plans, self._on_applied = clock, plans, on_applied
        self._hinted: set[str] = set()
        self._forced: set[str] = set()
        self._all_hinted = True
        self._wake = asyncio.Event()
        self.is_initialised = asyncio.Event()

    def hint(self, job_ids: Iterable[str]) -> None:
        """These jobs may have changed; `*` stands for all."""
        for job_id in job_ids:
            if job_id == "*":
                self._all_hinted = True
            else:
                self._hinted.add(job_id)
        self._wake.set()

    def hint_all(self) -> None:
        """Any job may have changed: hints may have been lost."""
        self._all_hinted = True
        self._wake.set()

    def read_again(self, job_id: str) -> None:
        """Read and apply this job's row even if its revision is the one applied."""
        self._forced.add(job_id)
        self._wake.set()

    async def run(self, scheduler: Scheduler) -> None:
        """Apply what is hinted, for ever; a lost database only delays it."""
        backoff = Backoff()
        while True:
            await self._wait()
            try:
                await self._apply(scheduler)
                backoff.succeeded()
            except DatabaseUnavailable as fault:
                pause = backoff.failed()
                if backoff.is_worth_a_line:
                    log.warning("reconcile_delayed", error=str(fault))
                await self._clock.sleep(pause)

    async def _wait(self) -> None:
        spread = random.uniform(1 - RECONCILE_SPREAD, 1 + RECONCILE_SPREAD)
        if not await self._clock.wait_for(self._wake, RECONCILE_SECONDS * spread):
            self._all_hinted = True
        if not self._all_hinted:
            await self._clock.sleep(GATHER_SECONDS)
        self._wake.clear()

    async def _apply(self, scheduler: Scheduler) -> None:
        all_hinted, hinted, forced = self._all_hinted, self._hinted, self._forced
        self._all_hinted, self._hinted, self._forced = False, set(), set()
        try:
            applied = scheduler.revisions
            if all_hinted:
                # Compared for difference, never by a watermark: commit order is not sequence order.
                stored = await self._plans.revisions()
                differs = {job_id for job_id in stored if applied.get(job_id) != stored[job_id]}
                hinted = differs | (applied.keys() - stored.keys())
            planned = await self._plans.planned_jobs(sorted(hinted | forced)) if hinted | forced else []
        except Exception:
            self._all_hinted |= all_hinted
            self._hinted |= hinted
            self._forced |= forced
            self._wake.set()
            raise
        found = {each.job.job_id for each in planned}
        news = [
            each
            for each in planned
            if each.job.job_id in forced or applied.get(each.job.job_id) != each.job.revision
        ]
        is_first = not self.is_initialised.is_set()
        if is_first:
            count = sum(each.job.is_scheduled for each in news)
            message = f"Initializing dynamic job scheduler with {count} jobs from database"
            log.info("scheduler_initializing", message=message, jobs=len(news))
        plans = scheduler.apply(news, gone=(hinted | forced) - found)
        if is_first:
            count = scheduler.active_schedules
            message = f"Dynamic job scheduler initialized with {count} active schedules"
            log.info("scheduler_initialized", message=message, active_schedules=count)
            self.is_initialised.set()
        if plans:
            await self._record(plans)
            await self._on_applied(plans)

    async def _record(self, plans: Sequence[Plan]) -> None:
        try:
            await self._plans.record_plans(plans)
        except DatabaseUnavailable:
            # The timers are right already; only the column that people read lags behind.
            self._forced.update(plan.job_id for plan in plans)
            self._wake.set()
            raise
