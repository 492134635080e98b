"""Why a job did not run at an instant: one sentence, from psql and over HTTP."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from service.database.why import WhyStore
from service.domain.cron import parse_schedule
from service.domain.fire import FireKind
from service.domain.why import last_fire_time
from tests.support.api import Api, running_api
from tests.support.fleet import FakeReplica, database_now, due, insert_job
from tests.support.jobs import MONDAY_9AM

SECOND, MINUTE, HOUR, DAY = (timedelta(**{span: 1}) for span in ("seconds", "minutes", "hours", "days"))
EVERY_MINUTE = "'0 * * * * *' in UTC"
CANNOT_TELL = f"SQL cannot tell whether the schedule {EVERY_MINUTE} names that instant"
WHO = "at [-0-9 :.]+ UTC by \\S+ \\(psql\\)"
BACKDATE_CHANGE = """
    update job_changes set changed_at = $1 where change_id = (select max(change_id) from job_changes)
"""
BACKDATE_PLAN = """
    update jobs j set planned_from = $1 from job_changes c
     where c.job_id = j.job_id and c.moves_plan and c.change_id = (select max(change_id) from job_changes)
"""
DECIDE_UNTIL = """
    update job_state s
       set decided_through = $1::timestamptz, next_fire_time = $1 + interval '1 minute',
           planned_revision = j.revision
      from jobs j where j.job_id = s.job_id and s.job_id = 'A'
"""


class History:
    """A job A that fires each minute, and its past, which tests write: it begins at a full hour yesterday."""

    def __init__(self, connection, why: WhyStore, start: datetime) -> None:
        self.sql, self._why, self.start = connection, why, start

    async def asked(self, at: datetime, job_id: str = "A") -> str:
        """Ask in psql."""
        return str(await self.sql.fetchval("select why_not($1, $2)", job_id, at))

    async def known(self, at: datetime, job_id: str = "A") -> str:
        """Ask the service, which knows the schedule."""
        return (await self._why.why(job_id, at)).sentence

    async def backdate(self, at: datetime) -> None:
        """Let the last change, whose row it may be, have happened at that time."""
        async with self.sql.transaction():
            await self.sql.execute("set local session_replication_role = replica")
            await self.sql.execute(BACKDATE_CHANGE, at)
            await self.sql.execute(BACKDATE_PLAN, at)

    async def change(self, statement: str, at: datetime) -> None:
        """Run a statement as of that time."""
        await self.sql.execute(statement)
        await self.backdate(at)

    async def fires_decided_until(self, last: datetime) -> None:
        """Let all fires up to `last` be decided, and the next one planned."""
        await self.sql.execute(DECIDE_UNTIL, last)

    async def decide(self, at: datetime, outcome: str, reason: str | None, **columns) -> None:
        """Write a row of the ledger."""
        values = {
            "job_id": "A",
            "fire_time": at,
            "outcome": outcome,
            "reason": reason,
            "revision": 1,
            **columns,
        }
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.sql.execute(
            f"insert into job_fires ({', '.join(values)}, replica_id) values ({places}, gen_random_uuid())",
            *values.values(),
        )


@pytest.fixture
async def past(database) -> AsyncIterator[History]:
    async with database.connection() as connection:
        await connection.execute("set application_name = 'psql'; delete from lease_gaps")
        start = (await database_now(connection)).replace(minute=0, second=0) - DAY
        await insert_job(connection, "A", schedule_cron="0 * * * * *")
        history = History(connection, WhyStore(database), start)
        await history.backdate(start)
        yield history


def text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


async def test_what_did_start_is_named_with_its_end(past, database):
    """The ledger knows the execution, and the execution how it ended."""
    replica = await FakeReplica.join(database)
    claim = due("A", await database_now(past.sql) - SECOND)
    fire_time = claim.fire.fire_time
    await replica.claims.claim([claim], 50)
    started = f"The fire of {text(fire_time)} did start execution {claim.execution_id}"
    assert await past.asked(fire_time) == started + ", which is RUNNING."
    await past.sql.execute(
        "update job_executions set status = 'FAILED', duration_ms = 12, error_details = '[\"no route\"]'"
    )
    assert await past.asked(fire_time) == started + ", which ended as FAILED after 12 ms: no route."
    await past.sql.execute(
        "insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, attempt,"
        " first_execution_id) select gen_random_uuid(), 'A', 'A', 'noop', 'SUCCESS', 'RETRY', 2, execution_id"
        " from job_executions"
    )
    assert re.fullmatch(r".*no route; attempt 2, [-0-9a-f]{36}, is SUCCESS\.", await past.asked(fire_time))
    await past.sql.execute("delete from job_executions")
    assert await past.asked(fire_time) == started + ", which is no longer in the history."
    assert await past.known(fire_time + SECOND / 2) == await past.asked(fire_time)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("SKIPPED_OVERLAP", "the job has an unfinished execution, and its overlap policy is SKIP"),
        ("PAUSED", "all jobs are paused: upgrade"),
        ("MISSED", "no replica could fire it in time, and the misfire policy is SKIP"),
        ("NO_HANDLER", "no live replica knows the handler 'noop'"),
    ],
)
async def test_a_fire_that_started_nothing_is_told_by_the_ledger(past, outcome, reason):
    """Outcome and reason, as they were recorded."""
    await past.decide(past.start + HOUR, outcome, reason)
    told = f"The fire of {text(past.start + HOUR)} started nothing, {outcome}: {reason}."
    assert await past.asked(past.start + HOUR) == await past.known(past.start + HOUR) == told


async def test_a_fire_among_many_that_one_row_sums_is_found(past):
    """Catching up writes one row for what is too much to write each."""
    await past.decide(
        past.start + 5 * HOUR,
        FireKind.MISSED,
        "240 missed fires in one row; too many to run each",
        covers_from=past.start + HOUR,
        fires_covered=240,
    )
    at = past.start + 2 * HOUR
    told = (
        f"{text(at)} lies among the missed fires that one row sums, MISSED, from {text(past.start + HOUR)}"
        f" to {text(past.start + 5 * HOUR)}: 240 missed fires in one row; too many to run each"
    )
    assert await past.known(at) == told + "."
    assert await past.asked(at) == f"{told}; SQL cannot tell whether the schedule {EVERY_MINUTE} names it."
    assert "does not name" in await past.known(at + SECOND)


async def test_an_instant_that_the_schedule_does_not_name(past):
    """The service names the fires around it; psql shows the ledger around it, and what it cannot know."""
    at = past.start + HOUR
    for minute in (0, 1):
        await past.decide(at + minute * MINUTE, "MISSED", "x")
    await past.fires_decided_until(at + MINUTE)
    assert await past.known(at + 3 * SECOND) == (
        f"The schedule {EVERY_MINUTE} of job A does not name {text(at + 3 * SECOND)};"
        f" it names {text(at)} and {text(at + MINUTE)}."
    )
    assert await past.asked(at + 3 * SECOND) == (
        f"No decision is on record for {text(at + 3 * SECOND)}; its fires next to that are {text(at)} and"
        f" {text(at + MINUTE)}; {CANNOT_TELL}: ask the console, or `python -m service preview`."
    )


async def test_before_the_next_fire_psql_knows_too(past):
    """Nothing is named between the last decided fire and the planned one."""
    at = past.start + HOUR
    await past.fires_decided_until(at)
    assert await past.asked(at + 3 * SECOND) == await past.known(at + 3 * SECOND)
    assert "does not name" in await past.asked(at + 3 * SECOND)


async def test_a_due_fire_that_nobody_has_decided(past, database):
    """With what stands in the way: no replica."""
    at = past.start + HOUR
    await past.fires_decided_until(at)
    told = f"The fire of {text(at + MINUTE)} is due, and no replica has decided it yet"
    assert await past.asked(at + MINUTE) == told + "."
    await past.sql.execute("insert into lease_gaps values ($1)", at)
    assert await past.asked(at + MINUTE) == f"{told}; no replica has held a lease since {text(at)}."
    assert await past.known(at + 2 * MINUTE) == (
        f"The fire of {text(at + 2 * MINUTE)} is due, and no replica has decided it yet;"
        f" no replica has held a lease since {text(at)}."
    )


async def test_a_gap_in_the_leases_is_named(past):
    """Nobody was there to decide; who came later did not catch up because of a change."""
    at = past.start + HOUR
    await past.sql.execute("insert into lease_gaps values ($1, $2)", at - MINUTE, at + MINUTE)
    await past.change("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'", at + 30 * SECOND)
    answer = await past.known(at)
    assert re.fullmatch(
        f"The schedule {re.escape(EVERY_MINUTE)} names {text(at)}, yet no decision is on record;"
        f" the job was changed {WHO}, and nothing is caught up across a change; no replica held a lease from"
        f" {text(at - MINUTE)} to {text(at + MINUTE)}\\.",
        answer,
    )
    in_psql = await past.asked(at)
    assert "no replica held a lease from" in in_psql
    assert CANNOT_TELL in in_psql


async def test_a_change_between_the_fire_and_its_decision_is_named(past):
    """The next fire is strictly later than the edit."""
    at = past.start + HOUR
    await past.change("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'", at + SECOND)
    assert f"the job was changed at {text(at + SECOND)} by" in await past.known(at)
    assert f"the job was changed at {text(at + SECOND)} by" in await past.asked(at)


async def test_a_change_that_was_committed_only_after_the_fire_is_named(past):
    """An edit left open in psql counts from its commit."""
    at = past.start + HOUR
    await past.change("update jobs set time_zone = 'Europe/Berlin' where job_id = 'A'", at - MINUTE)
    async with past.sql.transaction():
        await past.sql.execute("set local session_replication_role = replica")
        await past.sql.execute("update jobs set planned_from = $1 where job_id = 'A'", at + MINUTE)
    told = f"the last change of its schedule was committed only at {text(at + MINUTE)}"
    assert told in await past.known(at)
    assert told in await past.asked(at)


async def test_the_schedule_of_that_time_counts_and_who_changed_it_since(past):
    """Not the schedule of now."""
    at = past.start + HOUR
    await past.change("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'", at + HOUR)
    answer = await past.known(at + SECOND)
    assert answer.startswith(
        f"The schedule {EVERY_MINUTE} of job A does not name {text(at + SECOND)}; it names"
    )
    assert re.search(f"; the schedule was changed later, {WHO}\\.$", answer)
    assert "'0 0 4 * * *'" in await past.known(at + 2 * HOUR)


async def test_a_pause_is_named_where_the_ledger_says_nothing(past):
    """Of the job, with its reason; of all, with who paused."""
    at = past.start + HOUR
    await past.change("select pause_job('A', 'month end')", at - MINUTE)
    assert "; the job was paused until resumed: month end." in await past.known(at)
    await past.change("select resume_job('A')", at)
    assert "paused" not in await past.known(at + MINUTE)
    await past.change("select pause_all('upgrade', '2100-01-01Z')", at + MINUTE)
    answer = await past.asked(at + 2 * MINUTE)
    assert re.search(f"every job was paused until 2100-01-01 00:00:00 UTC, {WHO}: upgrade; SQL", answer)
    await past.change("select resume_all()", at + 3 * MINUTE)
    assert "paused" not in await past.asked(at + 4 * MINUTE)


async def test_a_disabled_job_is_told_with_who_disabled_it_and_when(past):
    """Also when it has been changed or enabled again since."""
    at = past.start + HOUR
    await past.change("update jobs set enabled = false where job_id = 'A'", at)
    await past.change("update jobs set description = 'x' where job_id = 'A'", at + MINUTE)
    await past.change("update jobs set enabled = true where job_id = 'A'", at + HOUR)
    told = f"Job A was disabled, at {text(at)} by \\S+ \\(psql\\)\\."
    assert re.fullmatch(told, await past.asked(at + 2 * MINUTE))
    assert re.fullmatch(told, await past.known(at + 2 * MINUTE))
    assert "disabled" not in await past.asked(at + 2 * HOUR)


async def test_a_manual_job_has_no_schedule(past):
    """Nothing but a trigger starts it."""
    await insert_job(past.sql, "M", schedule_cron=None)
    now = await database_now(past.sql)
    assert (
        await past.asked(now + HOUR, "M")
        == "Job M is MANUAL: it has no schedule, and only a trigger starts it."
    )
    await past.backdate(past.start)
    assert await past.known(past.start + HOUR, "M") == (
        "Job M was MANUAL: it has no schedule, and only a trigger starts it."
    )


async def test_a_job_that_did_not_exist_yet_or_any_more(past):
    """Inserted later, and deleted since, by whom and when."""
    assert re.fullmatch(
        f"Job A did not exist then: it was inserted only {WHO}\\.", await past.asked(past.start - DAY)
    )
    await past.change("delete from jobs where job_id = 'A'", past.start + HOUR)
    assert re.fullmatch(
        f"Job A did not exist then: it was deleted {WHO}\\.", await past.known(past.start + 2 * HOUR)
    )
    assert "does not name" in await past.known(past.start + SECOND)
    await past.sql.execute("delete from job_changes")
    assert await past.asked(past.start) == (
        "Job A does not exist; of what it once was only its history is left."
    )


async def test_a_schedule_that_cannot_be_read_is_told(past):
    """Stored before the grammar or the zone data moved on."""
    async with past.sql.transaction():
        await past.sql.execute("set local session_replication_role = replica")
        await past.sql.execute("update jobs set time_zone = 'Mars/Base', created_at = planned_from")
        await past.sql.execute("delete from job_changes where job_id = 'A'")
    await past.sql.execute(
        "update job_state set schedule_error = 'no such zone', planned_revision = 1 where job_id = 'A'"
    )
    now = await database_now(past.sql)
    told = "The schedule '0 * * * * *' in Mars/Base of job A cannot be"
    assert await past.asked(now) == f"{told} kept: no such zone."
    assert (await past.known(now)).startswith(f"{told} read: ")


async def test_what_is_still_to_come(past):
    """The next fire is known; of what comes after it only the service knows; a pause is told."""
    await past.sql.execute("update job_state set planned_revision = 1 where job_id = 'A'")
    coming = (await database_now(past.sql)).replace(second=0) + 2 * MINUTE
    await past.sql.execute("update job_state set next_fire_time = $1", coming)
    told = f"{text(coming)} is still to come, and the schedule {EVERY_MINUTE} names it"
    assert await past.asked(coming) == await past.known(coming) == f"{told}."
    assert "does not name" in await past.asked(coming - SECOND)
    later = coming + MINUTE
    assert (
        await past.known(later)
        == f"{text(later)} is still to come, and the schedule {EVERY_MINUTE} names it."
    )
    assert await past.asked(later) == (
        f"{text(later)} is still to come; its next fire is at {text(coming)};"
        f" {CANNOT_TELL}: ask the console, or `python -m service preview`."
    )
    await past.sql.execute("select pause_all('upgrade')")
    assert re.search(
        f"names it; every job is paused until resumed, {WHO}: upgrade\\.", await past.known(later)
    )


async def test_decisions_older_than_the_ledger_may_have_been_pruned(past):
    """The audit reaches further back than the ledger."""
    await past.fires_decided_until(past.start + 3 * HOUR)
    assert "its ledger is empty, older decisions may have been pruned" in await past.known(past.start + HOUR)
    await past.decide(past.start + 2 * HOUR, "MISSED", "x")
    assert f"its ledger begins at {text(past.start + 2 * HOUR)}, older" in await past.known(past.start + HOUR)


async def test_gaps_are_written_by_whoever_renews_after_them(database):
    """A crash leaves a row whose lease has ended, an orderly end begins the gap itself."""
    gaps = "select from_time, to_time = 'infinity' as is_open from lease_gaps order by from_time"
    async with database.connection() as connection:
        assert [row["is_open"] for row in await connection.fetch(gaps)] == [True]
        await FakeReplica.join(database, lease_seconds=-60)  # crashed a minute ago
        await connection.execute("delete from lease_gaps")
        survivor = await FakeReplica.join(database)
        [gap] = await connection.fetch(gaps)
        crashed = await connection.fetchval("select min(lease_expires_at) from replicas")
        assert tuple(gap.values()) == (crashed, False)
        other = await FakeReplica.join(database)
        await connection.execute("select give_up_lease($1)", survivor.replica_id)
        assert len(await connection.fetch(gaps)) == 1
        await connection.execute("select give_up_lease($1)", other.replica_id)
        assert [row["is_open"] for row in await connection.fetch(gaps)] == [False, True]
        await FakeReplica.join(database)
        assert [row["is_open"] for row in await connection.fetch(gaps)] == [False, False]


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url) as api:
        yield api


async def test_http_answers_with_the_sentence(api: Api):
    """At an instant with any offset, or now."""
    answer = await api.get("/MARKETDATA_INCREMENTAL/why", params={"at": "2100-01-04T10:03:00+01:00"})
    assert answer.status == 200
    assert answer.body == {
        "jobId": "MARKETDATA_INCREMENTAL",
        "at": "2100-01-04T09:03:00Z",
        "why": "The schedule '0 */5 * * * MON-FRI' in UTC of job MARKETDATA_INCREMENTAL does not name"
        " 2100-01-04 09:03:00 UTC; it names 2100-01-04 09:00:00 UTC and 2100-01-04 09:05:00 UTC.",
        "previousFireTime": "2100-01-04T09:00:00Z",
        "nextFireTime": "2100-01-04T09:05:00Z",
    }
    assert (await api.get("/MARKETDATA_BACKFILL/why")).body["why"].startswith("Job MARKETDATA_BACKFILL ")


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/NONE/why", 404, None),
        ("/MARKETDATA_BACKFILL/why?at=yesterday", 400, "at"),
        ("/MARKETDATA_BACKFILL/why?at=2026-11-24T10:00:00", 400, "at"),
    ],
)
async def test_http_refuses_what_it_cannot_answer(api: Api, path: str, status: int, field: str | None):
    """An unknown job, and an instant that is none."""
    answer = await api.get(path)
    assert (answer.status, answer.body.get("field")) == (status, field)


@pytest.mark.parametrize(
    ("cron", "zone", "previous"),
    [
        ("0 */5 * * * *", "UTC", MONDAY_9AM - 5 * MINUTE),
        ("* * * * * *", "UTC", MONDAY_9AM - SECOND),
        ("0 0 9 * * *", "UTC", MONDAY_9AM - DAY),
        ("* * 2 * * *", "UTC", MONDAY_9AM.replace(hour=2, minute=59, second=59)),
        ("0 0 0 1 1 *", "UTC", MONDAY_9AM.replace(month=1, day=1, hour=0)),
        ("0 0 0 29 2 *", "UTC", datetime.fromisoformat("2024-02-29T00:00Z")),
        ("0 30 1 1 11 *", "America/New_York", datetime.fromisoformat("2026-11-01T05:30Z")),
    ],
)
def test_the_fire_before_an_instant_is_found(cron, zone, previous):
    """However far back it lies."""
    assert last_fire_time(parse_schedule(cron, zone), MONDAY_9AM) == previous


def test_there_may_be_no_fire_before():
    """None for nine years: the last Monday, 29 February was in 2016."""
    assert last_fire_time(parse_schedule("0 0 0 29 2 MON", "UTC"), MONDAY_9AM) is None
