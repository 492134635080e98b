"""What operators do from psql: trigger, pause, resume, cancel, and the views that they look at."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from service.database.pool import Database
from service.database.replicas import Vitals, renew_lease
from tests.support.fleet import FakeReplica, database_now, due, insert_job

SECOND = timedelta(seconds=1)
FAILURE = """
    insert into job_executions (execution_id, job_id, job_name, handler, triggered_by, status, start_time,
                                error_details)
    values ($1, 'A', 'A', 'noop', 'MANUAL', $2, now() - $3 * interval '1 day', '["first", "second"]')
"""


@pytest.fixture
async def sql(database: Database):
    """One connection, as psql has one, with a job A."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
        yield connection


async def refusal(sql, statement, *values):
    """The code, message and hint with which a statement is refused."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        await sql.fetchval(statement, *values)
    return caught.value.sqlstate, caught.value.message, caught.value.hint


async def running(database, sql, job_id="A"):
    """A replica and the execution that it runs."""
    replica = await FakeReplica.join(database)
    claim = due(job_id, await database_now(sql) - SECOND)
    await replica.claims.claim([claim], 50)
    return replica, claim.execution_id


async def test_a_paused_job_is_audited_and_says_until_when(sql):
    """Pausing is an ordinary change of the row: revision, audit, announcement."""
    assert await sql.fetchval("select pause_job('A', 'month end')") == "job A is paused until resumed"
    said = await sql.fetchval("select pause_job('A', until => '2100-01-01Z')")
    assert said == "job A is paused until 2100-01-01 00:00:00 UTC"
    row = await sql.fetchrow("select paused_until, pause_reason, revision from jobs where job_id = 'A'")
    assert (row["paused_until"].year, row["pause_reason"], row["revision"]) == (2100, None, 3)
    audit = await sql.fetch(
        "select after ->> 'pause_reason' from job_changes where job_id = 'A' order by change_id"
    )
    assert [each[0] for each in audit] == [None, "month end", None]


async def test_resuming_says_what_still_keeps_the_job_from_running(sql):
    """A pause of all outlives that of one job, and a disabled job stays so."""
    await sql.execute("select pause_job('A'), pause_all('upgrade')")
    assert await sql.fetchval("select resume_all()") == (
        "the pause of all jobs has ended; 1 are still paused by themselves"
    )
    await sql.execute("select pause_all()")
    assert await sql.fetchval("select resume_job('A')") == (
        "job A is resumed, but all jobs are paused: SELECT resume_all();"
    )
    await sql.execute("select resume_all(); update jobs set enabled = false where job_id = 'A'")
    assert await sql.fetchval("select resume_job('A')") == "job A is resumed, but it is disabled"
    assert await sql.fetchval("select resume_all()") == "the pause of all jobs has ended"


async def test_a_pause_of_all_is_audited_and_announced(database_url, sql):
    """Under the job id *, with session user and application, also where the table was changed by hand."""
    psql = await asyncpg.connect(database_url, server_settings={"application_name": "psql"})
    heard: asyncio.Queue[str] = asyncio.Queue()
    await psql.add_listener("cronsole_jobs", lambda *hint: heard.put_nowait(str(hint[3])))
    await psql.execute("select pause_all('upgrade', '2100-01-01Z')")
    await psql.execute("update service_state set paused_until = null")
    await psql.execute("update service_state set paused_by = 'nobody'")
    assert [await asyncio.wait_for(heard.get(), 5) for _ in range(2)] == ["*", "*"]
    rows = await sql.fetch(
        "select operation, changed_by, session_role, application_name, after ->> 'pause_reason' as reason"
        " from job_changes where job_id = '*' order by change_id"
    )
    user = await psql.fetchval("select session_user")
    await psql.close()
    assert [tuple(row.values()) for row in rows] == [
        ("PAUSE", user, user, "psql", "upgrade"),
        ("RESUME", user, user, "psql", "upgrade"),
    ]


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        ("select pause_job('NONE')", "CR404", "there is no job 'NONE'"),
        ("select resume_job('NONE')", "CR404", "there is no job 'NONE'"),
        ("select trigger_job('NONE')", "CR404", "there is no job 'NONE'"),
        ("""select trigger_job('NONE', '{"a": 1}')""", "CR404", "there is no job 'NONE'"),
        ("select pause_job('A', until => now())", "CR400", "until: a pause ends in the future"),
        ("select pause_job('A', until => null)", "CR400", "until: a pause ends in the future"),
        ("select pause_all(until => '-infinity')", "CR400", "until: a pause ends in the future"),
        ("select pause_all(repeat('x', 501))", "CR400", "reason: the reason is too long"),
        ("select pause_job('A', repeat('x', 501))", "CR400", "reason: the reason is too long"),
        ("select trigger_job('A', '[]')", "CR400", "params: params must be a JSON object of at most 64 KB"),
        ("select trigger_job('A', null)", "CR400", "params: params must be a JSON object of at most 64 KB"),
        ("select trigger_job('A')", "CR409", "no live replica knows the handler 'noop' of job 'A'"),
        ("select cancel_execution(null)", "CR404", "there is no execution null"),
        ("select why_not('NONE', now())", "CR404", "there is no job 'NONE'"),
        ("select why_not('A', null)", "CR400", "at: an instant is needed"),
        ("select why_not('A', 'infinity')", "CR400", "at: an instant is needed"),
    ],
)
async def test_a_refusal_says_what_is_wrong_and_what_to_do(sql, statement, code, message):
    """Code as over HTTP, a message, a hint; and nothing has changed."""
    answer = await refusal(sql, statement)
    assert answer[:2] == (code, message)
    assert answer[2]
    assert await sql.fetchval("select revision from jobs where job_id = 'A'") == 1
    assert await sql.fetchval("select count(*) from job_executions") == 0


async def test_only_what_every_live_replica_lets_override_is_overridden(database, sql):
    """A trigger cannot slip in a statement; in a rolling deployment the stricter version counts."""
    strict, generous = (Vitals(uuid4(), "test", ["noop"], {"noop": names}) for names in (["a"], ["a", "b"]))
    await renew_lease(sql, generous, 60)
    await sql.execute("""update jobs set params = '{"a": 1, "c": 3}'""")
    await sql.execute("update jobs set overlap_policy = 'ALLOW'")
    first = await sql.fetchval("""select trigger_job('A', '{"a": 2, "b": 2}')""")
    assert await sql.fetchval("select params from job_executions where execution_id = $1", first) == {
        "a": 2,
        "b": 2,
        "c": 3,
    }
    await renew_lease(sql, strict, 60)
    assert await refusal(sql, """select trigger_job('A', '{"a": 2, "b": 2}')""") == (
        "CR400",
        "params: a trigger may not override 'b'",
        "overridable: a",
    )
    await renew_lease(sql, strict, -1)
    assert await sql.fetchval("""select trigger_job('A', '{"b": 2}')""")
    await sql.execute("update replicas set overridable = '{}'")
    code, _, hint = await refusal(sql, """select trigger_job('A', '{"statement": "drop table jobs"}')""")
    assert (code, hint) == ("CR400", "overridable: none")


async def test_a_trigger_cannot_name_a_secret(database, sql):
    """An overridable parameter is no way to read what the replica knows."""
    await renew_lease(sql, Vitals(uuid4(), "test", ["noop"], {"noop": ["a"]}), 60)
    code, message, _ = await refusal(sql, """select trigger_job('A', '{"a": "${secret:PASSWORD}"}')""")
    assert (code, message) == ("CR400", "params: a trigger may not name a secret")


async def test_a_queued_execution_is_cancelled_at_once(database, sql):
    """No replica has to be there; the job may run again, and the history says who cancelled."""
    await FakeReplica.join(database)
    execution_id = await sql.fetchval("select trigger_job('A')")
    assert await sql.fetchval("select cancel_execution($1)", execution_id) == "CANCELLED"
    row = await sql.fetchrow("select *, session_user::text as me from job_executions")
    assert (row["status"], row["cancel_requested_by"]) == ("CANCELLED", row["me"])
    assert row["error_details"] == [f"cancelled before it started, by {row['me']}"]
    state = await sql.fetchrow("select active_executions, last_status from job_state where job_id = 'A'")
    assert tuple(state.values()) == (0, "CANCELLED")
    assert await sql.fetchval("select cancelled_count from job_execution_stats") == 1
    assert await sql.fetchval("select trigger_job('A')")


async def test_a_waiting_execution_is_cancelled_and_the_running_one_goes_on(database, sql):
    """QUEUE keeps one behind the running one; cancelling it frees that place."""
    await sql.execute("update jobs set overlap_policy = 'QUEUE' where job_id = 'A'")
    await FakeReplica.join(database)
    await sql.fetchval("select trigger_job('A')")
    waiting = await sql.fetchval("select trigger_job('A')")
    assert await sql.fetchval("select cancel_execution($1)", waiting) == "CANCELLED"
    state = await sql.fetchrow(
        "select active_executions, waiting_execution_id from job_state where job_id = 'A'"
    )
    assert tuple(state.values()) == (1, None)


async def test_a_running_execution_is_asked_to_stop_and_the_replicas_are_told(database, database_url, sql):
    """The first to ask is named, and asking again changes nothing."""
    replica, execution_id = await running(database, sql)
    listener = await asyncpg.connect(database_url)
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener("cronsole_events", lambda *hint: heard.put_nowait(str(hint[3])))
    assert await sql.fetchval("select cancel_execution($1)", execution_id) == "CANCEL_REQUESTED"
    told = json.loads(await asyncio.wait_for(heard.get(), 5))
    await listener.close()
    assert told == {"type": "cancel", "executionId": str(execution_id)}
    first = await sql.fetchrow("select cancel_requested_at, status from job_executions")
    assert await sql.fetchval("select cancel_execution($1)", execution_id) == "CANCEL_REQUESTED"
    assert await sql.fetchrow("select cancel_requested_at, status from job_executions") == first
    assert first["status"] == "RUNNING"
    user = await sql.fetchval("select session_user::text")
    assert await replica.outcomes.to_cancel([execution_id]) == {execution_id: user}


async def test_a_cancellation_does_not_wait_for_the_run(database, sql):
    """The run's own transaction holds a key share of the execution."""
    _, execution_id = await running(database, sql)
    async with database.transaction() as run:
        await run.execute("select from job_executions for key share")
        await sql.execute("set lock_timeout = '2s'")
        assert await sql.fetchval("select cancel_execution($1)", execution_id) == "CANCEL_REQUESTED"


async def test_what_has_ended_is_not_cancelled(database, sql):
    """409, with what it ended as."""
    await FakeReplica.join(database)
    execution_id = await sql.fetchval("select trigger_job('A')")
    await sql.execute("select cancel_execution($1)", execution_id)
    assert await refusal(sql, "select cancel_execution($1)", execution_id) == (
        "CR409",
        f"execution {execution_id} of job 'A' has ended already, as CANCELLED",
        "only what is QUEUED or RUNNING can be cancelled",
    )
    code, message, hint = await refusal(sql, "select cancel_execution($1)", uuid4())
    assert code == "CR404"
    assert message.startswith("there is no execution ")
    assert "job_executions" in hint


@pytest.mark.parametrize(
    ("change", "status", "paused_by", "fires"),
    [
        ("select 1", "IDLE", None, True),
        ("select pause_job('A')", "PAUSED", "JOB", False),
        ("select pause_all()", "PAUSED", "ALL", False),
        ("update jobs set enabled = false", "PAUSED", "DISABLED", False),
        ("update job_state set active_executions = 1", "RUNNING", None, True),
        ("select pause_all(); update job_state set active_executions = 1", "RUNNING", "ALL", False),
    ],
)
async def test_the_overview_shows_status_and_next_fire(sql, change, status, paused_by, fires):
    """As the console does; no next fire where nothing will start by itself."""
    await sql.execute(change)
    await sql.execute(
        "update job_state s set next_fire_time = '2100-01-01Z', planned_revision = j.revision from jobs j"
        " where j.job_id = s.job_id"
    )
    row = await sql.fetchrow("select status, paused_by, next_fire_time from job_overview where job_id = 'A'")
    assert (row["status"], row["paused_by"], row["next_fire_time"] is not None) == (status, paused_by, fires)


async def test_the_overview_has_one_line_for_every_job(sql):
    """Also for a job whose state is missing."""
    await sql.execute("delete from job_state where job_id = 'A'")
    assert await sql.fetchval("select count(*) from job_overview") == await sql.fetchval(
        "select count(*) from jobs"
    )


async def test_a_plan_of_an_older_row_is_not_shown_as_the_next_fire(sql):
    """In the moment between a change and its plan, and while no replica runs."""
    await sql.execute("update job_state set next_fire_time = '2100-01-01Z', planned_revision = 1")
    await sql.execute("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'")
    assert await sql.fetchval("select next_fire_time from job_overview where job_id = 'A'") is None


@pytest.mark.parametrize(
    ("change", "is_overdue"),
    [
        ("select 1", True),
        ("update job_state set next_fire_time = now() - interval '59 seconds'", False),
        ("update job_state set next_fire_time = null", False),
        ("update jobs set overdue_after_seconds = 3600; update job_state set planned_revision = 2", False),
        ("select pause_job('A'); update job_state set planned_revision = 2", False),
        ("select pause_all()", False),
        ("update jobs set enabled = false; update job_state set planned_revision = 2", False),
    ],
)
async def test_overdue_is_what_nobody_decided_in_time(sql, change, is_overdue):
    """Later than the job allows, and neither paused nor disabled."""
    await sql.execute(
        "update job_state set next_fire_time = now() - interval '61 seconds', planned_revision = 1"
    )
    await sql.execute(change)
    overdue = [row["job_id"] for row in await sql.fetch("select job_id from job_overdue where job_id = 'A'")]
    assert overdue == (["A"] if is_overdue else [])


async def test_a_row_that_nobody_plans_is_overdue_too(sql):
    """No replica has read it: there is no fire time to be late for."""
    await sql.execute("update jobs set overdue_after_seconds = 1 where job_id = 'A'")
    async with sql.transaction():
        await sql.execute("set local session_replication_role = replica")
        await sql.execute("update jobs set updated_at = now() - interval '2 seconds'")
    row = await sql.fetchrow("select reason, late_by from job_overdue where job_id = 'A'")
    assert row["reason"] == "no replica has planned revision 2"
    assert row["late_by"] >= 2 * SECOND


async def test_recent_failures_are_shown_with_their_first_error(sql):
    """Newest first, of seven days, and only failures."""
    for age, status in (
        (1, "FAILED"),
        (2, "TIMEOUT"),
        (3, "LOST"),
        (4, "CANCELLED"),
        (5, "SUCCESS"),
        (8, "FAILED"),
    ):
        await sql.execute(FAILURE, uuid4(), status, age)
    rows = await sql.fetch("select status, error from recent_failures")
    assert [tuple(row.values()) for row in rows] == [
        (each, "first") for each in ("FAILED", "TIMEOUT", "LOST")
    ]
