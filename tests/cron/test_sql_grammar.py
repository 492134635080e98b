"""The grammar in SQL judges every expression as the one in Python does, in the same words."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import asyncpg
import pytest

from tests.cron.cases import Case, judged_by_python, known_cases, random_expressions
from tests.cron.test_oracle import oracle_expressions

SCHEMA = Path(__file__).parents[2] / "schema" / "007_cron.sql"
RANDOM_EXPRESSIONS = 20_000
JUDGE = """
    select expression, message, hint
      from unnest($1::text[]) with ordinality as asked(expression, number), cron_fault(expression)
     order by number
"""


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database that holds the grammar and nothing else."""
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(SCHEMA.read_text("utf-8"))
    yield connection
    await connection.close()


async def judged_by_sql(connection: asyncpg.Connection, expressions: Iterable[str]) -> list[Case]:
    """The cases that SQL's grammar makes of expressions."""
    return [Case(*row) for row in await connection.fetch(JUDGE, list(expressions))]


async def test_sql_judges_the_known_cases_as_the_table_says(connection: asyncpg.Connection):
    """Verdict, message and hint are those of `cases.jsonl`."""
    cases = known_cases()
    assert await judged_by_sql(connection, (case.expression for case in cases)) == cases


async def test_sql_and_python_agree_on_random_expressions(connection: asyncpg.Connection):
    """20,000 expressions, half of them with faults put in."""
    expressions = list(random_expressions(seed=20_260_101, count=RANDOM_EXPRESSIONS))
    assert await judged_by_sql(connection, expressions) == [*map(judged_by_python, expressions)]


async def test_sql_and_python_agree_on_every_expression_of_the_oracle(connection: asyncpg.Connection):
    """Those that must be refused, those that fire, and those that may go either way."""
    expressions = [expression for expression in oracle_expressions() if "\0" not in expression]
    assert await judged_by_sql(connection, expressions) == [*map(judged_by_python, expressions)]


async def test_no_expression_is_no_fault(connection: asyncpg.Connection):
    """A MANUAL job has none."""
    row = await connection.fetchrow("select * from cron_fault(null)")
    assert row is not None
    assert tuple(row) == (None, None)
