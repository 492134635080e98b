"""One asyncio task per enabled CRON job: it sleeps until the next fire time, and asks for a decision then."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

import msgspec
import structlog

from service.domain.clock import Clock
from service.domain.cron import Schedule, parse_schedule
from service.domain.errors import InvalidInput
from service.domain.fire import Fire
from service.domain.job import Job
from service.domain.misfire import MISFIRE_AFTER, catch_up
from service.domain.plan import Plan, PlannedJob

log = structlog.get_logger(__name__)

# How many starts of caught-up fires one request may hold: these begin at once, while the claimer spreads
# requests over time, fifty starts a second.
MOST_STARTS = 5
FAULT_PAUSE_SECONDS = 1.0

Decide = Callable[[Sequence[Fire]], Awaitable[bool]]
"""Have fires of one job decided, oldest first; False if the job's row has to be read again."""


class Timer(msgspec.Struct, frozen=True):
    """The running task of a job, and the row that it was made from."""

    job: Job
    task: "asyncio.Task[None]"


class Scheduler:
    """Keeps the timers equal to the jobs that it is given.

    `decide` has fires decided; `read_again` asks for a fresh row of a job, which comes back through `apply`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        decide: Decide,
        read_again: Callable[[str], None],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._clock, self._decide, self._read_again, self._tasks = clock, decide, read_again, tasks
        self._timers: dict[str, Timer] = {}
        self._revisions: dict[str, int] = {}
        self._is_stopped = False

    @property
    def active_schedules(self) -> int:
        """How many jobs have a timer."""
        return len(self._timers)

    @property
    def revisions(self) -> dict[str, int]:
        """The revision of every job that was applied, with a timer or without."""
        return self._revisions

    def apply(self, planned_jobs: Iterable[PlannedJob], gone: Iterable[str] = ()) -> list[Plan]:
        """Make the timers equal these rows, and drop those of the jobs that are gone.

        Returns the plan of each job. A schedule that cannot be read parks its own job and hurts no other.
        """
        for job_id in gone:
            self._revisions.pop(job_id, None)
            if (timer := self._drop(job_id)) is not None:
                log.info("job_unscheduled", job_id=job_id, reason="deleted", revision=timer.job.revision)
        if self._is_stopped:
            return []
        return [self._apply_one(planned) for planned in planned_jobs]

    def _apply_one(self, planned: PlannedJob) -> Plan:
        job, before = planned.job, self._drop(planned.job.job_id)
        self._revisions[job.job_id] = job.revision
        if not job.is_scheduled or job.schedule_cron is None:
            if before is not None:
                log.info("job_unscheduled", job_id=job.job_id, reason="disabled", revision=job.revision)
            return Plan(job.job_id, job.revision, None)
        try:
            schedule = parse_schedule(job.schedule_cron, job.time_zone, job.clock_change_policy)
            next_fire_time = schedule.next_fire_time(planned.plan_from)
        except InvalidInput as fault:
            return parked(job, str(fault))
        except Exception as fault:
            # Written past the triggers, or a fault of ours: it hurts no other job.
            log.exception("schedule_unreadable", job_id=job.job_id)
            return parked(job, f"the schedule cannot be read: {type(fault).__name__}")
        if next_fire_time is None:
            return parked(job, "the schedule has no fire time in the next 50 years")
        task = self._tasks.create_task(
            self._keep_going(job, schedule, planned.plan_from, next_fire_time), name=f"timer {job.job_id}"
        )
        self._timers[job.job_id] = Timer(job, task)
        log_change(job, before, next_fire_time)
        return Plan(job.job_id, job.revision, next_fire_time)

    def _drop(self, job_id: str) -> Timer | None:
        timer = self._timers.pop(job_id, None)
        if timer is not None:
            timer.task.cancel()
        return timer

    async def _keep_going(self, job: Job, schedule: Schedule, after: datetime, fire_time: datetime) -> None:
        """Keep the time of a job; a fault that nobody foresaw delays this job, and stops no other."""
        try:
            await self._keep_time(job, schedule, after, fire_time)
        except Exception:
            log.exception("timer_failed", job_id=job.job_id)
            await self._clock.sleep(FAULT_PAUSE_SECONDS)
            self._read_again(job.job_id)

    async def _keep_time(self, job: Job, schedule: Schedule, after: datetime, fire_time: datetime) -> None:
        """Have every fire of one row of the job decided, in order; ends when the row has to be read again.

        The row was read just now, so fires that it still has to decide were missed by everybody.
        """
        if self._clock.now() - fire_time > MISFIRE_AFTER:
            for fires in portions(catch_up(job, schedule, after, self._clock.now())):
                if not await self._decide(fires):
                    await self._clock.sleep(FAULT_PAUSE_SECONDS)
                    self._read_again(job.job_id)
                    return
                after = fires[-1].fire_time
            if (later := schedule.next_fire_time(after)) is None:
                return
            fire_time = later
        upcoming: datetime | None = fire_time
        while upcoming is not None:
            following = schedule.next_fire_time(upcoming)
            await self._clock.sleep_until(upcoming)
            # Late by so much, the others may have gone on without us: look before asking for what was missed.
            is_missed = self._clock.now() - upcoming > MISFIRE_AFTER
            fire = Fire(job=job, fire_time=upcoming, following=following)
            if is_missed or not await self._decide([fire]):
                self._read_again(job.job_id)
                return
            upcoming = following

    def stop(self) -> None:
        """Cancel all timers; nothing fires here any more."""
        self._is_stopped = True
        for job_id in list(self._timers):
            self._drop(job_id)


def parked(job: Job, reason: str) -> Plan:
    """Return the plan of a job that has no timer until somebody mends its schedule."""
    log.error("job_parked", job_id=job.job_id, schedule_cron=job.schedule_cron, error=reason)
    return Plan(job.job_id, job.revision, None, reason)


def portions(fires: Sequence[Fire]) -> Iterable[Sequence[Fire]]:
    """Cut caught-up fires into requests of at most `MOST_STARTS` starts each."""
    start, starts = 0, 0
    for end, fire in enumerate(fires, 1):
        starts += fire.wants_execution
        if starts == MOST_STARTS or end == len(fires):
            yield fires[start:end]
            start, starts = end, 0


def log_change(job: Job, before: Timer | None, next_fire_time: datetime) -> None:
    """Log what a new timer means, in the sentences that operators search for."""
    facts = {"job_id": job.job_id, "schedule_cron": job.schedule_cron, "revision": job.revision}
    if before is None:
        message = f"Scheduled job: {job.job_id} with cron: {job.schedule_cron}"
        log.info("job_scheduled", message=message, next_fire_time=next_fire_time.isoformat(), **facts)
    elif before.job.planned_from != job.planned_from:
        message = f"Job {job.job_id} rescheduled with new cron: {job.schedule_cron}"
        log.info("job_rescheduled", message=message, next_fire_time=next_fire_time.isoformat(), **facts)
    elif before.job.revision != job.revision:
        log.info("job_updated", **facts)
