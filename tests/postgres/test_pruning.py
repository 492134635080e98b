"""Pruning: by age and by number, in batches, and never what has not ended."""

import asyncio
from datetime import timedelta

import pytest

from service.database.pool import Database
from service.database.pruning import STATEMENTS, PruningStore
from service.domain.clock import SystemClock
from service.domain.errors import DatabaseUnavailable
from service.domain.retention import Retention
from service.execution import pruner
from service.execution.pruner import keep_pruning, prune
from tests.support.clock import FakeClock
from tests.support.fleet import FakeReplica
from tests.support.jobs import MONDAY_9AM

DAY = timedelta(days=1)
# One row an hour, the first now.
ROWS = {
    "job_executions": """
        insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, start_time)
        select gen_random_uuid(), 'A', 'A', 'noop', 'SUCCESS', 'SCHEDULE',
               clock_timestamp() - i * interval '1 hour'
          from generate_series(0, $1::integer - 1) i
    """,
    "job_fires": """
        insert into job_fires (job_id, fire_time, outcome, revision, replica_id)
        select 'A', clock_timestamp() - i * interval '1 hour', 'STARTED', 1, gen_random_uuid()
          from generate_series(0, $1::integer - 1) i
    """,
    "job_execution_logs": """
        insert into job_execution_logs (execution_id, job_id, logged_at, level, logger, message)
        select gen_random_uuid(), 'A', clock_timestamp() - i * interval '1 hour', 'info', 'test', 'x'
          from generate_series(0, $1::integer - 1) i order by i desc
    """,
    "job_changes": """
        insert into job_changes (job_id, operation, changed_by, changed_at)
        select 'A', 'UPDATE', 'test', clock_timestamp() - i * interval '1 hour'
          from generate_series(0, $1::integer - 1) i order by i desc
    """,
    "job_execution_stats": """
        insert into job_execution_stats (job_id, hour)
        select 'A', clock_timestamp() - i * interval '1 hour' from generate_series(0, $1::integer - 1) i
    """,
    "replicas": """
        insert into replicas (replica_id, version, handlers, lease_expires_at)
        select gen_random_uuid(), 'test', '{}', clock_timestamp() - i * interval '1 hour'
          from generate_series(0, $1::integer - 1) i
    """,
    "lease_gaps": """
        insert into lease_gaps (from_time, to_time)
        select clock_timestamp() - (i + 1) * interval '1 hour', clock_timestamp() - i * interval '1 hour'
          from generate_series(0, $1::integer - 1) i
    """,
    "idempotency_keys": """
        insert into idempotency_keys (subject, key, call, request_hash, created_at)
        select 'x', i::text, 'POST /', '', clock_timestamp() - i * interval '1 hour'
          from generate_series(0, $1::integer - 1) i
    """,
}
TIMES = {
    "job_executions": "start_time",
    "job_fires": "fire_time",
    "job_execution_logs": "logged_at",
    "job_changes": "changed_at",
    "job_execution_stats": "hour",
    "replicas": "lease_expires_at",
    "lease_gaps": "to_time",
    "idempotency_keys": "created_at",
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, one after the other."""
    monkeypatch.setattr(pruner, "MOST_ROWS_A_BATCH", 100)
    monkeypatch.setattr(pruner, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def pruning(database: Database) -> PruningStore:
    return PruningStore(database)


@pytest.fixture
async def fill(database):
    """Fill a table with so many rows, one an hour, after emptying it."""

    async def fill(table: str, number: int) -> None:
        async with database.connection() as connection:
            await connection.execute(f"delete from {table}")
            await connection.execute(ROWS[table], number)

    return fill


async def value(database, query, *arguments):
    async with database.connection() as connection:
        return await connection.fetchval(query, *arguments)


async def ages(database, table):
    """The ages of the rows that are left, in whole hours, the newest first."""
    query = f"select extract(epoch from clock_timestamp() - {TIMES[table]}) as age from {table}"
    async with database.connection() as connection:
        return sorted(int(row["age"]) // 3600 for row in await connection.fetch(query))


@pytest.mark.parametrize("table", STATEMENTS)
async def test_rows_are_kept_up_to_their_age(pruning, database, fill, table):
    """Of a thousand hours the last ten days stay, exactly."""
    await fill(table, 1_000)
    deleted = await prune(SystemClock(), pruning, {table: Retention(10 * DAY)})
    assert deleted == {table: 760}
    assert await ages(database, table) == list(range(240))


@pytest.mark.parametrize("is_analysed", [False, True])
@pytest.mark.parametrize("table", [name for name, each in STATEMENTS.items() if each.beyond])
async def test_rows_are_kept_up_to_their_number(pruning, database, fill, table, is_analysed):
    """The newest 250 stay; a second round finds nothing to do; a larger number deletes nothing."""
    await fill(table, 1_000)
    if is_analysed:
        await value(database, f"vacuum analyze {table}")
    assert await prune(SystemClock(), pruning, {table: Retention(999 * DAY, 2_000)}) == {table: 0}
    assert await prune(SystemClock(), pruning, {table: Retention(999 * DAY, 250)}) == {table: 750}
    assert await ages(database, table) == list(range(250))
    assert await prune(SystemClock(), pruning, {table: Retention(999 * DAY, 250)}) == {table: 0}


async def test_an_execution_that_has_not_ended_is_never_deleted(pruning, database, fill):
    """However old it is, by age and by number; what it reported goes with an ended one."""
    await fill("job_executions", 500)
    async with database.connection() as connection:
        await connection.execute(
            "insert into job_execution_progress select execution_id, 1 from job_executions"
        )
        await connection.execute(
            "update job_executions set status = case when random() < 0.5 then 'QUEUED' else 'RUNNING' end"
            " where start_time < clock_timestamp() - interval '480 hours'"
        )
    await prune(SystemClock(), pruning, {"job_executions": Retention(DAY)})
    await prune(SystemClock(), pruning, {"job_executions": Retention(DAY, 10)})
    assert await ages(database, "job_executions") == [*range(10), *range(480, 500)]
    assert await value(database, "select count(*) from job_execution_progress") == 30


async def test_a_live_replica_stays(pruning, database, fill):
    """Only leases that ended more than a day ago are forgotten."""
    await fill("replicas", 50)
    replica = await FakeReplica.join(database)
    await prune(SystemClock(), pruning, {"replicas": Retention(DAY)})
    assert await value(database, "select count(*) from replicas") == 24 + 1
    assert await value(database, "select true from replicas where replica_id = $1", replica.replica_id)


async def test_replicas_that_prune_together_do_no_more_and_no_less(pruning, database, fill):
    """Four rounds at once, on every table: no deadlock, and together they delete each row once."""
    for table in STATEMENTS:
        await fill(table, 2_000)
    kept = dict.fromkeys(STATEMENTS, Retention(10 * DAY, 200))
    rounds = await asyncio.gather(*(prune(SystemClock(), pruning, kept) for _ in range(4)))
    rounds.append(await prune(SystemClock(), pruning, kept))
    for table, statements in STATEMENTS.items():
        left = 200 if statements.beyond else 240
        assert await ages(database, table) == list(range(left)), table
        assert sum(each[table] for each in rounds) == 2_000 - left, table


@pytest.mark.parametrize("table", [name for name in STATEMENTS if name != "job_changes"])
async def test_a_row_that_somebody_holds_is_passed_over(pruning, database, fill, table):
    """A pruner waits for nobody: the rest of its batch goes."""
    await fill(table, 50)
    async with database.transaction() as other:
        await other.execute(f"select from {table} order by {TIMES[table]} limit 10 for update")
        assert await pruning.delete(table, DAY, None, 100) == 16
    assert await pruning.delete(table, DAY, None, 100) == 10


async def test_a_batch_is_no_larger_than_it_may_be(pruning, database, fill):
    """Tables take turns, a batch each, with pauses between."""
    sizes: list[tuple[str, int]] = []

    class Watched(PruningStore):
        async def delete(self, table, age, beyond, limit):
            sizes.append((table, await super().delete(table, age, beyond, limit)))
            return sizes[-1][1]

    await fill("job_fires", 250)
    await fill("job_changes", 150)
    retention = Retention(timedelta(0))
    await prune(SystemClock(), Watched(database), {"job_fires": retention, "job_changes": retention})
    assert sizes == [
        *(("job_fires", 100), ("job_changes", 100)),
        *(("job_fires", 100), ("job_changes", 50)),
        ("job_fires", 50),
    ]


@pytest.mark.parametrize("table", STATEMENTS)
async def test_the_plan_does_not_read_the_whole_table(database, fill, table):
    """At 10,000 rows a batch that finds nothing is an index's first page, not a scan."""
    await fill(table, 10_000)
    async with database.connection() as connection:
        await connection.execute(f"analyze {table}")
        await connection.execute("set enable_seqscan = off")  # a small table may well be scanned
        arguments = [timedelta(days=999), None, 100]
        plan = await connection.fetch(
            "explain (analyze, format text) " + STATEMENTS[table].delete, *arguments
        )
    text = "\n".join(row[0] for row in plan)
    assert table == "replicas" or f"Seq Scan on {table}" not in text, text
    assert "Rows Removed by Filter: 10000" not in text or table == "replicas", text


async def test_a_table_that_cannot_be_pruned_keeps_no_other_from_it(pruning, database, fill):
    """Its fault is logged, the others' rows go."""
    await fill("job_fires", 50)
    kept = {"no_such_table": Retention(DAY), "job_fires": Retention(DAY)}
    assert await prune(SystemClock(), pruning, kept) == {"no_such_table": 0, "job_fires": 26}


async def test_a_round_comes_every_ten_minutes(monkeypatch):
    """Jittered, and again after the database was away."""
    clock, rounds = FakeClock(MONDAY_9AM), []

    class Away:
        async def beyond(self, *_):
            rounds.append(clock.now() - MONDAY_9AM)
            raise DatabaseUnavailable("away")

        async def delete(self, *_):
            raise AssertionError

    pruning = asyncio.create_task(keep_pruning(clock, Away(), {"job_fires": Retention(DAY, 1)}))
    await clock.advance(hours=2)
    pruning.cancel()
    assert 10 <= len(rounds) <= 15
    assert rounds[0] <= timedelta(minutes=10)
