"""The demo's own proof: what the screens are to show is there."""

from tests.support.console import Console
from tests.support.process_fleet import until


async def test_the_demo_has_something_of_everything(demo: Console):
    """Every status and outcome, something running, queued, paused, overdue, disabled and unreadable."""
    statuses = {row[0] for row in await demo.sql.fetch("select distinct status from job_executions")}
    assert statuses == {"QUEUED", "RUNNING", "SUCCESS", "FAILED", "TIMEOUT", "CANCELLED", "LOST"}
    outcomes = {row[0] for row in await demo.sql.fetch("select distinct outcome from job_fires")}
    assert outcomes == {"STARTED", "SKIPPED_OVERLAP", "COALESCED", "MISSED", "PAUSED", "NO_HANDLER"}
    await until(demo.sql, "select 1 from job_overdue where job_id = 'CACHE_WARMUP'")
    await until(demo.sql, "select 1 from job_state where schedule_error is not null")
    overview = await demo.sql.fetch("select job_id, status, paused_by from job_overview")
    assert {("RISK_EOD", "RUNNING", None), ("REPORT_DASHBOARD", "PAUSED", "JOB")} < set(map(tuple, overview))
    late = await demo.sql.fetch("select job_id from job_overdue")
    assert [tuple(row) for row in late] == [("CACHE_WARMUP",)]
