"""Recorded next fire times: the first for a revision counts, and a lagging replica changes nothing."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from service.database.plans import PlanStore
from service.domain.plan import Plan
from tests.support.executions import SECOND, start, state_of
from tests.support.fleet import FakeReplica, database_now, insert_job


@pytest.fixture
def plans(database) -> PlanStore:
    return PlanStore(database)


@pytest.fixture
async def now(sql):
    await insert_job(sql, "A")
    return await database_now(sql)


async def planned(sql):
    s = await state_of(sql)
    return s["planned_revision"], s["next_fire_time"], s["schedule_error"]


async def test_the_first_replica_records_the_plan(plans, sql, now):
    """What the others say of the same revision changes nothing, nor does what nobody has."""
    await plans.record_plans([Plan("A", 1, now + SECOND), Plan("NO SUCH JOB", 1, now)])
    await plans.record_plans([Plan("A", 1, now + 2 * SECOND)])
    assert await planned(sql) == (1, now + SECOND, None)


async def test_a_schedule_that_cannot_be_read_is_shown_and_mended(plans, sql, now):
    """Until the next revision."""
    await plans.record_plans([Plan("A", 1, None, "it never fires")])
    assert await planned(sql) == (1, None, "it never fires")
    await sql.execute("update jobs set schedule_cron = '0 0 3 * * *' where job_id = 'A'")
    await plans.record_plans([Plan("A", 2, now + SECOND)])
    assert await planned(sql) == (2, now + SECOND, None)


@pytest.mark.parametrize("revision", [1, 3])
async def test_a_plan_of_another_revision_changes_nothing(plans, sql, now, revision):
    """Neither of one that lags nor of one that was rolled back."""
    await sql.execute("update jobs set description = 'x' where job_id = 'A'")
    await plans.record_plans([Plan("A", revision, now + 2 * SECOND)])
    assert await planned(sql) == (None, None, None)


async def test_a_plan_from_before_an_edit_does_not_overwrite_the_newer(plans, sql, now, database_url):
    """It had read the old revision, and waited for the row meanwhile."""
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("select from job_state where job_id = 'A' for update")
        lagging = asyncio.create_task(plans.record_plans([Plan("A", 1, now + SECOND)]))
        while not await sql.fetchval(
            "select exists (select from pg_stat_activity a where cardinality(pg_blocking_pids(a.pid)) > 0)"
        ):
            pass
        await sql.execute("update jobs set schedule_cron = '0 0 3 * * *' where job_id = 'A'")
        await other.execute(
            "update job_state set planned_revision = 2, next_fire_time = $1 where job_id = 'A'",
            now + 9 * SECOND,
        )
    await lagging
    assert await planned(sql) == (2, now + 9 * SECOND, None)
    await other.close()


async def test_a_fire_that_was_decided_is_not_announced_as_the_next(plans, database, sql, now):
    """A slow replica's plan names the fire that others have decided already."""
    replica = await FakeReplica.join(database)
    await sql.execute("update jobs set description = 'x' where job_id = 'A'")
    await start(replica, sql, revision=2, following=now + timedelta(minutes=5))
    await sql.execute("update job_state set planned_revision = 1")
    await plans.record_plans([Plan("A", 2, now - 60 * SECOND)])
    assert (await planned(sql))[1] == now + timedelta(minutes=5)


async def test_a_new_job_of_an_old_id_gets_its_plan(plans, sql, now):
    """The old one's plan was of revision 1 too."""
    await plans.record_plans([Plan("A", 1, now + SECOND)])
    await sql.execute("delete from jobs where job_id = 'A'")
    await insert_job(sql, "A")
    [job] = [each.job for each in await plans.planned_jobs(["A"])]
    assert await plans.revisions() == {**(await plans.revisions()), "A": 2}
    await plans.record_plans([Plan("A", job.revision, now + 9 * SECOND)])
    assert await planned(sql) == (2, now + 9 * SECOND, None)


async def test_two_replicas_that_record_all_plans_at_once_do_not_deadlock(plans, sql, now):
    """In whatever order they hold them."""
    ids = [f"J{n:03}" for n in range(100)]
    for job_id in ids:
        await insert_job(sql, job_id)
    orders = [ids, ids[::-1], ids[50:] + ids[:50]] * 3
    await asyncio.gather(
        *(plans.record_plans([Plan(job_id, 1, now) for job_id in order]) for order in orders)
    )
    assert await sql.fetchval("select count(*) from job_state where next_fire_time = $1", now) == 100
