"""A change of a row is in force on a running replica, whoever makes it, and no fire is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest

from service.database.pool import connect
from service.domain.errors import DatabaseUnavailable
from tests.support.live import LiveReplica, live_replica

SECOND = timedelta(seconds=1)
EVERY_SECOND, AT_THREE, AT_FOUR = "* * * * * *", "0 0 3 * * *", "0 0 4 * * *"
KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1"


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[LiveReplica]:
    async with live_replica(database_url) as replica:
        yield replica
        # Whatever happened, no loop fell over.
        assert replica.events.all("loop_failed") == []
        assert replica.events.all("timer_failed") == []


def assert_every_second_once(fires):
    """Each second from the first to the last has one row, and that a start."""
    assert {outcome for _, outcome in fires} == {"STARTED"}
    assert all(after - before == SECOND for (before, _), (after, _) in pairwise(fires))


async def test_an_inserted_job_is_scheduled(replica):
    """And its next fire time is on its state row for all to see."""
    await replica.add("A")
    event = await replica.events.wait_for("job_scheduled", job_id="A")
    assert event["message"] == f"Scheduled job: A with cron: {AT_THREE}"
    await replica.events.wait_for("acknowledged", job_id="A", revision=1)
    next_fire_time = await replica.value("select next_fire_time from job_state")
    assert next_fire_time.isoformat() == event["next_fire_time"]


async def test_changes_by_sql_are_in_force_one_after_the_other(replica):
    """Schedule, zone, disabled, enabled, MANUAL, deleted."""
    await replica.add("A")
    await replica.events.wait_for("job_scheduled", job_id="A")
    for change, event, fields in (
        (f"schedule_cron = '{AT_FOUR}'", "job_rescheduled", {"schedule_cron": AT_FOUR}),
        ("time_zone = 'Asia/Tokyo'", "job_rescheduled", {"revision": 3}),
        ("enabled = false", "job_unscheduled", {"reason": "disabled"}),
        ("enabled = true", "job_scheduled", {"revision": 5}),
        ("description = 'other'", "job_updated", {"revision": 6}),
        ("schedule_type = 'MANUAL', schedule_cron = null", "job_unscheduled", {"revision": 7}),
    ):
        await replica.sql.execute(f"update jobs set {change} where job_id = 'A'")
        await replica.events.wait_for(event, job_id="A", within=2, **fields)
    tokyo = replica.events.all("job_rescheduled", revision=3)[0]
    assert tokyo["next_fire_time"].endswith("19:00:00+00:00")  # 4:00 in Tokyo
    await replica.sql.execute("update jobs set schedule_type = 'CRON', schedule_cron = '0 0 5 * * *'")
    await replica.events.wait_for("job_scheduled", revision=8, within=2)
    await replica.sql.execute("delete from jobs")
    await replica.events.wait_for("job_unscheduled", job_id="A", reason="deleted", within=2)


async def test_changes_by_http_are_in_force(replica):
    """The API only writes the row."""
    await replica.add("A")
    await replica.events.wait_for("job_scheduled", job_id="A")
    assert await replica.put("/A/schedule?cron=0+0+4+*+*+*") == 200
    await replica.events.wait_for("job_rescheduled", job_id="A", schedule_cron=AT_FOUR, within=2)
    assert await replica.put("/A/enabled?enabled=false") == 200
    await replica.events.wait_for("job_unscheduled", job_id="A", reason="disabled", within=2)
    assert await replica.put("/A/enabled?enabled=true") == 200
    await replica.events.wait_for("job_scheduled", job_id="A", count=2, within=2)


async def test_a_truncate_and_a_bulk_insert_are_in_force(replica):
    """More ids than fit in a notification."""
    await replica.sql.execute(
        """
        insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
        select 'a-job-with-quite-a-long-name-' || i, 'x', 'CRON', '0 0 3 * * *', 'noop'
          from generate_series(1, 500) i
        """
    )
    await replica.events.wait_for("job_scheduled", count=500)
    await replica.sql.execute("truncate jobs")
    await replica.events.wait_for("job_unscheduled", reason="deleted", count=500)


async def test_editing_a_description_all_the_time_loses_no_fire(replica):
    """A change that does not touch what decides fires neither moves nor loses one, whenever it comes."""
    await replica.add("A", EVERY_SECOND, overlap_policy="ALLOW")
    await replica.fired("A", 1)
    for number in range(150):
        await replica.sql.execute("update jobs set description = $1", str(number))
        await asyncio.sleep(0.02)
    await replica.fired("A", 4)
    assert len(replica.events.all("job_updated")) > 50
    assert_every_second_once(await replica.fires("A"))


async def test_an_edit_left_open_delays_the_fires_of_its_job_alone(replica):
    """Those of another job start in time; those of its own are decided when it ends, none is lost."""
    await replica.add("A", EVERY_SECOND, overlap_policy="ALLOW")
    await replica.add("B", EVERY_SECOND, overlap_policy="ALLOW")
    await replica.fired("A", 1)
    async with replica.sql.transaction():
        await replica.sql.execute("update jobs set description = 'in the making' where job_id = 'A'")
        before = len(replica.events.all("execution_success", job_id="A"))
        await replica.fired("B", 3)
        assert len(replica.events.all("execution_success", job_id="A")) <= before + 1
    await replica.fired("A", 4)
    assert_every_second_once(await replica.fires("A"))
    assert_every_second_once(await replica.fires("B"))


async def test_an_edit_of_a_schedule_left_open_catches_nothing_up(replica):
    """No fire between the statement and the commit is started on either schedule."""
    await replica.add("A", AT_THREE)
    await replica.add("B", EVERY_SECOND, overlap_policy="ALLOW")
    await replica.events.wait_for("job_scheduled", job_id="A")
    async with replica.sql.transaction():
        await replica.sql.execute("update jobs set schedule_cron = $1 where job_id = 'A'", EVERY_SECOND)
        await replica.fired("B", 2)
    committed_at = await replica.value("select planned_from from jobs where job_id = 'A'")
    await replica.fired("A", 2)
    fires = await replica.fires("A")
    assert_every_second_once(fires)
    assert timedelta(0) < fires[0][0] - committed_at <= 2 * SECOND


async def test_schedules_that_cannot_be_read_park_their_jobs_alone_until_they_are_mended(replica):
    """The reason is on the state row, and other jobs fire."""
    damages = {
        "CRON": "schedule_cron = 'what is this'",
        "ZONE": "time_zone = 'Mars/Olympus'",
        "PLAN": "planned_from = 'infinity'",
        "NEVER": "schedule_cron = '0 0 0 30 2 *'",
    }
    await replica.add("GOOD", EVERY_SECOND)
    for job_id, damage in damages.items():
        await replica.add(job_id, AT_THREE)
        await replica.events.wait_for("acknowledged", job_id=job_id)
        await replica.past_the_triggers(f"update jobs set {damage}, revision = 9 where job_id = '{job_id}'")
    await replica.sql.execute("notify cronsole_jobs, '*'")
    for job_id in damages:
        await replica.events.wait_for("job_parked", job_id=job_id)
        await replica.events.wait_for("acknowledged", job_id=job_id, revision=9)
    await replica.fired("GOOD", 3)
    assert await replica.value("select count(*) from job_state where schedule_error <> ''") == len(damages)
    await replica.past_the_triggers("update jobs set planned_from = now() where job_id = 'PLAN'")
    await replica.sql.execute(
        "update jobs set schedule_cron = $1, time_zone = 'UTC' where job_id <> 'GOOD'", AT_FOUR
    )
    for job_id in damages:
        await replica.events.wait_for("acknowledged", job_id=job_id, revision=10)
    assert await replica.value("select count(*) from job_state where schedule_error is not null") == 0
    assert await replica.value("select count(*) from job_state where next_fire_time is null") == 0


async def test_a_job_that_came_past_the_triggers_fires(replica):
    """A restore or a replication writes the row alone, without its state."""
    await replica.past_the_triggers(
        """
        insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
        values ('A', 'A', 'CRON', '* * * * * *', 'noop')
        """
    )
    await replica.sql.execute("notify cronsole_jobs, '*'")
    await replica.fired("A", 2)


async def test_what_changed_while_the_listener_was_deaf_is_found_on_reconnect(replica):
    """A notification that nobody heard is lost; the rows are read anew."""
    await replica.add("A", AT_THREE)
    await replica.add("GONE", AT_THREE)
    await replica.events.wait_for("job_scheduled", count=2)
    await replica.past_the_triggers(
        "update jobs set schedule_cron = $1, revision = 2, planned_from = now() where job_id = 'A'",
        AT_FOUR,
    )
    await replica.past_the_triggers("delete from jobs where job_id = 'GONE'")
    await replica.past_the_triggers(
        """
        insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
        values ('NEW', 'New', 'CRON', '0 0 3 * * *', 'noop')
        """
    )
    await replica.sql.execute(KILL, "%listener")
    await replica.events.wait_for("listener_connected", count=2, within=2)
    await replica.events.wait_for("job_rescheduled", job_id="A", schedule_cron=AT_FOUR, within=2)
    await replica.events.wait_for("job_unscheduled", job_id="GONE", within=2)
    await replica.events.wait_for("job_scheduled", job_id="NEW", within=2)


async def test_forged_and_garbled_notifications_do_no_harm(replica):
    """A payload is a hint that anybody may send: the rows are what counts."""
    await replica.add("A", EVERY_SECOND)
    await replica.fired("A", 1)
    for payload in (
        "",
        ",",
        ",,,*,*",
        "A",
        "NO_SUCH_JOB,ANOTHER",
        "A'; drop table jobs; --",
        "🙈" * 1_000,
        "[" * 7_999,
        '{"type":"queued"}',
        '{"type":["queued"]}',
        '{"type":"queued","jobs":' + "9" * 5_000 + "}",
        "null",
        "\x01\x02",
    ):
        for channel in ("cronsole_jobs", "cronsole_events"):
            await replica.sql.execute("select pg_notify($1, $2)", channel, payload)
    await replica.add("B", EVERY_SECOND)
    await replica.fired("B", 1)
    assert len(replica.events.all("listener_connected")) == 1
    assert len(replica.events.all("job_scheduled", job_id="A")) == 1
    assert {outcome for _, outcome in await replica.fires("A")} <= {"STARTED", "SKIPPED_OVERLAP"}


async def test_a_job_of_every_second_fires_at_each_once_and_in_order(replica, record_property):
    """Five seconds of it, and how late each start was."""
    await replica.add("A", EVERY_SECOND, overlap_policy="ALLOW")
    await replica.fired("A", 5)
    assert_every_second_once(await replica.fires("A"))
    rows = await replica.sql.fetch(
        "select fire_time, start_time, status from job_executions order by start_time, execution_id"
    )
    assert [row["fire_time"] for row in rows] == sorted({row["fire_time"] for row in rows})
    late_ms = [round((row["start_time"] - row["fire_time"]) / timedelta(milliseconds=1)) for row in rows]
    record_property("late_ms", late_ms)
    print("late by, in ms:", late_ms)  # noqa: T201
    assert min(late_ms) >= 0


async def test_connections_that_are_killed_lose_no_fire(replica):
    """All of them, again and again, while a job fires every second."""
    await replica.add("A", EVERY_SECOND, overlap_policy="ALLOW")
    await replica.fired("A", 1)
    for connected in range(1, 5):
        await replica.events.wait_for("listener_connected", count=connected)
        await replica.sql.execute(KILL, "cronsole %")
    await replica.fired("A", 5)
    fires = await replica.fires("A")
    assert_every_second_once(fires)
    executions = await replica.value("select count(*) from job_executions")
    assert executions == len(fires)


async def test_a_refusal_at_the_door_is_a_database_that_is_unavailable(database_url):
    """A wrong name or password may be mended while we wait; the server's words are kept."""
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        await connect(database_url.replace("/cronsole_test_", "/no_such_"), "test")


async def test_a_job_that_is_deleted_and_inserted_anew_in_one_transaction_follows_its_new_row(replica):
    """A script that loads a table does that; the new row is not the old one, whatever their revisions are."""
    await replica.add("A", AT_THREE)
    await replica.events.wait_for("acknowledged", job_id="A")
    async with replica.sql.transaction():
        await replica.sql.execute("delete from jobs")
        await replica.add("A", EVERY_SECOND)
    await replica.fired("A", 1)
