"""What becomes of fires on three replicas: misfire, overlap, retry, timeout, cancel, pause, live edits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
import pytest_asyncio

from tests.support.databases import DatabaseServer
from tests.support.fleet import move_plan
from tests.support.process_fleet import SECOND, Fleet, most_at_once, process_fleet, until
from tests.support.processes import free_port
from tests.support.stalling_proxy import StallingProxy

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_SECOND, EVERY_TEN = "* * * * * *", "*/10 * * * * *"
BULK = 120


@pytest.fixture(scope="module")
def trio_url(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """The URL of the trio's database."""
    with database_server.database(migrated_template) as name:
        yield database_server.url(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy(trio_url: str) -> AsyncIterator[StallingProxy]:
    """Through which the third replica hears of changes."""
    proxy = StallingProxy(trio_url, free_port())
    await proxy.open()
    yield proxy
    await proxy.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trio(trio_url: str, proxy: StallingProxy) -> AsyncIterator[Fleet]:
    """Three replicas, started after an outage of ten minutes."""
    async with process_fleet(trio_url) as fleet:
        await miss_fires(fleet)
        settings: list[dict[str, str]] = [{}, {}, {"LISTEN_DATABASE_URL": proxy.url}]
        for each in settings:
            await fleet.launch(**each)
        await asyncio.gather(*(replica.until_ready() for replica in fleet.replicas))
        yield fleet


async def miss_fires(fleet: Fleet) -> None:
    """Insert jobs whose fires of the last minutes nobody decided."""
    allow: dict[str, Any] = {"overlap_policy": "ALLOW"}
    await fleet.add("COALESCED", cron=EVERY_TEN)
    await fleet.add("SKIPPED", cron=EVERY_TEN, misfire_policy="SKIP")
    await fleet.add("ALL", cron=EVERY_TEN, misfire_policy="ALL", **allow)
    await fleet.add("GRACE", cron=EVERY_TEN, misfire_grace_seconds=60)
    for job_id in ("COALESCED", "SKIPPED", "ALL", "GRACE"):
        await move_plan(fleet.sql, job_id, -605)
    for number in range(BULK):
        await fleet.add(f"BULK{number:03}", cron="0 0 * * * *")
        await move_plan(fleet.sql, f"BULK{number:03}", -5400)


async def test_missed_fires_are_decided_by_policy_each_once(trio):
    """COALESCE: one run with a window over all; SKIP: none; ALL: each; older than the grace: none."""
    count = "select count(*) >= $2 from job_executions where job_id = $1 and triggered_by = 'CATCH_UP'"
    for job_id, runs in (("COALESCED", 1), ("GRACE", 1), ("ALL", 60)):
        await until(trio.sql, count, job_id, runs)
    await trio.disable("COALESCED", "SKIPPED", "ALL", "GRACE")
    fires = {job_id: await trio.fires(job_id) for job_id in ("COALESCED", "SKIPPED", "ALL", "GRACE")}
    for job_id, rows in fires.items():
        assert len(rows) >= 60, job_id
        assert {b["fire_time"] - a["fire_time"] for a, b in pairwise(rows)} == {10 * SECOND}, job_id

    run = (await trio.executions("COALESCED"))[0]
    *coalesced, last = [row for row in fires["COALESCED"] if row["fire_time"] <= run["fire_time"]]
    assert (last["outcome"], last["execution_id"]) == ("STARTED", run["execution_id"])
    assert (run["triggered_by"], run["status"]) == ("CATCH_UP", "SUCCESS")
    assert (run["window_start"], run["window_end"]) == (coalesced[0]["fire_time"], last["fire_time"])
    reason = f"missed; one execution covers it, that of {last['fire_time']:%Y-%m-%dT%H:%M:%SZ}"
    assert {(row["outcome"], row["reason"]) for row in coalesced} == {("COALESCED", reason)}

    reason = "no replica could fire it in time, and the misfire policy is SKIP"
    outcomes = Counter((row["outcome"], row["reason"]) for row in fires["SKIPPED"])
    assert outcomes["MISSED", reason] >= 59
    assert len(outcomes) <= 2  # the fires since then

    assert {row["outcome"] for row in fires["ALL"]} == {"STARTED"}
    run_for = {x["execution_id"]: x["fire_time"] for x in await trio.executions("ALL")}
    assert run_for == {row["execution_id"]: row["fire_time"] for row in fires["ALL"]}

    outcomes = Counter((row["outcome"], row["reason"]) for row in fires["GRACE"])
    assert 53 <= outcomes["MISSED", "missed by more than the grace of 60 s"] <= 56
    assert outcomes["STARTED", None] >= 1


async def test_after_an_outage_at_most_fifty_start_a_second(trio):
    """Of the whole fleet, and each missed fire once."""
    of_bulk = "select count(*) >= $1 from job_executions where job_id like 'BULK%' and end_time is not null"
    await until(trio.sql, of_bulk, BULK)
    rows = await trio.sql.fetch(
        "select job_id, start_time from job_executions where triggered_by = 'CATCH_UP' order by start_time"
    )
    of_jobs = Counter(row["job_id"] for row in rows if row["job_id"].startswith("BULK"))
    assert (len(of_jobs), set(of_jobs.values())) == (BULK, {1})
    starts = [row["start_time"] for row in rows]
    most = max(sum(begin <= start < begin + SECOND for start in starts) for begin in starts)
    assert most <= 50
    await trio.sql.execute("delete from jobs where job_id like 'BULK%'")


async def test_fires_of_a_job_that_still_runs_go_by_its_overlap_policy(trio):
    """SKIP, QUEUE, ALLOW, REPLACE: a run takes longer than two seconds, and a fire comes each second."""
    policies = ("SKIP", "QUEUE", "ALLOW", "REPLACE")
    for policy in policies:
        params = {"params": '{"seconds": 2.2}', "overlap_policy": policy}
        await trio.add(policy, "test.busy", EVERY_SECOND, **params)
    await until(trio.sql, "select count(*) >= 6 from job_fires where job_id = 'ALLOW'")
    await trio.disable(*policies)
    unfinished = "select count(*) = 0 from job_executions where status in ('QUEUED', 'RUNNING')"
    await until(trio.sql, unfinished)
    fires = {policy: await trio.fires(policy) for policy in policies}
    runs = {policy: await trio.executions(policy) for policy in policies}
    for policy in policies:
        assert {b["fire_time"] - a["fire_time"] for a, b in pairwise(fires[policy])} == {SECOND}, policy
        started = {row["execution_id"] for row in fires[policy] if row["outcome"] == "STARTED"}
        assert started == {x["execution_id"] for x in runs[policy]}, policy
        refused = {row["reason"] for row in fires[policy] if row["outcome"] == "SKIPPED_OVERLAP"}
        reason = f"the job has an unfinished execution, and its overlap policy is {policy}"
        assert refused <= {reason}, policy
        assert (policy in ("SKIP", "QUEUE")) == bool(refused), policy
    assert most_at_once(runs["SKIP"]) == most_at_once(runs["QUEUE"]) == 1
    assert most_at_once(runs["ALLOW"]) == 3
    assert {x["status"] for x in runs["SKIP"] + runs["QUEUE"] + runs["ALLOW"]} == {"SUCCESS"}
    in_line = sorted(runs["QUEUE"], key=lambda x: x["start_time"])
    assert all(after["start_time"] - before["end_time"] < SECOND / 2 for before, after in pairwise(in_line))

    assert most_at_once(runs["REPLACE"]) == 1
    *replaced, last = sorted(runs["REPLACE"], key=lambda x: x["start_time"])
    assert {x["status"] for x in replaced} == {"CANCELLED"}
    assert {x["error_details"] for x in replaced} == {'["cancelled by overlap policy REPLACE"]'}
    assert last["status"] == "SUCCESS"
    assert max(x["start_time"] - x["fire_time"] for x in runs["REPLACE"]) < SECOND / 2


async def test_triggers_of_a_job_that_still_runs_go_by_its_overlap_policy(trio):
    """On whichever replica it runs, and whichever is asked; a refusal names what blocks."""
    policies = ("SKIP", "QUEUE", "ALLOW", "REPLACE")
    for policy in policies:
        await trio.add(f"BY_HAND_{policy}", "test.endless", overlap_policy=policy)
    first = {}
    for policy, replica in zip(policies, [*trio.replicas, trio.replicas[0]], strict=True):
        status, body = await replica.call("POST", f"/v1/console/jobs/BY_HAND_{policy}/trigger")
        assert status == 200
        first[policy] = body["executionId"]
    running = "select count(*) = 4 from job_executions where job_id like 'BY_HAND_%' and status = 'RUNNING'"
    await until(trio.sql, running, within=2)
    answers = {
        policy: await trio.replicas[1].call("POST", f"/v1/console/jobs/BY_HAND_{policy}/trigger")
        for policy in policies
    }
    assert {policy: status for policy, (status, _) in answers.items()} == {
        "SKIP": 409,
        "QUEUE": 200,
        "ALLOW": 200,
        "REPLACE": 200,
    }
    assert first["SKIP"] in str(answers["SKIP"][1])
    replacement = answers["REPLACE"][1]["executionId"]
    is_running = "select status = 'RUNNING' from job_executions where execution_id = $1"
    await until(trio.sql, is_running, replacement, within=2)
    before, after = await trio.executions("BY_HAND_REPLACE")
    assert (before["status"], str(before["execution_id"])) == ("CANCELLED", first["REPLACE"])
    assert after["start_time"] - after["created_at"] < SECOND / 2
    waiting = "select waiting_execution_id::text from job_state where job_id = 'BY_HAND_QUEUE'"
    assert await trio.sql.fetchval(waiting) == answers["QUEUE"][1]["executionId"]


async def test_a_run_is_cancelled_from_any_replica_and_from_psql(trio):
    """Within half a second, wherever it runs."""
    for number, cancel in enumerate([*trio.replicas, None]):
        await trio.add(f"UNWANTED{number}", "test.endless")
        await trio.trigger(f"UNWANTED{number}")
        is_running = "select execution_id from job_executions where job_id = $1 and status = 'RUNNING'"
        execution_id = await until(trio.sql, is_running, f"UNWANTED{number}", within=2)
        if cancel is None:
            await trio.sql.execute("select cancel_execution($1)", execution_id)
        else:
            status, _ = await cancel.call("POST", f"/v1/console/executions/{execution_id}/cancel")
            assert status < 300
        has_ended = "select end_time is not null from job_executions where execution_id = $1"
        await until(trio.sql, has_ended, execution_id)
        [x] = await trio.executions(f"UNWANTED{number}")
        assert x["status"] == "CANCELLED"
        assert x["end_time"] - x["cancel_requested_at"] < SECOND / 2


async def test_a_failure_is_tried_again_when_its_backoff_has_ended(trio):
    """One second after the first, two after the second; a timeout ends a run in time, and counts as one."""
    await trio.add("FAILING", "test.failing", max_attempts=3, retry_backoff_seconds=1)
    await trio.add("SLOW", "test.endless", max_attempts=2, retry_backoff_seconds=1, timeout_seconds=1)
    await trio.trigger("FAILING", "SLOW")
    ended = "select count(*) = $2 from job_executions where job_id = $1 and end_time is not null"
    await until(trio.sql, ended, "FAILING", 3)
    await until(trio.sql, ended, "SLOW", 2)
    failed, slow = await trio.executions("FAILING"), await trio.executions("SLOW")
    assert [(x["attempt"], x["status"]) for x in failed] == [(1, "FAILED"), (2, "FAILED"), (3, "FAILED")]
    assert {x["first_execution_id"] for x in failed[1:]} == {failed[0]["execution_id"]}
    assert {x["error_details"] for x in failed} == {'["RuntimeError: no luck"]'}
    for pause, (before, after) in zip((1, 2), pairwise(failed), strict=True):
        assert pause * SECOND <= after["start_time"] - before["end_time"] < (pause + 0.5) * SECOND
    assert [(x["attempt"], x["status"]) for x in slow] == [(1, "TIMEOUT"), (2, "TIMEOUT")]
    assert {x["error_details"] for x in slow} == {'["timed out after 1 s"]'}
    assert all(1000 <= x["duration_ms"] < 1500 for x in slow)


async def test_a_pause_goes_into_the_ledger_with_its_reason_and_ends_by_itself(trio):
    """Of one job, then of all; meanwhile a trigger works, and afterwards nothing is caught up."""
    await trio.add("PAUSED", cron=EVERY_SECOND)
    await trio.add("OTHER", cron=EVERY_SECOND)
    pause = "select pause_job('PAUSED', 'month end', clock_timestamp() + interval '1.5 seconds')"
    paused_until = await one_pause(trio, pause)
    await trio.trigger("PAUSED")
    has_fired_since = "select max(fire_time) > $1 from job_fires where job_id = 'PAUSED'"
    await until(trio.sql, has_fired_since, paused_until)
    of_all = "select pause_all('upgrade', clock_timestamp() + interval '1.5 seconds')"
    all_paused_until = await one_pause(trio, of_all)
    await until(
        trio.sql, "select max(fire_time) > $1 from job_fires where job_id = 'PAUSED'", all_paused_until
    )
    await trio.disable("PAUSED", "OTHER")
    fires = await trio.fires("PAUSED")
    assert {b["fire_time"] - a["fire_time"] for a, b in pairwise(fires)} == {SECOND}
    reasons = [row["reason"] for row in fires if row["outcome"] == "PAUSED"]
    assert set(reasons) == {"the job is paused: month end", "all jobs are paused: upgrade"}
    assert fires[-1]["outcome"] == "STARTED"
    of_others = {row["reason"] for row in await trio.fires("OTHER") if row["outcome"] == "PAUSED"}
    assert of_others == {"all jobs are paused: upgrade"}
    by_hand = [x for x in await trio.executions("PAUSED") if x["triggered_by"] == "SQL"]
    assert [x["status"] for x in by_hand] == ["SUCCESS"]
    assert not [x for x in await trio.executions("PAUSED") if x["triggered_by"] == "CATCH_UP"]


async def one_pause(trio: Fleet, pause: str) -> datetime:
    """Pause, and return when the pause is over by itself."""
    await trio.sql.execute(pause)
    now: datetime = await trio.sql.fetchval("select clock_timestamp()")
    return now + 1.5 * SECOND


async def test_an_edit_in_psql_is_in_force_everywhere_within_a_tenth_of_a_second(trio):
    """Then one row of evidence for each even second, and none once the job is disabled."""
    await trio.sql.execute("create table seconds (fire_time text, replica text)")
    statement = "insert into seconds values (current_setting('cronsole.fire_time'), 'x')"
    await trio.add("EVIDENCE", "sql", "0 0 3 1 1 *", params=f'{{"statement": "{statement}"}}')
    for replica in trio.replicas:
        await replica.wait_for("job_scheduled", job_id="EVIDENCE")
    delays = [await edit(trio, cron) for cron in ("0 0 4 1 1 *", "0 0 5 1 1 *", "*/2 * * * * *")]
    assert median(delays) < 0.1, delays
    await until(trio.sql, "select count(*) >= 3 from seconds")
    disabled_at: datetime = await trio.sql.fetchval(
        "update jobs set enabled = false where job_id = 'EVIDENCE' returning clock_timestamp()"
    )
    for replica in trio.replicas:
        await replica.wait_for("job_unscheduled", job_id="EVIDENCE")
    await until(trio.sql, "select clock_timestamp() > $1", disabled_at + 2.2 * SECOND)
    rows = [row["fire_time"] for row in await trio.sql.fetch("select fire_time from seconds order by 1")]
    times = [datetime.fromisoformat(text) for text in rows]
    assert all(time.second % 2 == 0 for time in times)
    assert {after - before for before, after in pairwise(times)} == {2 * SECOND}
    assert times[-1] <= disabled_at


async def edit(trio: Fleet, cron: str) -> float:
    """Change the schedule; the seconds until the last replica had said that it is in force."""
    edited_at: datetime = await trio.sql.fetchval(
        "update jobs set schedule_cron = $1 where job_id = 'EVIDENCE' returning clock_timestamp()", cron
    )
    delays = []
    for replica in trio.replicas:
        event = await replica.wait_for("job_rescheduled", job_id="EVIDENCE", schedule_cron=cron)
        delays.append(datetime.fromisoformat(event["timestamp"]) - edited_at)
    return max(delays) / timedelta(seconds=1)


async def test_a_listener_that_is_cut_silently_finds_out_and_reads_what_it_missed(trio, proxy):
    """Within five seconds; until then a fire on the old schedule starts nothing."""
    await trio.add("DISTANT", cron="0 0 3 1 1 *")
    await trio.add("IMMINENT", cron=EVERY_SECOND)
    deaf = trio.replicas[2]
    await deaf.wait_for("job_scheduled", job_id="IMMINENT")
    proxy.stall()
    edited_at: datetime = await trio.sql.fetchval(
        "update jobs set schedule_cron = '0 0 4 1 1 *' where job_id in ('DISTANT', 'IMMINENT')"
        " returning clock_timestamp()"
    )
    event = await deaf.wait_for("job_rescheduled", job_id="DISTANT", within=8)
    assert datetime.fromisoformat(event["timestamp"]) - edited_at < 5 * SECOND
    [lost] = deaf.events.all("listener_lost")
    assert lost["timestamp"] < event["timestamp"]
    assert max((row["fire_time"] for row in await trio.fires("IMMINENT")), default=edited_at) <= edited_at
