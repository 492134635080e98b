"""Wins fires and queued executions for this replica: one call to the database for all that is due."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.backoff import Backoff
from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, OwnedExecution, TriggeredBy, new_execution_id
from service.domain.fire import Claim, Fire, FireKind, Judgement, Verdict
from service.domain.hint import ExecutionChange
from service.domain.job import OverlapPolicy
from service.domain.misfire import MISFIRE_AFTER

log = structlog.get_logger(__name__)

# Far from the statement timeout, which would fail all of them, and again at each repetition.
MOST_FIRES_A_CALL = 2_000
# A reply this late may be about executions that were declared LOST meanwhile: look before starting them.
LATE_REPLY_SECONDS = 1.0
# No lease ends as soon as that after its last renewal; an older confirmation may be out of date.
LONGEST_CONFIRMATION_SECONDS = 3.0
TAKE_POLL_SECONDS = 5.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.005, 0.25
REFUSED_RETRY_SECONDS = 1.0
# Of the 50 a second that are promised: the clocks and calls of several replicas never keep an even pace.
CATCH_UP_STARTS_A_SECOND = 40


class Claims(Protocol):
    """What the claimer asks of the database."""

    async def claim(self, claims: Sequence[Claim], free_slots: int) -> list[Judgement]: ...

    async def take(self, limit: int) -> list[UUID]: ...

    async def next_due_in(self) -> float | None: ...

    async def owned(self, execution_ids: Sequence[UUID] | None = None) -> list[OwnedExecution]: ...


class Slots(Protocol):
    """What the claimer asks of the runner."""

    @property
    def free_slots(self) -> int: ...

    @property
    def running(self) -> Sequence[OwnedExecution]: ...

    def start(self, execution: OwnedExecution) -> None: ...


class Request:
    """Fires of one job, oldest first, asked again under the same execution ids until each has its verdict."""

    def __init__(self, claims: list[Claim], asked_first: float) -> None:
        self.claims = claims
        self.asked_first = self.ask_at = asked_first
        self.retry_seconds = FIRST_RETRY_SECONDS
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    @property
    def job_id(self) -> str:
        """The job whose fires they are."""
        return self.claims[0].fire.job.job_id

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

    `on_queued` is called when executions were left for any replica to take, `on_replaced` when some have to
    be cancelled to make room, wherever they run, `on_changed` for each execution that does not start here
    and now.
    """

    def __init__(
        self,
        clock: Clock,
        claims: Claims,
        runner: Slots,
        on_queued: Callable[[], None],
        on_replaced: Callable[[], None],
        on_changed: Callable[[ExecutionChange], None] = lambda _: None,
    ) -> None:
        self._clock, self._claims, self._runner = clock, claims, runner
        self._on_queued, self._on_replaced, self._on_changed = on_queued, on_replaced, on_changed
        self._requests: dict[Request, None] = {}  # in the order of asking; leaving it costs nothing
        self._wake = asyncio.Event()
        self._take_at = 0.0
        self._is_unsure = True
        self._catch_up_at = 0.0
        self._is_stopped = False

    async def decide(self, fires: Sequence[Fire]) -> bool:
        """Have the fires of one job decided; False if its row has to be read again first."""
        now = self._clock.now()
        request = Request([Claim(fire, new_execution_id(now)) for fire in fires], self._clock.monotonic())
        self._requests[request] = None
        self._wake.set()
        return await request.answer

    def take_soon(self) -> None:
        """There may be queued executions, or a slot to run one in."""
        self._take_at = 0.0
        self._wake.set()

    def adopt_soon(self) -> None:
        """There may be executions that are owned here without running here."""
        self._is_unsure = True
        self.take_soon()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the call under way is answered and what it won started."""
        self._is_stopped = True
        self._wake.set()

    async def run(self) -> None:
        """Claim and take until told to stop; a lost database only delays it."""
        backoff = Backoff()
        while True:
            await self._wait()
            if self._is_stopped:
                return
            try:
                await self._turn()
                backoff.succeeded()
            except DatabaseUnavailable as fault:
                # What was asked may have happened: our own claims recognise themselves.
                self._is_unsure = True
                self._take_at = 0.0  # a hint may have been lost with it
                pause = backoff.failed()
                if backoff.is_worth_a_line:
                    log.warning("claim_delayed", error=str(fault), requests=len(self._requests))
                self._drop_overdue()
                await self._clock.sleep(pause)
                self._wake.set()

    async def _wait(self) -> None:
        due_at = min([self._take_at, *(request.ask_at for request in self._requests)])
        await self._clock.wait_for(self._wake, due_at - self._clock.monotonic())
        self._wake.clear()

    async def _turn(self) -> None:
        if self._is_unsure:
            await self._adopt()
        now = self._clock.monotonic()
        if due := self._due(now):
            await self._ask(due)
        if now >= self._take_at:
            await self._take()

    async def _adopt(self, execution_ids: Sequence[UUID] | None = None) -> None:
        """Start what the database says is ours to run, and this process does not know: all, or these."""
        self._is_unsure = True  # until it has answered
        # Looked at before asking: what ends meanwhile may still stand as RUNNING in the answer.
        known = {execution.execution_id for execution in self._runner.running}
        while True:
            asked_at = self._clock.monotonic()
            owned = await self._claims.owned(execution_ids)
            if self._clock.monotonic() - asked_at <= LONGEST_CONFIRMATION_SECONDS:
                break
        for execution in owned:
            if execution.execution_id not in known:
                if execution_ids is None:
                    log.warning(
                        "execution_adopted",
                        job_id=execution.job_id,
                        execution_id=str(execution.execution_id),
                    )
                self._runner.start(execution)
        self._is_unsure = False

    def _due(self, now: float) -> list[Request]:
        """Pick what to ask now: all that is due, but no more starts of missed fires than the rate allows.

        Of each job one request at most: a second one, of a timer that replaced the first one's, may well be
        about the same fires, and one call cannot decide a fire twice.
        """
        due, late = list[Request](), list[Request]()
        fires, jobs = 0, set[str]()
        for request in self._requests:
            if request.ask_at > now or (fires and fires + len(request.claims) > MOST_FIRES_A_CALL):
                continue
            if request.job_id in jobs:
                continue
            if request.catch_up_starts:
                late.append(request)
                continue
            due.append(request)
            jobs.add(request.job_id)
            fires += len(request.claims)
        late = [each for each in late if each.job_id not in jobs]
        if late and fires < MOST_FIRES_A_CALL and self._catch_up_at <= now:
            # In one order on all replicas: where they go through the same missed fires, the limit that the
            # first one keeps is that of the fleet.
            first = min(late, key=lambda each: each.job_id)
            late.remove(first)
            due.append(first)
            # Rate limit as a virtual clock: each start books its share of a second.
            self._catch_up_at = now + first.catch_up_starts / CATCH_UP_STARTS_A_SECOND
        for each in late:
            each.ask_at = self._catch_up_at
        return due

    async def _ask(self, due: Sequence[Request]) -> None:
        claims = [claim for request in due for claim in request.claims]
        asked_at = self._clock.monotonic()
        try:
            judgements = await self._claims.claim(claims, self._runner.free_slots)
        except DatabaseUnavailable:
            raise
        except Exception as fault:
            await self._isolate(due, fault)
            return
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
        verdicts = {judgement.verdict for judgement in judgements}
        if Verdict.QUEUED in verdicts:
            self._on_queued()
        if any(replaces(*each) for each in zip(claims, judgements, strict=True)):
            self._on_replaced()
        for claim, judgement in zip(claims, judgements, strict=True):
            if judgement.verdict in (Verdict.QUEUED, Verdict.WAITING):
                job_id = claim.fire.job.job_id
                self._on_changed(ExecutionChange(claim.execution_id, job_id, ExecutionStatus.QUEUED))
        if doubtful:
            await self._adopt(doubtful)
        if Verdict.NO_LEASE in verdicts:
            self._is_unsure = True

    async def _isolate(self, due: Sequence[Request], fault: Exception) -> None:
        """Ask again in halves what the database cannot decide together: one job holds up no other."""
        if len(due) > 1:
            middle = len(due) // 2
            await self._ask(due[:middle])
            await self._ask(due[middle:])
            return
        [request] = due
        log.error("fire_undecidable", job_id=request.job_id, error=f"{type(fault).__name__}: {fault}")
        if self._is_overdue(request):
            self._finish(request, is_decided=False)
        else:
            request.ask_at = self._clock.monotonic() + REFUSED_RETRY_SECONDS

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
        elif any(is_in_vain(*each) for each in open_claims) or self._is_overdue(request):
            self._finish(request, is_decided=False)
        else:
            request.claims = [claim for claim, _ in open_claims]
            early_by_ms = min(judgement.early_by_ms or 0.0 for _, judgement in open_claims)
            request.ask_at = now + max(request.retry_seconds, early_by_ms / 1000)
            request.retry_seconds = min(request.retry_seconds * 2, LONGEST_RETRY_SECONDS)

    def _finish(self, request: Request, *, is_decided: bool) -> None:
        self._requests.pop(request, None)
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
        self._is_unsure = False
        if taken:
            await self._adopt(taken)
        if len(taken) == free_slots:
            self._on_queued()  # there may be more, for others
        elif (seconds := await self._claims.next_due_in()) is not None:
            # A new attempt starts when its backoff has ended, and not at the next poll.
            self._take_at = min(self._take_at, self._clock.monotonic() + max(seconds, FIRST_RETRY_SECONDS))


def is_in_vain(claim: Claim, judgement: Judgement) -> bool:
    """Answer whether asking again is of no use before the row has been read again.

    A missed fire that is still to come: this clock was wrong when it was taken for missed.
    """
    is_to_come = judgement.verdict is Verdict.EARLY and claim.fire.kind is not FireKind.FIRE
    return is_to_come or judgement.verdict.is_outdated


def replaces(claim: Claim, judgement: Judgement) -> bool:
    """Answer whether the fire waits for executions that its job wants cancelled."""
    policy = claim.fire.job.overlap_policy
    return judgement.verdict is Verdict.WAITING and policy is OverlapPolicy.REPLACE


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
        on_lost=fire.job.on_lost,
    )
