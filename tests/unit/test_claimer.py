"""The claimer: one call for all that is due, every verdict handled, nothing lost with the database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import OwnedExecution, TriggeredBy
from service.domain.fire import Claim, Fire, FireKind, Judgement, Verdict
from service.execution.claimer import Claimer
from tests.support.clock import FakeClock, settle
from tests.support.jobs import MONDAY_9AM, a_job, an_execution

SECOND = timedelta(seconds=1)


def a_fire(job_id: str = "A", number: int = 0, **columns) -> Fire:
    """One fire of a job, the one at 9:00 plus that many seconds."""
    kind = columns.pop("kind", FireKind.FIRE)
    fire_time = MONDAY_9AM + number * SECOND
    return Fire(job=a_job(job_id, **columns), fire_time=fire_time, following=None, kind=kind)


class FakeClaims:
    """Stands where the database stands: notes each call, and answers as the test wants."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.calls: list[list[Claim]] = []
        self.verdicts: dict[str, list[Verdict | Judgement]] = {}
        self.faults: list[Exception] = []
        self.poison: set[str] = set()
        self.queue: list[UUID] = []
        self.take_times: list[float] = []
        self.due_in: float | None = None
        self.owned_here: dict[UUID, OwnedExecution] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.seconds_a_call = 0.0
        self.on_owned: list[Callable[[], None]] = []

    @property
    def asked(self) -> list[list[str]]:
        """The jobs of each call."""
        return [[claim.fire.job.job_id for claim in call] for call in self.calls]

    async def claim(self, claims, free_slots):
        self.calls.append(list(claims))
        await self.gate.wait()
        if self.seconds_a_call:
            self._clock.jump_to(self._clock.now() + self.seconds_a_call * SECOND)
        if self.faults:
            raise self.faults.pop(0)
        if self.poison & {claim.fire.job.job_id for claim in claims}:
            raise ValueError("cannot be encoded")
        return [self.judge(claim) for claim in claims]

    def judge(self, claim: Claim) -> Judgement:
        answers = self.verdicts.get(claim.fire.job.job_id, [])
        answer = answers.pop(0) if answers else Verdict.RUN
        judgement = answer if isinstance(answer, Judgement) else Judgement(answer)
        if judgement.verdict is Verdict.RUN:
            self.owned_here[claim.execution_id] = an_execution(execution_id=claim.execution_id)
        return judgement

    async def take(self, limit):
        self.take_times.append(self._clock.monotonic())
        taken, self.queue = self.queue[:limit], self.queue[limit:]
        self.owned_here |= {execution_id: an_execution(execution_id=execution_id) for execution_id in taken}
        return taken

    async def next_due_in(self):
        return self.due_in

    async def owned(self, execution_ids=None):
        found = list(self.owned_here.values())
        await self.gate.wait()
        if self.on_owned:
            self.on_owned.pop(0)()
        return [each for each in found if execution_ids is None or each.execution_id in execution_ids]


class FakeRunner:
    """Stands where the runner stands; nothing ends unless the test ends it."""

    def __init__(self) -> None:
        self.free_slots = 50
        self.running: list[OwnedExecution] = []
        self.started: list[UUID] = []

    def start(self, execution):
        self.started.append(execution.execution_id)
        self.running.append(execution)


class Desk:
    """A claimer with everything around it."""

    def __init__(self) -> None:
        self.clock = FakeClock(MONDAY_9AM)
        self.claims = FakeClaims(self.clock)
        self.runner = FakeRunner()
        self.announced = self.replaced = 0
        self.claimer = Claimer(self.clock, self.claims, self.runner, self.announce, self.replace)
        self.tasks = asyncio.TaskGroup()

    def announce(self) -> None:
        self.announced += 1

    def replace(self) -> None:
        self.replaced += 1

    def ask(self, *fires: Fire) -> asyncio.Task[bool]:
        return self.tasks.create_task(self.claimer.decide(fires))

    async def decide(self, *fires: Fire, seconds: float = 0.0) -> bool:
        """Ask, let that much time pass, and return the answer."""
        asking = self.ask(*fires)
        await settle()
        await self.clock.advance(seconds=seconds)
        assert asking.done(), "not answered yet"
        return asking.result()


@pytest.fixture
async def desk():
    desk = Desk()
    async with desk.tasks:
        loop = desk.tasks.create_task(desk.claimer.run())
        await settle()
        yield desk
        desk.claims.gate.set()
        loop.cancel()
        for request in list(desk.claimer._requests):
            request.settle(False)


async def test_all_that_is_due_in_one_turn_of_the_loop_is_one_call(desk):
    """A hundred timers, one statement."""
    for number in range(100):
        desk.ask(a_fire(f"J{number}"))
    await settle()
    assert [len(call) for call in desk.claims.calls] == [100]
    assert len(desk.runner.started) == 100


async def test_what_arrives_while_a_claim_is_in_flight_is_the_next_call(desk):
    """Gathered, not asked one by one."""
    desk.claims.gate.clear()
    desk.ask(a_fire("A"))
    await settle()
    for job_id in "BCD":
        desk.ask(a_fire(job_id))
        await settle()
    desk.claims.gate.set()
    await settle()
    assert desk.claims.asked == [["A"], ["B", "C", "D"]]


async def test_many_requests_are_asked_in_calls_of_two_thousand(desk):
    """And the last call has what is left."""
    for number in range(4_001):
        desk.ask(a_fire(f"J{number}"))
    for _ in range(3):
        await settle()
    assert [len(call) for call in desk.claims.calls] == [2_000, 2_000, 1]
    assert len(desk.runner.started) == 4_001


@pytest.mark.parametrize(
    ("verdict", "is_decided", "starts"),
    [
        (Verdict.RUN, True, 1),
        (Verdict.QUEUED, True, 0),
        (Verdict.WAITING, True, 0),
        (Verdict.SKIPPED, True, 0),
        (Verdict.PAUSED, True, 0),
        (Verdict.NO_HANDLER, True, 0),
        (Verdict.RECORDED, True, 0),
        (Verdict.TAKEN, True, 0),
        (Verdict.DISABLED, False, 0),
        (Verdict.STALE, False, 0),
        (Verdict.UNKNOWN, False, 0),
    ],
)
async def test_a_verdict_that_ends_the_matter_is_answered_at_once(desk, verdict, is_decided, starts):
    """True when the ledger holds the decision, False when the row has to be read again."""
    desk.claims.verdicts["A"] = [verdict]
    assert await desk.decide(a_fire()) is is_decided
    assert len(desk.runner.started) == starts
    assert len(desk.claims.calls) == 1
    assert desk.announced == (verdict is Verdict.QUEUED)


async def test_a_won_execution_carries_what_the_row_says(desk):
    """Parameters, time limit and policy of the row that the database checked."""
    await desk.decide(a_fire(params={"n": 1}, timeout_seconds=9, on_lost="RETRY"))
    [execution] = desk.runner.running
    assert (execution.params, execution.timeout_seconds, execution.on_lost) == ({"n": 1}, 9, "RETRY")
    assert (execution.fencing_number, execution.triggered_by) == (1, TriggeredBy.SCHEDULE)


@pytest.mark.parametrize("verdict", [Verdict.BUSY, Verdict.BEING_EDITED, Verdict.NO_LEASE])
async def test_an_undecided_fire_is_asked_again_within_milliseconds_under_the_same_id(desk, verdict):
    """While the rest of the batch is already running."""
    desk.claims.verdicts["A"] = [verdict] * 3
    asking, other = desk.ask(a_fire("A")), desk.ask(a_fire("B"))
    await settle()
    assert other.done()
    assert len(desk.runner.started) == 1
    await desk.clock.advance(milliseconds=40)
    assert asking.result() is True
    assert desk.claims.asked == [["A", "B"], ["A"], ["A"], ["A"]]
    assert len({call[0].execution_id for call in desk.claims.calls}) == 1


async def test_a_fire_that_stays_undecided_is_given_up_after_five_seconds(desk):
    """Others may have gone on, or it counts as missed: its row is read again."""
    desk.claims.verdicts["A"] = [Verdict.BEING_EDITED] * 1_000
    asking = desk.ask(a_fire())
    await desk.clock.advance(seconds=5)
    assert not asking.done()
    await desk.clock.advance(seconds=0.5)
    assert asking.result() is False
    assert len(desk.claims.calls) < 40


async def test_an_early_fire_is_asked_again_at_its_time_by_the_database_s_clock(desk):
    """Not before, and not in a busy loop."""
    desk.claims.verdicts["A"] = [Judgement(Verdict.EARLY, early_by_ms=700.0)]
    asking = desk.ask(a_fire())
    await desk.clock.advance(milliseconds=699)
    assert len(desk.claims.calls) == 1
    await desk.clock.advance(milliseconds=2)
    assert asking.result() is True


async def test_only_the_undecided_fires_of_a_request_are_asked_again(desk):
    """What has its verdict is not repeated."""
    desk.claims.verdicts["A"] = [Verdict.RUN, Verdict.BUSY]
    assert await desk.decide(a_fire(number=1), a_fire(number=2), seconds=0.1) is True
    assert [len(call) for call in desk.claims.calls] == [2, 1]
    assert desk.claims.calls[1] == desk.claims.calls[0][1:]


async def test_two_requests_for_one_job_are_never_in_one_call(desk):
    """A replaced timer's request and its successor's may be about the same fire."""
    desk.ask(a_fire("A", revision=1))
    desk.ask(a_fire("A", revision=2))
    desk.ask(a_fire("B"))
    await settle()
    assert desk.claims.asked == [["A", "B"], ["A"]]


async def test_a_lost_answer_is_repeated_under_the_same_ids_and_recognised(desk):
    """The claim had been committed: OWN, confirmed, and run once."""
    desk.claims.faults = [DatabaseUnavailable("no answer")]
    desk.claims.verdicts["A"] = [Verdict.OWN]
    asking = desk.ask(a_fire())
    await settle()
    execution_id = desk.claims.calls[0][0].execution_id
    desk.claims.owned_here[execution_id] = an_execution(execution_id=execution_id)
    await desk.clock.advance(seconds=1)
    assert asking.result() is True
    assert [call[0].execution_id for call in desk.claims.calls] == [execution_id] * 2
    assert desk.runner.started == [execution_id]


async def test_an_own_fire_that_is_no_longer_owned_does_not_start(desk):
    """It was declared LOST meanwhile, or has ended."""
    desk.claims.verdicts["A"] = [Verdict.OWN]
    assert await desk.decide(a_fire()) is True
    assert desk.runner.started == []


@pytest.mark.parametrize(("seconds", "is_confirmed"), [(0.9, False), (1.1, True)])
async def test_an_answer_later_than_a_second_is_confirmed_before_work_starts(desk, seconds, is_confirmed):
    """What was won so long ago may be somebody else's by now."""
    desk.claims.seconds_a_call = seconds
    desk.claims.judge = lambda claim: Judgement(Verdict.RUN)  # and nothing is owned
    assert await desk.decide(a_fire()) is True
    assert (desk.runner.started == []) is is_confirmed


async def test_a_confirmation_that_is_itself_late_is_asked_for_again(desk):
    """A process frozen at that moment would start what was declared lost meanwhile."""

    def freeze() -> None:
        desk.clock.jump_to(desk.clock.now() + 4 * SECOND)
        desk.claims.owned_here.clear()

    desk.claims.queue = [uuid4()]
    desk.claims.on_owned = [freeze]
    desk.claimer.take_soon()
    await settle()
    assert desk.runner.started == []


async def test_after_an_outage_executions_that_are_owned_unknowingly_are_adopted(desk):
    """Their claim's answer never came, and nobody asks for them any more."""
    orphan = an_execution()
    desk.claims.owned_here[orphan.execution_id] = orphan
    desk.claims.faults = [DatabaseUnavailable("gone")]
    await desk.decide(a_fire(), seconds=1)
    assert desk.runner.started.count(orphan.execution_id) == 1


async def test_a_run_that_ends_while_the_database_is_asked_is_not_adopted_as_new(desk):
    """The answer is older than the end: it would run twice."""
    await desk.decide(a_fire())
    [execution] = desk.runner.running
    desk.claims.gate.clear()
    desk.claimer.adopt_soon()
    await settle()
    desk.runner.running.clear()  # it ends here, and its outcome is recorded
    desk.claims.gate.set()
    await settle()
    assert desk.runner.started == [execution.execution_id]


async def test_the_fires_of_an_outage_are_given_up_after_five_seconds(desk):
    """Then the timers look at the rows again, and the misfire policy decides."""
    desk.claims.faults = [DatabaseUnavailable("gone")] * 100
    asking = desk.ask(a_fire())
    await desk.clock.advance(seconds=4.5)
    assert not asking.done()
    await desk.clock.advance(seconds=2)
    assert asking.result() is False


async def test_a_fire_that_the_database_cannot_decide_holds_up_no_other(desk):
    """The batch is halved until the culprit stands alone."""
    desk.claims.poison = {"J5"}
    asking = [desk.ask(a_fire(f"J{number}")) for number in range(16)]
    await settle()
    assert [each.done() for each in asking].count(False) == 1
    assert len(desk.runner.started) == 15
    assert len(desk.claims.calls) <= 10
    await desk.clock.advance(seconds=7)
    assert asking[5].result() is False


async def test_caught_up_starts_are_spread_below_fifty_a_second(desk):
    """Three requests of forty starts each take two seconds, and delay no fire of the present."""
    fires = [[a_fire(job_id, number, kind=FireKind.CATCH_UP) for number in range(40)] for job_id in "ABC"]
    for portion in fires:
        desk.ask(*portion)
    desk.ask(a_fire("NOW"))
    await settle()
    assert [len(call) for call in desk.claims.calls] == [41]
    await desk.clock.advance(seconds=0.9)
    assert len(desk.runner.started) == 41
    await desk.clock.advance(seconds=0.2)
    assert len(desk.runner.started) == 81
    await desk.clock.advance(seconds=1)
    assert len(desk.runner.started) == 121


async def test_missed_fires_are_asked_for_in_the_order_of_their_jobs(desk):
    """Whatever the order in which the timers ask: every replica goes the same way."""
    for job_id in "CAB":
        desk.ask(a_fire(job_id, kind=FireKind.CATCH_UP))
    await desk.clock.advance(seconds=0.1)
    assert desk.claims.asked == [["A"], ["B"], ["C"]]


async def test_rows_without_a_start_pass_the_rate_limit(desk):
    """COALESCED and MISSED cost no slot."""
    for job_id in "ABC":
        desk.ask(*[a_fire(job_id, number, kind=FireKind.MISSED) for number in range(50)])
    await settle()
    assert [len(call) for call in desk.claims.calls] == [150]


async def test_queued_executions_are_looked_for_every_five_seconds(desk):
    """Hints may be lost."""
    await desk.clock.advance(seconds=12)
    assert desk.claims.take_times == pytest.approx([0, 5, 10])


async def test_a_hint_makes_it_take_at_once_and_tell_others_of_more(desk):
    """As many as there are free slots; a full catch says that there may be more."""
    desk.claims.queue = [uuid4() for _ in range(60)]
    desk.claimer.take_soon()
    await settle()
    assert len(desk.runner.started) == 50
    assert desk.announced == 1


async def test_a_new_attempt_is_taken_when_its_backoff_has_ended(desk):
    """Between two looks, because the database said how long it has to wait."""
    desk.claims.due_in = 1.5
    desk.claimer.take_soon()
    await settle()
    desk.claims.due_in = None
    await desk.clock.advance(seconds=4)
    assert desk.claims.take_times == pytest.approx([0, 0, 1.5])


async def test_a_fire_that_replaces_makes_others_cancel(desk):
    """One that waits behind what runs does not."""
    desk.claims.verdicts = {"QUEUE": [Verdict.WAITING], "REPLACE": [Verdict.WAITING]}
    await desk.decide(a_fire("QUEUE", overlap_policy="QUEUE"))
    assert desk.replaced == 0
    await desk.decide(a_fire("REPLACE", overlap_policy="REPLACE"))
    assert desk.replaced == 1


async def test_without_a_free_slot_nothing_is_taken(desk):
    """What is queued is for others, or for later."""
    desk.runner.free_slots = 0
    desk.claims.queue = [uuid4()]
    desk.claims.take_times.clear()
    desk.claimer.take_soon()
    await settle()
    assert desk.claims.take_times == []


async def test_a_won_execution_runs_although_nobody_waits_for_the_answer(desk):
    """The timer was replaced while its claim was in flight."""
    desk.claims.gate.clear()
    asking = desk.ask(a_fire())
    await settle()
    asking.cancel()
    await settle()
    desk.claims.gate.set()
    await settle()
    assert len(desk.runner.started) == 1


async def test_stopping_lets_the_claim_under_way_end_and_makes_no_other(desk):
    """What it won is started, so that draining sees it."""
    desk.claims.gate.clear()
    desk.ask(a_fire("A"))
    await settle()
    desk.claimer.stop()
    desk.ask(a_fire("B"))
    await settle()
    desk.claims.gate.set()
    await settle()
    assert desk.claims.asked == [["A"]]
    assert len(desk.runner.started) == 1


async def test_a_missed_fire_that_is_still_to_come_is_not_asked_again(desk):
    """This clock was wrong: recorded as missed when its time comes, it would never run."""
    desk.claims.verdicts["A"] = [Judgement(Verdict.EARLY, early_by_ms=60_000.0)]
    assert await desk.decide(a_fire(kind=FireKind.COALESCED)) is False
