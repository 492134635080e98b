"""Wins fires and queued executions for this replica: one call to the database for all that is due."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, OwnedExecution, TriggeredBy, new_execution_id
from service.domain.fire import Claim, Fire, FireKind, Judgement, Verdict
from service.domain.hint import ExecutionChange
from service.domain.misfire import MISFIRE_AFTER

log = structlog.get_logger(__name__)

MOST_FIRES_A_CALL = 5_000
# A reply this late may be about executions that were declared LOST meanwhile: look before starting them.
LATE_REPLY_SECONDS = 1.0
TAKE_POLL_SECONDS = 5.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.005, 0.25
LONGEST_PAUSE_SECONDS = 1.0
CATCH_UP_STARTS_A_SECOND = 50


class Claims(Protocol):
    """What the claimer asks of the database."""

    async def claim(self, claims: Sequence[Claim], free_slots: int) -> list[Judgement]: ...

    async def take(self, limit: int) -> list[UUID]: ...

    async def owned(self, execution_ids: Sequence[UUID] | None = None) -> list[OwnedExecution]: ...


class Slots(Protocol):
    """What the claimer asks of the runner."""

    @property
    def free_slots(self) -> int: ...

    def is_running(self, execution_id: UUID) -> bool: ...

    def start(self, execution: OwnedExecution) -> None: ...


class Request:
    """Fires of one job, oldest first, asked again under the same execution ids until each has its verdict."""

    def __init__(self, claims: list[Claim], asked_first: float) -> None:
        self.claims = claims
        self.asked_first = self.ask_at = asked_first
        self.retry_seconds = FIRST_RETRY_SECONDS
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    @property
    def catch_up_starts(self) -> int:
        """How many starts of missed fires it asks for."""
        return sum(claim.fire.kind is FireKind.CATCH_UP for claim in self.claims)

    def settle(self, is_decided: bool) -> None:
        """Answer whoever waits, if somebody still does."""
        if not self.answer.done():
            self.answer.set_result(is_decided)


class Claimer:
    """One loop per replica.

    `on_queued` is called when executions were left for any replica to take, `on_changed` for each execution
    that does not start here and now.
    """

    def __init__(
        self,
        clock: Clock,
        claims: Claims,
        runner: Slots,
        on_queued: Callable[[], None],
        on_changed: Callable[[ExecutionChange], None] = lambda _: None,
    ) -> None:
        self._clock, self._claims, self._runner, self._on_queued = clock, claims, runner, on_queued
        self._on_changed = on_changed
        self._requests: list[Request] = []
        self._wake = asyncio.Event()
        self._take_at = 0.0
        self._is_unsure = True
        self._catch_up_at = 0.0
        self._is_stopped = False

    async def decide(self, fires: Sequence[Fire]) -> bool:
        """Have the fires of one job decided; False if its row has to be read again first."""
        now = self._clock.now()
        request = Request([Claim(fire, new_execution_id(now)) for fire in fires], self._clock.monotonic())
        self._requests.append(request)
        self._wake.set()
        return await request.answer

    def take_soon(self) -> None:
        """There may be queued executions, or a slot to run one in."""
        self._take_at = 0.0
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more."""
        self._is_stopped = True

    async def run(self) -> None:
        """Claim and take, for ever; a lost database only delays it."""
        pause = 0.05
        while True:
            await self._wait()
            if self._is_stopped:
                return
            try:
                await self._turn()
                pause = 0.05
            except DatabaseUnavailable as fault:
                # What was asked may have happened: our own claims recognise themselves.
                self._is_unsure = True
                log.warning("claim_delayed", error=str(fault), requests=len(self._requests))
                self._drop_overdue()
                await self._clock.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                self._wake.set()

    async def _wait(self) -> None:
        due_at = min([self._take_at, *(request.ask_at for request in self._requests)])
        try:
            async with asyncio.timeout(max(0.0, due_at - self._clock.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _turn(self) -> None:
        if self._is_unsure:
            await self._adopt()
        now = self._clock.monotonic()
        due = self._due(now)
        if due:
            await self._ask(due)
        if now >= self._take_at:
            await self._take()

    async def _adopt(self) -> None:
        """Start what is owned here without this process knowing: answers that never came."""
        for execution in await self._claims.owned():
            if not self._runner.is_running(execution.execution_id):
                log.warning(
                    "execution_adopted", job_id=execution.job_id, execution_id=str(execution.execution_id)
                )
                self._runner.start(execution)
        self._is_unsure = False

    def _due(self, now: float) -> list[Request]:
        """Pick what to ask now: all that is due, but no more starts of missed fires than the rate allows."""
        due, fires = [], 0
        for request in self._requests:
            if request.ask_at > now or (fires and fires + len(request.claims) > MOST_FIRES_A_CALL):
                continue
            if starts := request.catch_up_starts:
                # Rate limit as a virtual clock: each start books its share of a second.
                if self._catch_up_at > now:
                    request.ask_at = self._catch_up_at
                    continue
                self._catch_up_at = max(self._catch_up_at, now) + starts / CATCH_UP_STARTS_A_SECOND
            due.append(request)
            fires += len(request.claims)
        return due

    async def _ask(self, due: Sequence[Request]) -> None:
        claims = [claim for request in due for claim in request.claims]
        asked_at = self._clock.monotonic()
        judgements = await self._claims.claim(claims, self._runner.free_slots)
        now = self._clock.monotonic()
        won = [
            claim
            for claim, judgement in zip(claims, judgements, strict=True)
            if judgement.verdict is Verdict.RUN
        ]
        doubtful = [
            claim.execution_id
            for claim, judgement in zip(claims, judgements, strict=True)
            if judgement.verdict is Verdict.OWN
        ]
        if now - asked_at > LATE_REPLY_SECONDS:
            doubtful += [claim.execution_id for claim in won]
            won = []
        for claim in won:
            self._runner.start(owned_by_claim(claim))
        rest = iter(judgements)
        for request in due:
            self._settle(request, [next(rest) for _ in request.claims], now)
        if any(judgement.verdict is Verdict.QUEUED for judgement in judgements):
            self._on_queued()
        for claim, judgement in zip(claims, judgements, strict=True):
            if judgement.verdict in (Verdict.QUEUED, Verdict.WAITING):
                job_id = claim.fire.job.job_id
                self._on_changed(ExecutionChange(claim.execution_id, job_id, ExecutionStatus.QUEUED))
        if doubtful:
            await self._start_confirmed(doubtful)

    async def _start_confirmed(self, execution_ids: Sequence[UUID]) -> None:
        """Start those of the executions that the database, asked again, says are ours to run."""
        self._is_unsure = True  # until it has answered
        for execution in await self._claims.owned(execution_ids):
            if not self._runner.is_running(execution.execution_id):
                self._runner.start(execution)
        self._is_unsure = False

    def _settle(self, request: Request, judgements: Sequence[Judgement], now: float) -> None:
        """Keep of the request what has no decision yet; answer it when nothing is left, or all is in vain."""
        open_claims = []
        for claim, judgement in zip(request.claims, judgements, strict=True):
            log.debug(
                "fire_judged",
                job_id=claim.fire.job.job_id,
                fire_time=claim.fire.fire_time.isoformat(),
                verdict=judgement.verdict,
                kind=claim.fire.kind,
            )
            if not judgement.verdict.is_final:
                open_claims.append((claim, judgement))
        if not open_claims:
            self._finish(request, is_decided=True)
        elif any(judgement.verdict.is_outdated for _, judgement in open_claims) or self._is_overdue(request):
            self._finish(request, is_decided=False)
        else:
            request.claims = [claim for claim, _ in open_claims]
            early_by_ms = min(judgement.early_by_ms or 0.0 for _, judgement in open_claims)
            request.ask_at = now + max(request.retry_seconds, early_by_ms / 1000)
            request.retry_seconds = min(request.retry_seconds * 2, LONGEST_RETRY_SECONDS)

    def _finish(self, request: Request, *, is_decided: bool) -> None:
        self._requests.remove(request)
        request.settle(is_decided)

    def _is_overdue(self, request: Request) -> bool:
        """Whether so much time went by that others may have gone on, or the fires count as missed."""
        return self._clock.monotonic() - request.asked_first > MISFIRE_AFTER.total_seconds()

    def _drop_overdue(self) -> None:
        for request in list(self._requests):
            if self._is_overdue(request):
                self._finish(request, is_decided=False)

    async def _take(self) -> None:
        self._take_at = self._clock.monotonic() + TAKE_POLL_SECONDS
        if (free_slots := self._runner.free_slots) <= 0:
            return
        self._is_unsure = True  # until the answer is here
        taken = await self._claims.take(free_slots)
        started = await self._claims.owned(taken) if taken else []
        self._is_unsure = False
        for execution in started:
            if not self._runner.is_running(execution.execution_id):
                self._runner.start(execution)
        if len(taken) == free_slots:
            self._on_queued()  # there may be more, for others


def owned_by_claim(claim: Claim) -> OwnedExecution:
    """Return the execution that a won claim made; the row of the job is the one that the database checked."""
    fire = claim.fire
    return OwnedExecution(
        execution_id=claim.execution_id,
        job_id=fire.job.job_id,
        handler=fire.job.handler,
        fencing_number=1,
        attempt=1,
        triggered_by=TriggeredBy.SCHEDULE if fire.kind is FireKind.FIRE else TriggeredBy.CATCH_UP,
        params=fire.job.params,
        timeout_seconds=fire.job.timeout_seconds,
        fire_time=fire.fire_time,
        window_start=fire.window_start,
        window_end=fire.fire_time if fire.window_start is not None else None,
    )
