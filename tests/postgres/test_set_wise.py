"""Every set-wise statement at 10,000 rows: its cost grows with the rows, whatever the planner knew.

The server counts the rows that are read. A nested loop that reads none, over arrays or rows kept aside, needs
50,000,000 comparisons where a hash needs 10,000, and meets the statement timeout. That is 4 s, where all else
takes less than half a second; or more where the machine is so busy that the first bulk insertion took longer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from service.database.plans import PlanStore
from service.database.pool import open_database
from service.domain.fire import Verdict
from service.domain.plan import Plan
from tests.support.executions import die, outcome
from tests.support.fleet import FakeReplica, database_now, due
from tests.support.sql import insert_jobs

JOBS = 10_000
MOST_ROWS_READ, SLACK = 20, 1_000
ROWS_READ = "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables"
EDIT = """
    update jobs set schedule_cron = '0 * * * * *', max_attempts = 2, on_lost = 'RETRY' where job_id = any ($1)
"""
EARLIER = "update jobs set planned_from = clock_timestamp() - interval '1 hour' where job_id = any ($1)"
CANCEL = "update job_executions set cancel_requested_at = clock_timestamp() where status = 'QUEUED'"
HISTORY = """
    insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, start_time)
    select gen_random_uuid(), 'A', 'A', 'noop', 'SUCCESS', 'SCHEDULE', now() - i * interval '1 minute'
      from generate_series(1, 20000) i
"""
FILL = """
    insert into job_fires (job_id, fire_time, outcome, revision, replica_id)
    select job_id, now() - interval '1 day', 'MISSED', 1, gen_random_uuid() from jobs
"""
REQUEST = "select verdict from request_execution($1, gen_random_uuid(), '{}', 'MANUAL', 'desk')"
SETTLED = """
    select sum(active_executions), sum(cardinality(recent_outcomes)) from job_state where job_id = any ($1)
"""


class Lender:
    """Lends one connection, as a pool would: what its session keeps, every statement meets."""

    def __init__(self, sql: Any) -> None:
        self._sql = sql

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        yield self._sql


@asynccontextmanager
async def linear(sql, rows: int) -> AsyncIterator[None]:
    """What runs inside reads at most 20 rows for each of `rows`, its commit included."""
    async with sql.transaction():
        before = await sql.fetchval(ROWS_READ)
        yield
        await sql.execute("set constraints all immediate")
        read = await sql.fetchval(ROWS_READ) - before
        assert read <= MOST_ROWS_READ * rows + SLACK, f"{read / rows:.1f} rows read for each"


async def limit_time(sql, since):
    """Let no statement take six times as long as what was done since then, but always four seconds."""
    spent = await sql.fetchval("select clock_timestamp()") - since
    limit_ms = max(4_000, round(6 * spent / timedelta(milliseconds=1)))
    await sql.execute(f"set statement_timeout = {limit_ms}")


async def change(sql, beside, job_ids):
    """Insert, change, change nothing; then let the plan have begun an hour ago.

    That needs a setting which makes a session forget its plans, so it is done `beside`, in another.
    """
    count = len(job_ids)
    await sql.execute("set statement_timeout = '60s'")
    started = await sql.fetchval("select clock_timestamp()")
    async with linear(sql, count):
        await insert_jobs(sql, *job_ids)
    await limit_time(sql, started)
    for _ in range(2):
        async with linear(sql, count):
            await sql.execute(EDIT, job_ids)
    async with beside.transaction():
        await beside.execute("set local session_replication_role = replica")
        await beside.execute(EARLIER, job_ids)


async def fire(sql, job_ids, mine, other):
    """Plan and decide a fire of each: half run, half are queued; then `other` takes all of them over."""
    plans, count = PlanStore(Lender(sql)), len(job_ids)  # type: ignore[arg-type]
    fire_time = await database_now(sql)
    async with linear(sql, count):
        await plans.record_plans([Plan(job_id, 2, fire_time) for job_id in job_ids])
    async with linear(sql, count):
        planned = await plans.planned_jobs(job_ids)
    assert [each.job.revision for each in planned] == [2] * count
    claims = [due(job_id, fire_time, revision=2, following=fire_time) for job_id in job_ids]
    async with linear(sql, count):
        won = [judgement.verdict for judgement in await mine.claims.claim(claims, count // 2)]
    assert (won.count(Verdict.RUN), won.count(Verdict.QUEUED)) == (count // 2, count - count // 2)
    claims = [due(job_id, fire_time, revision=2) for job_id in job_ids]
    async with linear(sql, count):
        lost = await other.claims.claim(claims, count)
    assert {judgement.verdict for judgement in lost} == {Verdict.TAKEN}
    async with linear(sql, count):
        running = await mine.claims.owned()
    async with linear(sql, count):
        assert len(await mine.outcomes.hand_over(running)) == count // 2
    async with linear(sql, count):
        assert len(await other.claims.take(count)) == count


async def end(sql, job_ids, mine, other):
    """A third fails and a third succeeds, then `other` dies with the rest; new attempts are cancelled."""
    count, third = len(job_ids), len(job_ids) // 3
    async with linear(sql, count):
        owned = await other.claims.owned()
    ended = [
        outcome(each.execution_id, "FAILED" if n < third else "SUCCESS", each.fencing_number)
        for n, each in enumerate(owned[: 2 * third])
    ]
    async with linear(sql, count):
        assert len(await other.outcomes.close(ended)) == 2 * third
    await die(sql, other)
    async with linear(sql, count):
        assert len(await mine.outcomes.reap(count)) == count - 2 * third
    await sql.execute(CANCEL)
    async with linear(sql, count):
        assert len(await mine.outcomes.close_cancelled(count)) == count - third
    assert tuple(await sql.fetchrow(SETTLED, job_ids)) == (0, 2 * count - third)


async def live(sql, job_ids):
    """Take these jobs through everything that is done set-wise."""
    mine, other = [await FakeReplica.join(Lender(sql)) for _ in range(2)]  # type: ignore[arg-type]
    await fire(sql, job_ids, mine, other)
    await end(sql, job_ids, mine, other)


@pytest.fixture
async def session(database_url) -> AsyncIterator[Any]:
    """One connection of a pool, whose session keeps its plans."""
    async with (
        open_database(
            database_url, application_name="set-wise", size=1, statement_seconds=60, client_seconds=None
        ) as database,
        database.connection() as connection,
    ):
        yield connection


@pytest.mark.parametrize("is_analyzed", [False, True])
async def test_a_long_history_is_not_read(session, sql, is_analyzed):
    """By fires that replace, manual triggers that are refused, and the end of runs."""
    await change(session, sql, ["A", "B"])
    await session.execute("update jobs set overlap_policy = 'REPLACE' where job_id = 'A'")
    await session.execute(HISTORY)
    if is_analyzed:
        await session.execute("analyze")
    replica, now = await FakeReplica.join(Lender(session)), await database_now(session)  # type: ignore[arg-type]
    for seconds in (3, 2):
        claims = [
            due(job_id, now - timedelta(seconds=seconds), revision=each)
            for job_id, each in (("A", 3), ("B", 2))
        ]
        async with linear(session, 2):
            await replica.claims.claim(claims, 9)
    for job_id in ("A", "B"):
        async with linear(session, 1):
            [row] = await session.fetch(REQUEST, job_id)
        assert row["verdict"] == "OVERLAP"
    async with linear(session, 2):
        owned = await replica.claims.owned()
    async with linear(session, 2):
        assert await replica.outcomes.reap(9) == []
    async with linear(session, 2):
        await replica.outcomes.close([outcome(each.execution_id, "CANCELLED") for each in owned])
    async with linear(session, 1):
        assert len(await replica.claims.take(9)) == 1


@pytest.mark.parametrize("knowledge", ["none", "analyzed", "analyzed while empty", "kept from one row"])
async def test_ten_thousand_rows_cost_ten_thousand_times_one(session, sql, knowledge):
    """Without statistics, with true and with outdated ones, and by plans kept from when there was one job."""
    if knowledge == "kept from one row":
        for turn in range(6):
            await change(session, sql, [f"ONE{turn}"])
            await live(session, [f"ONE{turn}"])
    job_ids = [f"J{i:05}" for i in range(JOBS)]
    await change(session, sql, job_ids)
    if knowledge == "analyzed while empty":
        await session.execute(FILL)
        await session.execute("delete from job_fires")
    if "analyzed" in knowledge:
        await session.execute("analyze")
    await live(session, job_ids)
    async with linear(session, JOBS):
        await session.execute("delete from jobs where job_id = any ($1)", job_ids)
