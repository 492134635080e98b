"""The doctor on real databases, healthy and not."""

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from service.database.pool import Database
from service.database.vitals import record_vitals
from service.doctor import examine
from service.domain.cron import tzdata_version
from service.domain.diagnosis import Finding, Measurements, Severity
from service.pools import CONNECTIONS
from service.settings import Settings
from tests.support.fleet import FakeReplica, insert_job
from tests.support.transaction_pooler import transaction_pooler

REPOSITORY = Path(__file__).parents[2]
# Of the server that tests run on, which forgets everything anyway.
OURS = {"server_settings", "connections"}
FAMILIES = ("marketdata", "fundamentals")
PLAN_ALL = """
    update job_state s
       set planned_revision = j.revision, next_fire_time = clock_timestamp() + interval '1 hour'
      from jobs j where j.job_id = s.job_id
"""


async def findings_of(database_url: str, **settings: str) -> list[Finding]:
    """What the doctor says about a database, but for the test server's own settings."""
    wanted = Settings(database_url=database_url, **settings)  # type: ignore[arg-type]
    return [each async for each in examine(wanted, CONNECTIONS) if each.code not in OURS]


def odd(findings: list[Finding]) -> list[tuple[str, Severity]]:
    """What is not in order."""
    return [(each.code, each.severity) for each in findings if each.severity is not Severity.OK]


async def execute(database: Database, *statements: str) -> None:
    """Change something by hand."""
    async with database.connection() as connection:
        for statement in statements:
            await connection.execute(statement)


@pytest.fixture
async def replica(database: Database) -> FakeReplica:
    """A live replica that knows the handlers of the four jobs, has planned them, and is well."""
    handlers = ["noop", *(f"{family}.{kind}" for family in FAMILIES for kind in ("incremental", "backfill"))]
    joined = await FakeReplica.join(database, handlers=handlers)
    await record_vitals(database, joined.replica_id, tzdata_version(), Measurements(), [])
    await execute(database, PLAN_ALL)
    return joined


async def test_a_healthy_database_has_no_findings_and_is_only_read(
    database_url: str, database: Database, replica: FakeReplica
):
    """Every check says ok, where nothing could be written."""
    name = urlsplit(database_url).path.lstrip("/")
    await execute(database, f"alter database {name} set default_transaction_read_only = on")
    findings = await findings_of(database_url)
    assert odd(findings) == []
    assert {"settings", "handlers", "database", "server_version", "migrations", "rights", "clock_offset"} <= {
        each.code for each in findings
    }
    assert {"pooler", "notifications", "replicas", "tzdata", "jobs"} <= {each.code for each in findings}


async def test_jobs_in_trouble_are_named(database_url: str, database: Database, replica: FakeReplica):
    """Overdue, parked, and one whose handler nobody alive has."""
    async with database.connection() as connection:
        for job_id, handler in (("LATE", "noop"), ("PARKED", "noop"), ("STRANGE", "risk.report")):
            await insert_job(connection, job_id, handler=handler)
    await execute(
        database,
        "update job_state set planned_revision = 1, next_fire_time = clock_timestamp() - interval '90 s'"
        " where job_id = 'LATE'",
        "update job_state set planned_revision = 1, schedule_error = 'no such day' where job_id = 'PARKED'",
    )
    findings = {each.code: each for each in await findings_of(database_url)}
    assert "LATE is 90 s overdue" in findings["overdue"].sentence
    assert findings["parked"].sentence == "Job PARKED never fires: no such day."
    assert "STRANGE wants the handler risk.report" in findings["no_handler"].sentence


async def test_a_paused_job_is_not_overdue(database_url: str, database: Database, replica: FakeReplica):
    """It does what it should: nothing."""
    async with database.connection() as connection:
        await insert_job(connection, "PAUSED")
    late = "next_fire_time = clock_timestamp() - interval '90 s' where job_id = 'PAUSED'"
    await execute(database, f"update job_state set planned_revision = 1, {late}")
    assert odd(await findings_of(database_url)) == [("overdue", Severity.PROBLEM)]
    await execute(database, "update jobs set paused_until = 'infinity' where job_id = 'PAUSED'")
    await execute(database, f"update job_state set planned_revision = 2, {late}")
    assert odd(await findings_of(database_url)) == []


async def test_the_fleet_is_looked_at(database_url: str, database: Database, replica: FakeReplica):
    """A dead lease, zone data of another year, and what a replica says of itself."""
    await FakeReplica.join(database, lease_seconds=-30)
    blocked = Finding("loop_blocked", Severity.PROBLEM, "Something blocked the event loop.")
    await record_vitals(database, replica.replica_id, "1999a", Measurements(loop_lag_ms=9_000), [blocked])
    found = [
        ("dead_lease", Severity.WARNING),
        ("loop_blocked", Severity.PROBLEM),
        ("tzdata", Severity.WARNING),
    ]
    assert odd(await findings_of(database_url)) == found


async def test_missing_rights_are_listed(database_url: str, database: Database, replica: FakeReplica):
    """A role that may only read is told what it lacks, table by table."""
    role = f"{urlsplit(database_url).path.lstrip('/')}_reader"
    await execute(
        database, f"create role {role} login", f"grant select on all tables in schema public to {role}"
    )
    parts = urlsplit(database_url)
    url = urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))
    findings = {each.code: each for each in await findings_of(url)}
    assert "insert on jobs, update on jobs, delete on jobs" in findings["rights"].sentence
    await execute(database, f"drop owned by {role}", f"drop role {role}")


async def test_an_empty_database_only_wants_its_migrations(empty_database_url: str):
    """`serve` would apply them."""
    assert odd(await findings_of(empty_database_url)) == [("migrations", Severity.WARNING)]


async def test_a_foreign_database_is_a_problem(empty_database_url: str):
    """Another system's `jobs` is left alone, and the sentence says what to do."""
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("create table jobs (id integer)")
    await connection.close()
    [*_, finding] = await findings_of(empty_database_url)
    assert finding.severity is Severity.PROBLEM
    assert "another system" in finding.sentence


async def test_a_pooler_without_a_way_past_it_is_a_problem(database_url: str, replica: FakeReplica):
    """With LISTEN_DATABASE_URL past it, only the pooler itself is worth a warning."""
    async with transaction_pooler(database_url) as url:
        assert odd(await findings_of(url)) == [
            ("pooler", Severity.WARNING),
            ("notifications", Severity.PROBLEM),
        ]
        assert odd(await findings_of(url, listen_database_url=database_url)) == [("pooler", Severity.WARNING)]


async def test_a_database_that_does_not_answer_is_a_problem_without_an_address():
    """The sentence may be pasted anywhere."""
    [*_, finding] = await findings_of("postgresql://somebody:secret@127.0.0.1:1/nothing")
    assert (finding.code, finding.severity) == ("database", Severity.PROBLEM)
    assert not {"127.0.0.1", "secret"} & set(finding.text.split())


@pytest.mark.parametrize(("port", "status"), [("1", 1), (None, 0)])
async def test_the_command_says_it_in_words_and_in_its_exit_status(
    database_url: str, replica: FakeReplica, port: str | None, status: int
):
    """A line per thing looked at; 1 if there is a problem."""
    url = f"postgresql://nobody@127.0.0.1:{port}/nothing" if port else database_url
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "doctor"),
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == status
    assert all(line.startswith(("ok: ", "warning: ", "problem: ")) for line in output.decode().splitlines())
    assert output.startswith(b"ok: The settings can be used.\n")
