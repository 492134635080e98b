"""The service as it is deployed: processes, signals, crashes, and a database that comes and goes."""

import asyncio
import signal
from collections.abc import AsyncIterator
from itertools import pairwise

import asyncpg
import pytest

from tests.support.process_fleet import LEASE_SECONDS, SECOND, Fleet, process_fleet, until
from tests.support.processes import (
    Forwarder,
    command,
    free_port,
)


@pytest.fixture
async def fleet(database_url: str) -> AsyncIterator[Fleet]:
    async with process_fleet(database_url) as fleet:
        yield fleet


async def test_a_replica_starts_runs_what_is_triggered_and_leaves(fleet):
    """A trigger over HTTP comes to SUCCESS, its log lines name their logger, SIGTERM ends it with 0."""
    await fleet.add("A")
    replica = await fleet.start()
    status, body = await replica.call("POST", "/v1/console/jobs/A/trigger")
    assert (status, body["status"]) == (200, "RUNNING")
    success = await replica.wait_for("execution_success", execution_id=body["executionId"])
    line = await replica.wait_for("nothing_done", job_id="A", execution_id=body["executionId"])
    assert (success["severity"], line["logger"]) == ("INFO", "cronsole.run")
    [execution] = await fleet.executions("A")
    assert execution["status"] == "SUCCESS"
    replica.send(signal.SIGTERM)
    assert await replica.ended(within=3) == 0
    await replica.wait_for("replica_stopped")
    assert await fleet.sql.fetchval("select count(*) from replicas") == 0


async def test_a_replica_with_runs_that_do_not_end_leaves_within_eight_seconds(fleet):
    """RETRY goes back to the queue, FAIL ends as LOST, and nothing stuck holds the process up."""
    jobs = {
        "ENDLESS_RETRY": ("test.endless", "RETRY"),
        "THREAD_RETRY": ("test.stuck_thread", "RETRY"),
        "ENDLESS": ("test.endless", "FAIL"),
        "THREAD": ("test.stuck_thread", "FAIL"),
        "STUBBORN": ("test.stubborn", "FAIL"),
        "EXECUTOR": ("test.stuck_executor", "FAIL"),
    }
    for job_id, (handler, on_lost) in jobs.items():
        await fleet.add(job_id, handler, on_lost=on_lost)
    replica = await fleet.start()
    for job_id in jobs:
        await fleet.sql.execute("select trigger_job($1)", job_id)
        await replica.wait_for("execution_started", job_id=job_id)
    replica.send(signal.SIGTERM)
    assert await replica.ended(within=8) == 0
    for job_id, (_, on_lost) in jobs.items():
        [execution] = await fleet.executions(job_id)
        if on_lost == "RETRY":
            assert (execution["status"], execution["attempt"]) == ("QUEUED", 1), job_id
        else:
            assert execution["status"] == "LOST", job_id
            assert "interrupted by shutdown" in execution["error_details"], job_id
    assert await fleet.sql.fetchval("select count(*) from replicas") == 0
    ended = await replica.wait_for("drain_ended")
    assert (ended["given_back"], ended["left_behind"]) == (2, 3)


async def test_what_a_leaving_replica_gives_back_another_one_resumes(fleet):
    """From its checkpoint, and under the same attempt."""
    await fleet.add("PAGES", "test.pages", on_lost="RETRY")
    first = await fleet.start()
    await fleet.sql.execute("select trigger_job('PAGES')")
    await first.wait_for("checkpoint_stored")
    second = await fleet.start()
    first.send(signal.SIGTERM)
    found = await second.wait_for("checkpoint_found", job_id="PAGES", within=8)
    assert (found["page"], found["attempt"]) == (3, 1)
    await second.wait_for("execution_success", job_id="PAGES")
    assert await first.ended(within=8) == 0
    [execution] = await fleet.executions("PAGES")
    assert (execution["status"], execution["fencing_number"]) == ("SUCCESS", 2)


async def test_two_replicas_fire_each_second_once_while_all_their_connections_are_killed(fleet):
    """Twenty jobs of every second: none lost, none double, and back within two seconds."""
    await asyncio.gather(*[fleet.start() for _ in range(2)])
    job_ids = [f"J{number}" for number in range(20)]
    for job_id in job_ids:
        await fleet.add(job_id, cron="* * * * * *", overlap_policy="ALLOW")
    have_fired = "select count(*) = $1 from (select from job_fires group by job_id having count(*) >= $2) j"
    for times in (2, 4):
        await until(fleet.sql, have_fired, len(job_ids), times)
        assert await fleet.kill_connections() >= 6
    await until(fleet.sql, have_fired, len(job_ids), 7)
    late = []
    for job_id in job_ids:
        query = """
            select f.fire_time, f.outcome, x.start_time, x.status
              from job_fires f left join job_executions x on x.execution_id = f.execution_id
             where f.job_id = $1 order by f.fire_time
        """
        rows = await fleet.sql.fetch(query, job_id)
        assert len(rows) >= 5, job_id
        assert {row["outcome"] for row in rows} == {"STARTED"}, job_id
        gaps = {after["fire_time"] - before["fire_time"] for before, after in pairwise(rows)}
        assert gaps == {SECOND}, job_id
        assert len(await fleet.executions(job_id)) == len(rows), job_id
        late += [row["start_time"] - row["fire_time"] for row in rows]
    assert max(late) < 2 * SECOND
    assert await fleet.sql.fetchval("select count(*) from job_executions where status = 'LOST'") == 0


async def test_a_replica_waits_for_a_database_that_is_not_there_yet(fleet, database_url):
    """A clear line in the log, not ready meanwhile, and ready within two seconds of its answering."""
    forwarder = Forwarder(database_url, free_port())
    replica = await fleet.launch(database_url=forwarder.url)
    try:
        waiting = await replica.wait_for("waiting_for_database", within=15)
        assert waiting["error"] == "the database does not answer (ConnectionRefusedError)"
        status, body = await replica.call("GET", "/health/ready")
        assert (status, body["database"]) == (503, False)
        assert (await replica.call("GET", "/health/live"))[0] == 200
        assert (await replica.call("GET", "/v1/console/jobs"))[0] == 503
        await replica.wait_for("waiting_for_database", count=3)  # of four failures: its pauses have grown
        await forwarder.open()
        await replica.until_ready(within=2)
        assert len(replica.events.all("waiting_for_database")) < 8
    finally:
        await forwarder.close()


async def test_a_replica_leaves_in_time_without_its_database(fleet, database_url):
    """While it waits for it, and while runs are under way."""
    forwarder = Forwarder(database_url, free_port())
    waiting = await fleet.launch(database_url=forwarder.url)
    await waiting.wait_for("waiting_for_database", within=15)
    waiting.send(signal.SIGTERM)
    assert await waiting.ended(within=3) == 0
    await fleet.add("ENDLESS", "test.endless")
    await forwarder.open()
    replica = await fleet.start(database_url=forwarder.url)
    await fleet.sql.execute("select trigger_job('ENDLESS')")
    await replica.wait_for("execution_started", job_id="ENDLESS")
    await forwarder.close()
    replica.send(signal.SIGTERM)
    assert await replica.ended(within=8) == 0


async def test_a_replica_that_is_cut_off_stops_what_others_may_resume_before_its_lease_ends(
    fleet, database_url
):
    """RETRY runs stop, FAIL runs go on; back before anybody took over, it starts the stopped ones anew."""
    await fleet.add("PAGES", "test.pages", on_lost="RETRY")
    await fleet.add("ENDLESS", "test.endless")
    forwarder = Forwarder(database_url, free_port())
    await forwarder.open()
    try:
        replica = await fleet.start(database_url=forwarder.url)
        for job_id, event in (("PAGES", "checkpoint_stored"), ("ENDLESS", "execution_started")):
            await fleet.sql.execute("select trigger_job($1)", job_id)
            await replica.wait_for(event, job_id=job_id)
        await forwarder.close()
        await replica.wait_for("execution_handed_over", job_id="PAGES", within=LEASE_SECONDS)
        assert await fleet.sql.fetchval("select lease_expires_at > clock_timestamp() from replicas")
        await forwarder.open()
        # A second each until the lease is renewed and until the next claim, at most.
        await replica.wait_for("execution_adopted", job_id="PAGES", within=5)
        await replica.wait_for("execution_success", job_id="PAGES")
        assert [row["status"] for row in await fleet.executions("ENDLESS")] == ["RUNNING"]
        assert replica.events.all("execution_stopped", job_id="ENDLESS") == []
    finally:
        await forwarder.close()


async def test_wrong_settings_are_told_all_at_once():
    """In the words of the environment, without a trace, with status 1."""
    wrong = {"DATABASE_URL": "mysql://x", "PORT": "http", "CRONSOLE_LEASE_SECONDS": "1", "CRONSOLE_X": "1"}
    ended = await command("serve", **wrong)
    assert ended.status == 1
    assert len(ended.errors.splitlines()) == len(wrong)
    assert all(f"{name}: " in ended.errors for name in wrong)


async def test_the_commands_tell_what_they_did_and_what_is_wrong(empty_database_url, database_url):
    """check, migrate, --help; a module of handlers and a database that are not there."""
    nowhere = f"postgresql://127.0.0.1:{free_port()}/x"
    helped, bare, missing, absent, refused = await asyncio.gather(
        command("--help"),
        command(),
        command("check", database_url=empty_database_url),
        command("check", database_url=database_url, CRONSOLE_HANDLERS="no.such.module"),
        command("migrate", database_url=nowhere),
    )
    assert helped.status == 0
    assert all(name in helped.output for name in ("serve", "migrate", "check", "psql"))
    assert bare.status == 2
    assert missing.status == 0
    assert "migrations to apply: 001_jobs.sql" in missing.output
    assert absent.status == 1
    assert "CRONSOLE_HANDLERS: no.such.module" in absent.errors
    assert (refused.status, refused.errors) == (
        1,
        "cronsole: the database does not answer (ConnectionRefusedError)\n",
    )
    first = await command("migrate", database_url=empty_database_url)
    second, checked = await asyncio.gather(
        command("migrate", database_url=empty_database_url), command("check", database_url=empty_database_url)
    )
    assert (first.status, "001_jobs.sql" in first.output) == (0, True)
    assert (second.status, second.output.splitlines()[-1]) == (0, "nothing to apply")
    assert (checked.status, checked.output.splitlines()[-1]) == (0, "database: ok")


async def test_somebody_else_s_database_is_left_alone(empty_database_url):
    """One line that says what to do, status 1, from every command; nothing is changed."""
    sql = await asyncpg.connect(empty_database_url)
    try:
        await sql.execute("create table jobs (id int)")
        for ended in await asyncio.gather(
            *(command(name, database_url=empty_database_url) for name in ("serve", "migrate", "check"))
        ):
            assert ended.status == 1
            assert ended.errors.startswith("cronsole: this database already holds a table 'jobs' of another")
            assert len(ended.errors.splitlines()) == 1
        ours = await sql.fetchval("select to_regclass('cronsole_migrations')")
        assert ours is None
    finally:
        await sql.close()
