"""The handler `sql` on a real database: results, arguments, facts, role, limits and errors."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from service.database import pool
from service.database.pool import open_database
from service.database.runs import RunStore
from service.domain.clock import SystemClock
from service.domain.errors import InvalidInput, LeaseLost, SecretUnavailable, StatementFailed
from service.domain.execution import ExecutionStatus, Outcome, OwnedExecution, TriggeredBy
from service.execution.runner import Runner
from service.execution.work import Work
from service.handlers.registry import Registry
from service.handlers.secrets import Secrets
from service.handlers.sql import sql_handler
from tests.support.runs import handler_runs

SECRET = "s3cret/with 'quotes'"
LONG_SECRET = "long" * 40
SECRETS = Secrets({"TOKEN": SECRET, "LONG": LONG_SECRET, "DATABASE_URL": "no"}, withheld={"DATABASE_URL"})
FIRE_TIME = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
async def runs(database_url):
    """Runs of `sql` jobs, and a table for them to write."""
    async with handler_runs(database_url, Registry([sql_handler()]), SECRETS) as runs:
        await runs.execute("create table notes (id integer primary key, note text not null)")
        yield runs


def a_sql_execution(statement, *, timeout_seconds=None):
    """An execution of an `sql` job that nobody has claimed."""
    return OwnedExecution(
        execution_id=uuid4(),
        job_id="A",
        handler="sql",
        fencing_number=1,
        attempt=1,
        triggered_by=TriggeredBy.SCHEDULE,
        params={"statement": statement},
        timeout_seconds=timeout_seconds,
        fire_time=None,
        window_start=None,
        window_end=None,
    )


async def result_of(runs, statement, *arguments, **facts):
    """Run a statement; returns the run's result."""
    run = await runs.run("sql", {"statement": statement, "arguments": list(arguments)}, **facts)
    return run.result


async def test_a_statement_without_rows_says_how_many_it_touched(runs):
    """The command tag and its count are the result, and the change is committed."""
    result = await result_of(runs, "insert into notes select n, 'x' from generate_series(1, 3) n")
    assert result == {"rowCount": 3, "command": "INSERT 0 3"}
    assert await runs.value("select count(*) from notes") == 3


async def test_rows_are_kept_with_their_columns(runs):
    """Columns of one name stay apart, and every type becomes JSON."""
    result = await result_of(
        runs,
        "select 1 as n, 2.50 as n, null, row(1, 'x'), int4range(1, 2), '\\x01'::bytea, '10.0.0.1'::inet,"
        " '[1]'::jsonb",
    )
    assert result["columns"][:2] == ["n", "n"]
    [row] = result["rows"]
    assert row == [1, "2.50", None, (1, "x"), "[1, 2)", "AQ==", "10.0.0.1", [1]]


async def test_many_rows_are_all_fetched_and_few_are_kept(runs):
    """A function in the select list does its work for every row, not only for the hundred that are kept."""
    await runs.execute(
        "create function note(n int) returns int language sql as"
        " $$ insert into notes values (n, 'x') returning id $$"
    )
    result = await result_of(runs, "select note(n) from generate_series(1, 1500) n")
    assert (result["rowCount"], len(result["rows"]), result["truncated"]) == (1500, 100, True)
    assert await runs.value("select count(*) from notes") == 1500


async def test_long_rows_are_left_out(runs):
    """No more than 64 KB are kept."""
    result = await result_of(runs, "select repeat('x', 30000) from generate_series(1, 10)")
    assert (result["rowCount"], len(result["rows"]), result["truncated"]) == (10, 2, True)


async def test_a_row_that_would_fill_the_memory_ends_the_run(runs):
    """The connection is cut at 16 MB, and what the statement did is rolled back."""
    with pytest.raises(StatementFailed, match="more than 16 MB at once"):
        await result_of(
            runs, "with i as (insert into notes values (1, 'x')) select repeat('x', 20 * 1024 * 1024)"
        )
    assert await runs.value("select count(*) from notes") == 0
    assert (await result_of(runs, "select 1"))["rows"] == [[1]]


@pytest.mark.parametrize(
    ("given", "kind", "meant"),
    [
        (7, "int2", "7"),
        (2**40, "int8", "1099511627776"),
        ("12.50", "numeric", "12.5"),
        (0.1, "numeric", "0.1"),
        (1, "float8", "1"),
        (True, "bool", "true"),
        ("x", "varchar(3)", "x"),
        ("2026-11-23", "date", "2026-11-23"),
        ("2026-11-23T10:00:00+01:00", "timestamptz", "2026-11-23 09:00+00"),
        ("2026-11-23T09:00:00", "timestamp", "2026-11-23 09:00"),
        ("09:30:00", "time", "09:30"),
        ("PT15M", "interval", "15 minutes"),
        ("0193a2b4-0000-7000-8000-000000000000", "uuid", "0193a2b4-0000-7000-8000-000000000000"),
        ("AQI=", "bytea", "\\x0102"),
        ("10.0.0.0/8", "cidr", "10.0.0.0/8"),
        ({"a": [1, None]}, "jsonb", '{"a": [1, null]}'),
        (["2026-11-23", None], "date[]", "{2026-11-23,NULL}"),
    ],
)
async def test_json_values_become_the_types_that_postgres_infers(runs, given, kind, meant):
    """Text, numbers, lists and objects arrive as what the statement takes."""
    result = await result_of(runs, f"select $1::{kind} = $2::text::{kind}", given, meant)
    assert result["rows"] == [[True]]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ("soon", "timestamptz", r"argument \$1 is no timestamptz: Invalid RFC3339 encoded datetime"),
        ("2026-11-23T09:00:00", "timestamptz", "timezone component"),
        (2**31, "int4", r"argument \$1 is no int4"),
        (SECRET, "uuid", "is no uuid"),
        (True, "int4", "Expected `int`, got `bool`"),
        ({"a": 1}, "inet", "an argument does not fit its type; cast it"),
    ],
)
async def test_an_argument_that_does_not_fit_is_a_clear_error(runs, given, kind, message):
    """The error names the place and the type, and never the value."""
    with pytest.raises(StatementFailed, match=message) as caught:
        await result_of(runs, f"select $1::{kind}", given)
    assert str(given) not in str(caught.value)


async def test_null_fits_every_type(runs):
    """A JSON null is SQL's null."""
    assert (await result_of(runs, "select $1::date, $2::jsonb", None, None))["rows"] == [[None, None]]


async def test_the_number_of_arguments_must_be_right(runs):
    """The error says both numbers."""
    with pytest.raises(StatementFailed, match=r"takes 2 arguments, and params.arguments has 1"):
        await result_of(runs, "select $1::int + $2::int", 1)


async def test_the_facts_of_the_run_are_settings(runs):
    """The statement reads them with current_setting(); a fact that the run does not have is empty."""
    run = await runs.run(
        "sql",
        {
            "statement": "select current_setting('cronsole.job_id'),"
            " current_setting('cronsole.execution_id'), current_setting('cronsole.fire_time')::timestamptz,"
            " current_setting('cronsole.attempt')::int,"
            " nullif(current_setting('cronsole.window_start'), '')::timestamptz"
        },
        fire_time=FIRE_TIME,
    )
    assert run.result["rows"] == [["TEST", str(run.execution_id), "2026-11-23T09:00:00Z", 1, None]]


async def test_facts_and_limits_end_with_the_transaction(runs):
    """The connection goes back to the pool as it came."""
    await result_of(runs, "select 1", timeout_seconds=5)
    async with runs.connection() as connection:
        left = await connection.fetchrow(
            "select current_setting('cronsole.job_id', true), current_setting('statement_timeout'),"
            " current_user"
        )
    assert tuple(left) == ("", "0", "postgres")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("select 1; select 2", "more than one statement"),
        ("selec 1", r"syntax error at or near \"selec\" \(SQLSTATE 42601\)"),
        ("select 1/0", r"division by zero \(SQLSTATE 22012\)"),
        ("commit", "ended its own transaction"),
        ("do $$ begin commit; end $$", "invalid transaction termination"),
        ("vacuum", "VACUUM cannot run inside a transaction block"),
        ("/* a /* b */ */ -- c\n copy notes from stdin", "COPY needs a client"),
        ("select '4713-01-01 BC'::date", "a value of the result cannot be shown; cast it to text"),
        (
            "insert into jobs (job_id, display_name, schedule_type, handler)"
            " values ('A', '', 'MANUAL', 'noop')",
            "display_name",
        ),
    ],
)
async def test_a_statement_that_fails_says_why(runs, statement, message):
    """What the server says is in the error, with its code, and the next run is none the worse for it."""
    with pytest.raises(StatementFailed, match=message):
        await result_of(runs, statement)
    assert (await result_of(runs, "select 1"))["rows"] == [[1]]


async def test_a_constraint_that_fails_at_the_commit_is_an_error_too(runs):
    """A deferred constraint is checked after the statement."""
    await runs.execute("create table once (n int unique deferrable initially deferred)")
    with pytest.raises(StatementFailed, match=r"duplicate key .*\n?.*DETAIL: Key \(n\)=\(1\) already exists"):
        await result_of(runs, "insert into once values (1), (1)")


@pytest.mark.parametrize("params", [{}, {"statement": "  "}, {"statement": "select 1", "role": "postgres"}])
async def test_parameters_that_do_not_fit_are_refused(runs, params):
    """A statement is required, and nothing else but its arguments is known."""
    with pytest.raises(InvalidInput, match="params of handler 'sql'"):
        runs.new("sql", params)


async def test_a_statement_runs_as_the_configured_role(database_server, database_url):
    """What the role may not, the statement may not; the role is gone after the run."""
    role = f"limited_{uuid4().hex}"
    registry = Registry([sql_handler(role)])
    async with handler_runs(database_url, registry) as runs:
        with pytest.raises(
            StatementFailed, match=r"CRONSOLE_SQL_ROLE cannot be used: role .* does not exist"
        ):
            await runs.run("sql", {"statement": "select 1"})
        await runs.execute(f"create role {role}")
        try:
            run = await runs.run("sql", {"statement": "select current_user"})
            assert run.result["rows"] == [[role]]
            with pytest.raises(StatementFailed, match="permission denied for table jobs"):
                await runs.run("sql", {"statement": "delete from jobs"})
            assert await runs.value("select current_user") == "postgres"
        finally:
            await runs.execute(f"drop role {role}")


async def test_secrets_are_arguments_and_stay_out_of_errors(runs):
    """The statement gets the value; the result and the error show its placeholder."""
    params = {"statement": "select $1::text, length($1)", "arguments": ["Bearer ${secret:TOKEN}"]}
    run = await runs.run("sql", params)
    assert run.redact(run.result)["rows"] == [["Bearer ${secret:TOKEN}", len("Bearer " + SECRET)]]
    with pytest.raises(StatementFailed, match="invalid input syntax for type integer") as caught:
        await runs.run("sql", {"statement": "select $1::text::int", "arguments": ["${secret:TOKEN}"]})
    assert "${secret:TOKEN}" in run.redact(str(caught.value))
    assert SECRET not in run.redact(str(caught.value))


async def test_a_long_secret_is_not_shown_in_part(runs):
    """Postgres would show the first 64 characters of a refused row, so a run with secrets shows no DETAIL."""
    params = {"statement": "insert into notes values (null, $1)", "arguments": ["${secret:LONG}"]}
    with pytest.raises(StatementFailed, match="null value in column") as caught:
        await runs.run("sql", params)
    assert "longlong" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_secret_within_the_statement_is_refused(runs):
    """The server logs the text of statements, so secrets are arguments only."""
    with pytest.raises(InvalidInput, match="'statement' of handler 'sql' may hold no secret"):
        runs.new("sql", {"statement": "select '${secret:TOKEN}'"})
    with pytest.raises(SecretUnavailable, match="belongs to the service"):
        runs.new("sql", {"statement": "select $1", "arguments": ["${secret:DATABASE_URL}"]})


async def test_a_run_that_lost_its_lease_executes_nothing(database, runs):
    """The statement is refused before it begins."""
    store = RunStore(database, database)
    handler = sql_handler()
    run = handler.new_run(a_sql_execution("insert into notes values (1, 'x')"), store, SECRETS)
    with pytest.raises(LeaseLost):
        await runs.work(run)
    assert await runs.value("select count(*) from notes") == 0


async def test_a_statement_past_its_timeout_ends_on_the_server_too(runs):
    """The run is a TIMEOUT after a second, and a second later nothing is left of it in the database."""
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
    handler = sql_handler()

    async def record(outcome):
        outcomes.put_nowait(outcome)
        return True

    def prepare(execution):
        run = handler.new_run(execution, runs, SECRETS)
        return Work(lambda: handler.work(run), handler.is_blocking, run, run.redact)

    async with asyncio.TaskGroup() as tasks:
        runner = Runner(
            SystemClock(), slots=1, prepare=prepare, record=record, on_slot_freed=lambda: None, tasks=tasks
        )
        statement = "select pg_advisory_xact_lock(7), pg_sleep(60)"
        runner.start(a_sql_execution(statement, timeout_seconds=1))
        outcome = await outcomes.get()
    assert outcome.status is ExecutionStatus.TIMEOUT
    assert outcome.error_details == ["timed out after 1 s"]
    async with asyncio.timeout(3):
        await runs.value("select pg_advisory_lock(7)")  # free once the statement has ended


async def test_a_run_waits_for_a_connection_while_others_have_them_all(database_url, monkeypatch):
    """One slow statement more than there are connections is no outage: it is late, and does not fail."""
    monkeypatch.setattr(pool, "ACQUIRE_SECONDS", 0.01)
    settings: dict[str, Any] = {"size": 1, "client_seconds": None, "is_for_handlers": True}
    async with open_database(database_url, application_name="runs", **settings) as database:

        async def sleep():
            async with database.connection() as connection:
                return await connection.fetchval("select 1 from pg_sleep(0.1)")

        assert list(await asyncio.gather(sleep(), sleep())) == [1, 1]


async def test_without_a_timeout_the_server_keeps_one_of_an_hour(runs):
    """A job without a limit does not hold a transaction for ever."""
    assert (await result_of(runs, "select current_setting('statement_timeout')"))["rows"] == [["1h"]]
