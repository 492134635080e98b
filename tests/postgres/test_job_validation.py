"""Bad input changes nothing: every column of `jobs`, by INSERT and by UPDATE, as psql would send it."""

import asyncpg
import pytest

from tests.support.sql import insert_jobs, job

# Whatever stands here is refused for its column. The values are SQL.
REFUSED = {
    "job_id": [
        "''",
        "'a b'",
        "'-x'",
        "'.x'",
        "'a/b'",
        "'history'",
        "E'A\\n'",
        "'Ä'",
        "repeat('x', 51)",
        "null",
    ],
    "display_name": ["''", "'  '", "repeat('x', 101)", "null"],
    "description": ["repeat('x', 4001)"],
    "job_group": ["''", "repeat('x', 51)", "null"],
    "schedule_type": ["'cron'", "''", "null"],
    "schedule_cron": [
        "null",
        "''",
        "'every five minutes'",
        "'61 * * * * *'",
        "'0 0 0 30 2 *'",
        "'0 0 0 1 1 ? 2030'",
        "'@never'",
        "'0 0 0 * * *' || repeat(' ', 512)",
    ],
    "time_zone": ["'Mars/Olympus_Mons'", "'europe/berlin'", "''", "'+01:00'", "null"],
    "enabled": ["null"],
    "handler": ["'NoOp'", "'1x'", "'x y'", "''", "repeat('x', 101)", "null"],
    "params": [
        "'[]'",
        "'null'",
        "'7'",
        "null",
        "jsonb_build_object('a', repeat('x', 65536))",
        # Python reads neither of these two, and a replica reads all jobs at once.
        "('{\"a\":' || repeat('[', 2000) || repeat(']', 2000) || '}')::jsonb",
        "'{\"a\": [1e5000]}'",
    ],
    "overlap_policy": ["'skip'", "''", "null"],
    "misfire_policy": ["'NONE'", "null"],
    "misfire_grace_seconds": ["-1", "31536001", "null"],
    "clock_change_policy": ["'TWICE'", "null"],
    "timeout_seconds": ["0", "-1", "604801"],
    "max_attempts": ["0", "101", "null"],
    "retry_backoff_seconds": ["-1", "86401", "null"],
    "on_lost": ["'LOSE'", "null"],
    "overdue_after_seconds": ["0", "86401", "null"],
    "paused_until": ["'-infinity'", "'20000-01-01'", "'0044-03-15 BC'"],
    "pause_reason": ["repeat('x', 501)"],
}
ACCEPTED = {
    "job_id": ["'A'", "'9.a-b_C'", "repeat('x', 50)", "'History'"],
    "display_name": ["repeat('ä', 100)"],
    "description": ["null", "''", "repeat('ä', 4000)"],
    "schedule_cron": ["'*/5 * * * *'", "'@daily'", "'0 0 0 L * ?'"],
    "time_zone": ["'America/New_York'"],
    "handler": ["'risk.report_2'"],
    "params": ["""'{"a": [1, -1e300, {"b": null}]}'"""],
    "timeout_seconds": ["null", "1", "604800"],
    "misfire_grace_seconds": ["0", "31536000"],
    "max_attempts": ["1", "100"],
    "retry_backoff_seconds": ["0", "86400"],
    "overdue_after_seconds": ["1", "86400"],
    "paused_until": ["null", "'infinity'", "'2027-01-01'"],
    "pause_reason": ["null", "repeat('x', 500)"],
}
STAMPS = {"revision", "planned_from", "created_at", "updated_at", "updated_by"}
GOOD = {
    "job_id": "'A'",
    "display_name": "'A'",
    "schedule_type": "'CRON'",
    "schedule_cron": "'0 */5 * * * *'",
    "handler": "'noop'",
}


def insert(**values: str) -> str:
    """An INSERT of a good job with these values in it."""
    row = {**GOOD, **values}
    return f"insert into jobs ({', '.join(row)}) values ({', '.join(row.values())})"


async def refusal(sql, statement):
    """The error that the statement meets; it has to."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        await sql.execute(statement)
    return caught.value


async def test_every_column_is_either_a_stamp_or_tested_here(sql):
    """A new column needs a rule."""
    columns = await sql.fetch("select column_name from information_schema.columns where table_name = 'jobs'")
    assert {row["column_name"] for row in columns} == REFUSED.keys() | STAMPS


@pytest.mark.parametrize("column", REFUSED)
async def test_bad_input_is_refused_and_changes_nothing(sql, column):
    """The error is CR400, names the column, and its hint says what is allowed."""
    await insert_jobs(sql, "OTHER")
    before = await job(sql, "OTHER")
    for value in REFUSED[column]:
        update = f"update jobs set {column} = {value} where job_id = 'OTHER'"
        for statement in (insert(**{column: value}), update):
            error = await refusal(sql, statement)
            assert (error.sqlstate, error.column_name) == ("CR400", column), statement
            assert str(error).startswith(f"{column}: ")
            assert error.hint
    assert await job(sql, "OTHER") == before
    assert await sql.fetchval("select count(*) from jobs") == 5
    assert await sql.fetchval("select count(*) from job_changes where job_id = 'OTHER'") == 1


@pytest.mark.parametrize("column", ACCEPTED)
async def test_what_is_allowed_is_stored(sql, column):
    """The bounds themselves, and null where a column has no need of a value."""
    for value in ACCEPTED[column]:
        returning = f" returning {column} is not distinct from {value}"
        assert await sql.fetchval(insert(**{column: value}) + returning), value
        await sql.execute("delete from jobs where handler not like '%.incremental'")


async def test_a_manual_job_has_no_schedule(sql):
    """Type and schedule change together or not at all."""
    await insert_jobs(sql, "A")
    for statement in (
        insert(schedule_type="'MANUAL'", job_id="'B'"),
        "update jobs set schedule_type = 'MANUAL' where job_id = 'A'",
        "update jobs set schedule_cron = '0 0 0 * * *' where job_id = 'MARKETDATA_BACKFILL'",
    ):
        error = await refusal(sql, statement)
        assert (error.sqlstate, error.column_name) == ("CR400", "schedule_cron")
    await sql.execute("update jobs set schedule_type = 'MANUAL', schedule_cron = null where job_id = 'A'")
    assert (await job(sql))["schedule_type"] == "MANUAL"


async def test_one_bad_row_of_many_refuses_the_statement(sql):
    """No row of it is stored."""
    with pytest.raises(asyncpg.PostgresError, match="schedule_cron"):
        await sql.execute(
            "update jobs set schedule_cron = case job_id when 'MARKETDATA_INCREMENTAL'"
            " then '0 0 1 * * *' else 'x' end where schedule_type = 'CRON'"
        )
    assert await sql.fetchval("select max(revision) from jobs") == 1


async def test_a_job_is_never_renamed(sql):
    """Its history goes by the id."""
    await insert_jobs(sql, "A")
    error = await refusal(sql, "update jobs set job_id = 'B' where job_id = 'A'")
    assert (error.sqlstate, error.column_name) == ("CR400", "job_id")
    assert "never renamed" in str(error)


async def test_four_columns_and_a_schedule_are_enough(sql):
    """Every other column has its default."""
    await sql.execute(insert())
    row = await job(sql)
    assert {name: value for name, value in row.items() if name not in {*STAMPS, *GOOD}} == {
        "description": None,
        "job_group": "DEFAULT",
        "time_zone": "UTC",
        "enabled": True,
        "params": "{}",
        "overlap_policy": "SKIP",
        "misfire_policy": "COALESCE",
        "misfire_grace_seconds": 86400,
        "clock_change_policy": "ONCE",
        "timeout_seconds": None,
        "max_attempts": 1,
        "retry_backoff_seconds": 30,
        "on_lost": "FAIL",
        "overdue_after_seconds": 60,
        "paused_until": None,
        "pause_reason": None,
    }
    await sql.execute(
        "insert into jobs (job_id, display_name, schedule_type, handler) values ('M', 'M', 'MANUAL', 'noop')"
    )


async def test_a_handler_that_no_live_replica_knows_is_a_warning(sql):
    """The row may come before the deployment; a lease that ran out does not count."""
    warnings = []
    sql.add_log_listener(lambda _, message: warnings.append(message.message))
    await sql.execute(insert(handler="'risk.report'"))
    await sql.execute("""
        insert into replicas (replica_id, lease_expires_at, version, handlers) values
            (gen_random_uuid(), clock_timestamp() + interval '1 minute', '1', '{noop,risk.report}'),
            (gen_random_uuid(), clock_timestamp() - interval '1 minute', '1', '{risk.gone}')
    """)
    await sql.execute(insert(job_id="'B'", handler="'risk.report'"))
    await sql.execute("update jobs set handler = 'risk.gone' where job_id = 'B'")
    await sql.execute("update jobs set description = 'not about the handler' where job_id = 'B'")
    assert warnings == [
        "no live replica knows the handler 'risk.report' yet",
        "no live replica knows the handler 'risk.gone' yet",
    ]


async def test_a_pause_of_all_jobs_stays_readable_too(sql):
    """The same bounds as for one job's pause."""
    with pytest.raises(asyncpg.CheckViolationError):
        await sql.execute("update service_state set paused_until = '20000-01-01'")
    await sql.execute("update service_state set paused_until = 'infinity'")


async def test_the_statements_that_people_know_by_heart_work(sql):
    """As they are, on the tables as they are."""
    rows = await sql.fetch("SELECT job_id, display_name, enabled, schedule_cron FROM jobs;")
    expected = ("FUNDAMENTALS_INCREMENTAL", "Fundamentals Incremental", True, "0 0 2 * * *")
    assert expected in [tuple(row) for row in rows]
    latest = """SELECT execution_id, job_id, job_name, status, duration_ms, symbols_processed
                  FROM job_executions ORDER BY start_time DESC LIMIT 10;"""
    assert await sql.fetch(latest) == []
