"""The README's example of a team's own handler, as it stands there."""

import re
from datetime import date
from pathlib import Path

import pytest

from service.database.runs import RunStore
from service.domain.errors import InvalidInput
from service.handlers.catalogue import check_overrides, load_handlers
from service.handlers.secrets import Secrets
from tests.support.fleet import FakeReplica

README = Path(__file__).parents[2] / "README.md"
TABLES = """
    create table trades (desk text, book text, day date, quantity numeric, price numeric);
    create table desk_reports (
        desk text, book text, day date, notional numeric, primary key (desk, book, day));
    insert into trades values ('FX', 'SPOT', '2026-11-24', 2, 10.5), ('FX', 'SPOT', '2026-11-24', 1, 4),
                              ('FX', 'SPOT', '2026-11-23', 9, 9), ('RATES', 'SPOT', '2026-11-24', 9, 9);
"""


def example(mark: str, language: str) -> str:
    """The code block of the README that follows this mark."""
    pattern = rf"<!-- example: {mark} -->\n```{language}\n(.*?)```\n"
    [block] = re.findall(pattern, README.read_text(), re.DOTALL)
    return str(block)


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """What a replica with CRONSOLE_HANDLERS=desk_report can run."""
    (tmp_path / "desk_report.py").write_text(example("handler", "python"))
    monkeypatch.syspath_prepend(tmp_path)
    return load_handlers(["desk_report"])


async def test_the_example_of_the_readme_runs(registry, database):
    """Loaded as a module, triggered from psql, claimed and run: its rows, counters and result are there."""
    handler = registry.find("desk.report")
    async with database.connection() as connection:
        await connection.execute(TABLES)
        replica = await FakeReplica.join(database, handlers=registry.names)
        overridable = {each.name: sorted(each.overridable) for each in registry}
        await connection.execute("update replicas set overridable = $1", overridable)
        await connection.execute(example("handler job", "sql"))
    [execution] = await replica.claims.owned(await replica.claims.take(10))
    run = handler.new_run(execution, RunStore(database, database), Secrets({}))
    await handler.work(run)
    assert (run.result, run.data_points_stored) == ({"books": 2}, 2)
    async with database.connection() as connection:
        rows = await connection.fetch("select book, day, notional from desk_reports order by book")
        progress = await connection.fetchval("select checkpoint from job_execution_progress")
    assert [tuple(row) for row in rows] == [
        ("FORWARD", date(2026, 11, 24), 0),
        ("SPOT", date(2026, 11, 24), 25),
    ]
    assert progress == 2


async def test_the_example_of_the_readme_says_what_a_trigger_may_override(registry):
    """The desk and the day, of their types, and not the books."""
    check_overrides(registry, "desk.report", {"desk": "RATES", "day": "2026-11-24"})
    for params in ({"books": ["SPOT"]}, {"day": "tomorrow"}):
        with pytest.raises(InvalidInput):
            check_overrides(registry, "desk.report", params)
