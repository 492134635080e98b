"""A week of the demo's jobs: what their fires came to, and how their runs went."""

import json
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service.domain.cron import parse_schedule
from tests.support.demo.jobs import DemoJob
from tests.support.demo.rows import SECOND, Execution, Fire, LogLine, id_of

MOST_FIRES = 2_000
PAUSED, PAUSED_FOR, PAUSE_REASON = (
    "REPORT_DASHBOARD",
    timedelta(minutes=50),
    "the wall display is being moved",
)
OVERDUE, OVERDUE_FOR = "CACHE_WARMUP", timedelta(minutes=45)
WITHOUT_HANDLER = "LEGACY_EXPORT"
OVERLAP = "the job has an unfinished execution, and its overlap policy is "
NOT_IN_TIME = "no replica could fire it in time, and the misfire policy is SKIP"
LOST = "the replica that ran it stopped renewing its lease"
# Of some jobs, how the last fires but so many ended.
ENDINGS = {"DATABASE_BACKUP": {-2: "TIMEOUT", -4: "LOST"}, "BROKER_STATEMENTS": {-2: "FAILED"}}
# Of how recent a run the log is kept in the demo.
LOGGED = timedelta(hours=8)


class Past:
    """The times that shape the week: now, an outage two days ago, and the death of a replica."""

    def __init__(self, now: datetime, replicas: list[UUID]) -> None:
        self.now, self.replicas = now, replicas
        self.outage_start = now - timedelta(days=2, hours=4, minutes=13)
        self.outage_end = self.outage_start + timedelta(minutes=47)
        self.crash = now - timedelta(minutes=34)

    def kept_from_firing(self, job_id: str, fire: datetime) -> tuple[str, str] | None:
        """What a fire came to that was kept from starting by people: its outcome and the reason."""
        if job_id == PAUSED and fire > self.now - PAUSED_FOR:
            return "PAUSED", f"the job is paused: {PAUSE_REASON}"
        if job_id == WITHOUT_HANDLER and fire > self.now - timedelta(days=3):
            return "NO_HANDLER", "no live replica knows the handler 'upkeep.export'"
        return None

    def is_outage(self, instant: datetime) -> bool:
        """Whether no replica was there."""
        return self.outage_start <= instant < self.outage_end


class History:
    """Gathers executions, fires and log lines."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.executions: list[Execution] = []
        self.fires: list[Fire] = []
        self.logs: list[LogLine] = []
        self.progress: tuple[UUID, float, float, str] | None = None

    def add(self, job: DemoJob) -> None:
        """Add what became of a job's fires up to now."""
        if job.cron is None:
            return
        chance = random.Random(job.job_id)
        policy = job.columns.get("clock_change_policy", "ONCE")
        schedule = parse_schedule(job.cron, job.zone, policy)
        since = self.past.now - timedelta(days=job.days)
        until = self.past.now - (OVERDUE_FOR if job.job_id == OVERDUE else 2 * SECOND)
        fires = schedule.fire_times_between(since, until, MOST_FIRES)
        missed = [fire for fire in fires if self.past.is_outage(fire)]
        busy_until = since
        endings = {
            fires[number]: status for number, status in ENDINGS.get(job.job_id, {}).items() if len(fires) > 5
        }
        for fire in fires:
            if reason := self.past.kept_from_firing(job.job_id, fire):
                self.fire(job, fire, *reason, chance)
            elif fire in missed:
                if fire == missed[-1]:
                    self.catch_up(job, missed, chance)
            elif fire < busy_until and job.columns.get("overlap_policy", "SKIP") == "SKIP":
                self.fire(job, fire, "SKIPPED_OVERLAP", OVERLAP + "SKIP", chance)
            else:
                busy_until = self.start(job, fire, chance, endings.get(fire))

    def fire(
        self,
        job: DemoJob,
        fire: datetime,
        outcome: str,
        reason: str | None,
        chance: random.Random,
        **more: Any,
    ) -> None:
        """Add a row of the ledger."""
        values: dict[str, Any] = {
            "decided_at": fire + chance.randint(4, 40) * SECOND / 1000,
            "replica_id": chance.choice(self.past.replicas),
            **more,
        }
        self.fires.append(Fire(job_id=job.job_id, fire_time=fire, outcome=outcome, reason=reason, **values))

    def start(self, job: DemoJob, fire: datetime, chance: random.Random, ending: str | None) -> datetime:
        """Add a fire's executions, one for each attempt; returns when the last of them ended.

        `ending` is how the first one ends, where that is not left to chance.
        """
        first: Execution | None = None
        begin, attempt = fire + chance.randint(5, 60) * SECOND / 1000, 1
        while True:
            has_failed = chance.random() < (job.failing if attempt == 1 else min(job.failing, 0.5))
            run = self.run(job, begin, chance, ending or ("FAILED" if has_failed else "SUCCESS"))
            run.fire_time, run.attempt = fire, attempt
            if first is None:
                first = run
                self.fire(job, fire, "STARTED", None, chance, execution_id=run.execution_id)
            else:
                run.triggered_by, run.first_execution_id = "RETRY", first.execution_id
            assert run.end_time is not None
            if not has_failed or attempt >= job.columns.get("max_attempts", 1):
                return run.end_time
            backoff = job.columns.get("retry_backoff_seconds", 30) * 2 ** (attempt - 1)
            begin, attempt = run.end_time + backoff * SECOND, attempt + 1
            if begin > self.past.now - 60 * SECOND:
                return run.end_time

    def run(self, job: DemoJob, begin: datetime, chance: random.Random, status: str) -> Execution:
        """Add one ended execution; one that would not have ended by now ended just before."""
        length = job.seconds * chance.lognormvariate(0, 0.22)
        if status == "FAILED":
            length *= chance.uniform(0.02, 0.6)
        limit = job.columns.get("timeout_seconds", 1e9)
        if status == "TIMEOUT" or length > limit:
            status, length = "TIMEOUT", limit
        end = min(begin + length * SECOND, self.past.now - 5 * SECOND)
        begin = min(begin, end - SECOND / 10)
        share = 1.0 if status == "SUCCESS" else chance.uniform(0, 0.7)
        run = Execution(
            execution_id=id_of(begin, chance),
            job_id=job.job_id,
            job_name=job.name,
            handler=job.handler,
            start_time=begin,
            end_time=end,
            duration_ms=round((end - begin) / SECOND * 1000),
            status=status,
            symbols_processed=round(job.symbols * share),
            data_points_stored=round(job.rows * share * chance.uniform(0.92, 1.08)),
            created_at=begin,
            not_before=begin,
            replica_id=chance.choice(self.past.replicas),
            params=job.columns.get("params", "{}"),
        )
        if status == "FAILED":
            run.error_count, run.error_details = 1, json.dumps([job.error])
        elif status == "TIMEOUT":
            run.error_count, run.error_details = 1, json.dumps([f"timed out after {limit:.0f} s"])
        elif status == "LOST":
            run.error_count, run.error_details = 1, json.dumps([LOST])
        elif job.rows:
            run.result = json.dumps({"rows": run.data_points_stored, "source": job.handler})
        self.executions.append(run)
        if begin > self.past.now - LOGGED:
            self.log(run, job, chance)
        return run

    def log(self, run: Execution, job: DemoJob, chance: random.Random) -> None:
        """Add what a run said: its beginning, some steps, and its end."""
        assert run.end_time is not None
        steps = 12
        step = (run.end_time - run.start_time) / (steps + 2)
        self.line(run, run.start_time + step / 2, "info", "run_started", attempt=run.attempt)
        for number in range(1, steps + 1):
            slow = chance.random() < 0.1
            self.line(
                run, run.start_time + number * step, "warning" if slow else "info",
                "source_slow" if slow else "part_done", part=number, parts=steps,
                duration_ms=chance.randint(40, 90) * (20 if slow else 1),
            )  # fmt: skip
        if run.status == "FAILED":
            self.line(run, run.end_time - step / 4, "error", job.error)
        else:
            self.line(run, run.end_time - step / 4, "info", "run_ended", rows=run.data_points_stored)

    def line(self, run: Execution, at: datetime, level: str, message: str, **fields: Any) -> None:
        """Add one line of a log."""
        self.logs.append(
            LogLine(
                execution_id=run.execution_id, job_id=run.job_id, logged_at=at, level=level,
                logger=run.handler, message=message, fields=json.dumps(fields),
            )
        )  # fmt: skip

    def catch_up(self, job: DemoJob, missed: list[datetime], chance: random.Random) -> None:
        """Add what the job's policy made of the fires that nobody was there for."""
        at = self.past.outage_end + 1.2 * SECOND
        if job.columns.get("misfire_policy") == "SKIP":
            for fire in missed:
                self.fire(job, fire, "MISSED", NOT_IN_TIME, chance, decided_at=at)
            return
        *earlier, last = missed
        for fire in earlier:
            reason = f"missed; one execution covers it, that of {last:%Y-%m-%dT%H:%M:%SZ}"
            self.fire(job, fire, "COALESCED", reason, chance, decided_at=at)
        run = self.run(job, at, chance, "SUCCESS")
        run.triggered_by, run.fire_time = "CATCH_UP", last
        run.window_start, run.window_end = missed[0], last
        self.fire(job, last, "STARTED", None, chance, execution_id=run.execution_id, decided_at=at)
