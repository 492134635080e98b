"""What the fleet promises when replicas die, freeze or leave, and when the database crashes or is cut off.

The stories take seconds of waiting for leases to end, so they happen at the same time, each on a database of
its own; a test waits for the end of its story.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from service.database.embedded import embedded_postgres
from service.database.embedded_supervisor import running_postmaster
from service.database.migrations import migrate
from tests.support.databases import FAST_SETTINGS, DatabaseServer
from tests.support.process_fleet import LEASE_SECONDS, SECOND, Fleet, process_fleet, until
from tests.support.processes import Forwarder, ReplicaProcess, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_SECOND = "* * * * * *"
LEASE = timedelta(seconds=LEASE_SECONDS)
NOW = "select clock_timestamp()"
FIRST_FIRE = "select min(decided_at) from job_fires where decided_at > $1"
HAS_LOST = "select count(*) = $1 from job_executions where status = 'LOST'"
LONG_RUNS = """
    select job_id, fencing_number from job_executions
     where status = 'RUNNING' and job_id like 'LONG%' order by job_id
"""
EVIDENCE = "create table evidence (execution_id uuid, at timestamptz default clock_timestamp())"
CLAIM_WAITS = """
    select pid from pg_stat_activity
     where application_name like 'cronsole % claims' and wait_event_type = 'Lock'
       and datname = current_database()
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stories(
    request: pytest.FixtureRequest, database_server: DatabaseServer, migrated_template: str, run_folder: Path
) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    """Begin the stories of the tests that were chosen."""

    async def on_a_database(story: Callable[[Fleet], Awaitable[None]]) -> None:
        with database_server.database(migrated_template) as name:
            async with process_fleet(database_server.url(name)) as fleet:
                await story(fleet)

    told = {
        "test_runs_of_a_killed_replica_are_taken_over_within_the_lease_and_a_second": on_a_database(kill),
        "test_a_frozen_replica_that_wakes_up_starts_nothing_and_changes_nothing": on_a_database(freeze),
        "test_ten_long_runs_are_alive_elsewhere_within_two_seconds_of_the_exit": on_a_database(leave),
        "test_a_database_that_crashes_and_one_that_is_cut_off_cost_no_run": lose_the_database(run_folder),
    }
    chosen = {item.name for item in request.session.items}
    tasks = {}
    for name, story in told.items():
        if name in chosen:
            tasks[name] = asyncio.create_task(story, name=name)
        else:
            story.close()
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def now(fleet: Fleet) -> datetime:
    """The database's clock, which is that of the log lines too."""
    instant: datetime = await fleet.sql.fetchval(NOW)
    return instant


async def test_runs_of_a_killed_replica_are_taken_over_within_the_lease_and_a_second(stories):
    """A RETRY job goes on from its checkpoint; a FAIL job is LOST, and is never started twice."""
    await stories["test_runs_of_a_killed_replica_are_taken_over_within_the_lease_and_a_second"]


async def kill(fleet: Fleet) -> None:
    await fleet.add("RETRY", "test.pages", on_lost="RETRY")
    await fleet.add("FAIL", "test.endless", on_lost="FAIL")
    first = await fleet.start()
    await fleet.trigger("RETRY", "FAIL")
    await first.wait_for("checkpoint_stored")
    await first.wait_for("execution_started", job_id="FAIL")
    others = [await fleet.start(), await fleet.start()]
    await asyncio.sleep(LEASE_SECONDS)  # a replica reaps after it has held its own lease for so long
    first.send(signal.SIGKILL)
    killed_at = await now(fleet)
    await until(fleet.sql, HAS_LOST, 2, within=LEASE_SECONDS + 5)
    await until(fleet.sql, "select true from job_executions where job_id = 'RETRY' and status = 'SUCCESS'")
    lost, taken_over = await fleet.executions("RETRY")
    [failed] = await fleet.executions("FAIL")
    for ended in (lost, failed):
        assert ended["status"] == "LOST"
        assert ended["error_details"] == '["the replica that ran it stopped renewing its lease"]'
        assert ended["end_time"] - killed_at <= LEASE + SECOND
    assert taken_over["start_time"] - killed_at <= LEASE + SECOND
    assert (taken_over["triggered_by"], taken_over["attempt"]) == ("RETRY", 1)
    assert taken_over["first_execution_id"] == lost["execution_id"]
    found = [event for replica in others for event in replica.events.all("checkpoint_found")]
    assert [event["page"] for event in found] == [3]
    assert not [
        event for replica in others for event in replica.events.all("execution_started", job_id="FAIL")
    ]


async def test_a_frozen_replica_that_wakes_up_starts_nothing_and_changes_nothing(stories):
    """Frozen beyond its lease with two runs and a claim that it never heard the answer of."""
    await stories["test_a_frozen_replica_that_wakes_up_starts_nothing_and_changes_nothing"]


async def freeze(fleet: Fleet) -> None:
    await fleet.sql.execute(
        "create table evidence (execution_id uuid, at timestamptz default clock_timestamp())"
    )
    await fleet.add("WRITES_RETRY", "test.writing", on_lost="RETRY")
    await fleet.add("WRITES_FAIL", "test.writing", on_lost="FAIL")
    frozen = await fleet.start()
    await fleet.trigger("WRITES_RETRY", "WRITES_FAIL")
    await until(fleet.sql, "select count(distinct execution_id) = 2 from evidence")
    other = await fleet.start()
    await asyncio.sleep(LEASE_SECONDS)  # a replica reaps after it has held its own lease for so long
    before = {row["execution_id"] for row in await fleet.sql.fetch("select execution_id from job_executions")}
    claimed = await freeze_within_a_claim(fleet, frozen, other)

    await until(fleet.sql, HAS_LOST, 3, within=LEASE_SECONDS + 5)
    taken_over = await other.wait_for("execution_started", job_id="WRITES_RETRY")
    woken_at = await now(fleet)
    frozen.send(signal.SIGCONT)
    await frozen.wait_for("execution_disowned", job_id="WRITES_FAIL")
    await frozen.wait_for("execution_handed_over", job_id="WRITES_RETRY")
    await frozen.wait_for("lease_held", count=2)
    # It takes part again, and its claims have been answered.
    await fleet.add("NEXT", cron=EVERY_SECOND)
    await until(fleet.sql, "select count(*) >= 2 from job_fires where job_id = 'NEXT'")
    assert frozen.events.all("execution_started", job_id="CLAIMED") == []
    assert [x["execution_id"] for x in await fleet.executions("CLAIMED")] == [claimed]
    late = await fleet.sql.fetchval(
        "select count(*) from evidence where execution_id = any ($1) and at > $2", before, woken_at
    )
    assert late == 0
    ended = await fleet.sql.fetch("select status from job_executions where execution_id = any ($1)", before)
    assert {row["status"] for row in ended} == {"LOST"}
    assert len(await fleet.executions("WRITES_FAIL")) == 1
    running = await fleet.sql.fetchval("select execution_id from job_executions where status = 'RUNNING'")
    assert str(running) == taken_over["execution_id"]


async def freeze_within_a_claim(fleet: Fleet, frozen: ReplicaProcess, other: ReplicaProcess) -> Any:
    """Freeze a replica while the database decides its claim, which then wins; returns the execution."""
    other.send(signal.SIGSTOP)
    holder = await asyncpg.connect(fleet.database_url)
    try:
        async with holder.transaction():
            await holder.execute("lock table job_fires in exclusive mode")
            await fleet.add("CLAIMED", cron=EVERY_SECOND)
            await until(fleet.sql, CLAIM_WAITS)
            frozen.send(signal.SIGSTOP)
        claimed = await until(
            fleet.sql,
            "select execution_id from job_executions where job_id = 'CLAIMED' and status = 'RUNNING'",
        )
        await fleet.disable("CLAIMED")
    finally:
        await holder.close()
        other.send(signal.SIGCONT)
    return claimed


async def test_ten_long_runs_are_alive_elsewhere_within_two_seconds_of_the_exit(stories):
    """SIGTERM: exit with 0 within eight seconds; no attempt is used up."""
    await stories["test_ten_long_runs_are_alive_elsewhere_within_two_seconds_of_the_exit"]


async def leave(fleet: Fleet) -> None:
    job_ids = [f"LONG{number}" for number in range(10)]
    for job_id in job_ids:
        await fleet.add(job_id, "test.endless", on_lost="RETRY")
    leaving = await fleet.start()
    await fleet.trigger(*job_ids)
    await leaving.wait_for("execution_started", count=10)
    staying = await fleet.start()
    leaving.send(signal.SIGTERM)
    assert await leaving.ended(within=8) == 0
    left_at = await now(fleet)
    await staying.wait_for("execution_started", count=10, within=2)
    rows = await fleet.sql.fetch("select * from job_executions")
    assert {row["status"] for row in rows} == {"RUNNING"}
    assert {(row["attempt"], row["fencing_number"]) for row in rows} == {(1, 2)}
    assert max(row["start_time"] for row in rows) - left_at <= 2 * SECOND
    assert len(rows) == 10


async def test_a_database_that_crashes_and_one_that_is_cut_off_cost_no_run(stories):
    """Under load: back within two seconds; cut off for longer than the lease, nobody is declared dead."""
    await stories["test_a_database_that_crashes_and_one_that_is_cut_off_cost_no_run"]


async def lose_the_database(folder: Path) -> None:
    data_dir = folder / "crashing"
    data_dir.mkdir(mode=0o711)
    async with embedded_postgres(data_dir / ".data", FAST_SETTINGS) as server:
        await migrate(server.database_url)
        forwarder = Forwarder(server.database_url, free_port())
        await forwarder.open()
        try:
            async with process_fleet(server.database_url) as fleet:
                await load(fleet, forwarder.url)
                await crash(fleet, server.home / "postgres")
                await cut_off(fleet, forwarder)
        finally:
            await forwarder.close()


async def load(fleet: Fleet, url: str) -> None:
    """Three replicas, twenty jobs of every second, and a long run of each kind."""
    for number in range(20):
        await fleet.add(f"LOAD{number:02}", cron=EVERY_SECOND, overlap_policy="ALLOW", misfire_policy="ALL")
    await fleet.add("LONG_FAIL", "test.endless", on_lost="FAIL")
    await fleet.add("LONG_RETRY", "test.endless", on_lost="RETRY")
    for _ in range(3):
        await fleet.launch(database_url=url)
    await asyncio.gather(*(replica.until_ready() for replica in fleet.replicas))
    await fleet.trigger("LONG_FAIL", "LONG_RETRY")
    await until(fleet.sql, f"select count(*) = 2 from ({LONG_RUNS}) running")
    await asyncio.sleep(LEASE_SECONDS)  # whoever would reap wrongly is allowed to now


async def crash(fleet: Fleet, data: Path) -> None:
    """Kill the server at once; its supervisor starts it again."""
    server = running_postmaster(data)
    assert server is not None
    crashed_at = await now(fleet)
    os.kill(server, signal.SIGQUIT)
    await fleet.connect_again()
    back_at = await now(fleet)
    first_fire = await until(fleet.sql, FIRST_FIRE, crashed_at)
    assert first_fire - back_at <= 2 * SECOND
    await nothing_was_lost(fleet, since=crashed_at)


async def cut_off(fleet: Fleet, forwarder: Forwarder) -> None:
    """Keep all replicas from the database for longer than their leases."""
    cut_at = await now(fleet)
    await forwarder.close()
    await asyncio.sleep(LEASE_SECONDS + 2)
    assert await fleet.sql.fetchval("select max(lease_expires_at) < clock_timestamp() from replicas")
    back_at = await now(fleet)
    await forwarder.open()
    first_fire = await until(
        fleet.sql, "select min(decided_at) from job_fires where decided_at > $1", back_at
    )
    assert first_fire - back_at <= 2 * SECOND
    await asyncio.sleep(LEASE_SECONDS + 1)  # whoever would reap wrongly is allowed to now
    await nothing_was_lost(fleet, since=cut_at)


async def nothing_was_lost(fleet: Fleet, since: datetime) -> None:
    """The long runs run, under their first owners; each second of each job has its one decision."""
    at_rest = "select min(s.decided_through) > $1 from job_state s where s.job_id like 'LOAD%'"
    await until(fleet.sql, at_rest, since + 2 * SECOND)
    assert await fleet.sql.fetchval("select count(*) from job_executions where status = 'LOST'") == 0
    running = await fleet.sql.fetch(LONG_RUNS)
    assert [(row["job_id"], row["fencing_number"]) for row in running] == [
        ("LONG_FAIL", 1),
        ("LONG_RETRY", 1),
    ]
    rows = await fleet.sql.fetch("select job_id, fire_time, outcome from job_fires order by 1, 2")
    assert {row["outcome"] for row in rows} == {"STARTED"}
    for before, after in pairwise(rows):
        assert before["job_id"] != after["job_id"] or after["fire_time"] - before["fire_time"] == SECOND
