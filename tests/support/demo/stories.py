"""Single stories of the demo: what people did, what broke, and what is going on right now."""

import json
import random
from datetime import timedelta
from typing import Any

from tests.support.demo.history import LOST, History
from tests.support.demo.jobs import JOBS, DemoJob
from tests.support.demo.rows import SECOND, Execution, id_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BY_ID = {job.job_id: job for job in JOBS}
RUNNING, RETRIED = "RISK_EOD", "CLEARING_POSITIONS"


def tell_stories(history: History) -> None:
    """Add all of them."""
    chance = random.Random("stories")
    take_over(history, chance)
    cancelled_by_somebody(history, chance)
    started_by_hand(history, chance)
    waiting_for_another_attempt(history, chance)


def begun(
    job: DemoJob, history: History, chance: random.Random, minutes_ago: float, **more: Any
) -> Execution:
    """Add an execution that began that long ago."""
    at = history.past.now - minutes_ago * MINUTE + chance.randint(0, 999) * SECOND / 1000
    started = at + chance.randint(4, 40) * SECOND / 1000
    values: dict[str, Any] = {"start_time": started, "created_at": at, "not_before": at, **more}
    run = Execution(
        execution_id=id_of(at, chance), job_id=job.job_id, job_name=job.name, handler=job.handler,
        **values,
    )  # fmt: skip
    history.executions.append(run)
    return run


def ended(run: Execution, status: str, seconds: float, error: str | None = None) -> Execution:
    """Let an execution have ended."""
    run.status, run.end_time, run.duration_ms = (
        status,
        run.start_time + seconds * SECOND,
        round(seconds * 1000),
    )
    if error is not None:
        run.error_count, run.error_details = 1, json.dumps([error])
    return run


def take_over(history: History, chance: random.Random) -> None:
    """The valuation that ada asked for was lost with its replica; another one runs it, well on its way."""
    job, past = BY_ID[RUNNING], history.past
    facts = {
        "triggered_by": "MANUAL",
        "requested_by": "ada",
        "params": '{"desk": "EQ-US", "scenarios": 2600}',
    }
    minutes = (past.now - past.crash) / MINUTE
    first = begun(job, history, chance, minutes + 21, replica_id=past.replicas[-1], **facts)
    ended(first, "LOST", 21 * 60 + 15, LOST)
    history.line(first, first.start_time + SECOND, "info", "valuation_started", desk="EQ-US")
    history.line(first, past.crash - 4 * SECOND, "info", "scenarios_done", done=870, total=2600)
    second = begun(
        job, history, chance, minutes - 0.3, status="RUNNING", replica_id=past.replicas[0], fencing_number=2,
        first_execution_id=first.execution_id, **(facts | {"triggered_by": "RETRY"}),
    )  # fmt: skip
    history.progress = (second.execution_id, 1_840, 2_600, "pricing EQ-US, scenario 1,840")
    history.line(second, second.start_time + SECOND, "info", "checkpoint_found", done=860)
    for number in range(40):
        at = second.start_time + (60 + number * 45) * SECOND
        if at < past.now:
            history.line(second, at, "info", "scenarios_done", done=860 + number * 24, total=2600)
    history.line(
        second, past.now - 20 * SECOND, "warning", "curve_extrapolated", curve="USD-SOFR", tenor="50y"
    )


def cancelled_by_somebody(history: History, chance: random.Random) -> None:
    """A report of too many years was cancelled after a while."""
    facts = {"triggered_by": "MANUAL", "requested_by": "oscar", "replica_id": history.past.replicas[0]}
    params = '{"desk": "FX", "from": "2001-01-01"}'
    run = begun(BY_ID["REPORT_ADHOC"], history, chance, 190, params=params, **facts)
    run.cancel_requested_at, run.cancel_requested_by = run.start_time + 310 * SECOND, "maria"
    ended(run, "CANCELLED", 310.4, "cancelled by maria")


def started_by_hand(history: History, chance: random.Random) -> None:
    """Two backfills, one from the console and one from psql, and a second try of the report."""
    facts = {"replica_id": history.past.replicas[1], "symbols_processed": 12, "data_points_stored": 30_240}
    job = BY_ID["PRICES_BACKFILL"]
    first = begun(job, history, chance, 60 * 29, triggered_by="MANUAL", requested_by="maria", **facts)
    ended(first, "SUCCESS", 1_860)
    second = begun(job, history, chance, 60 * 5, triggered_by="SQL", requested_by="dba_jonas", **facts)
    ended(second, "SUCCESS", 2_215)
    facts = {"triggered_by": "MANUAL", "requested_by": "oscar", "replica_id": history.past.replicas[0]}
    params = '{"desk": "FX", "from": "2026-01-01"}'
    ended(begun(BY_ID["REPORT_ADHOC"], history, chance, 150, params=params, **facts), "SUCCESS", 51.2)


def waiting_for_another_attempt(history: History, chance: random.Random) -> None:
    """The clearing house still answers 503; the next attempt waits for its time."""
    job, facts = BY_ID[RETRIED], {"requested_by": "maria", "replica_id": history.past.replicas[1]}
    first = begun(job, history, chance, 12, triggered_by="MANUAL", **facts)
    ended(first, "FAILED", 31.5, job.error)
    facts = {"requested_by": "maria", "first_execution_id": first.execution_id, "attempt": 2}
    second = begun(job, history, chance, 11, status="QUEUED", triggered_by="RETRY", **facts)
    second.fencing_number, second.not_before = 0, history.past.now + 55 * MINUTE
