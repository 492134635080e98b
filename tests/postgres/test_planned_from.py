"""planned_from: when what decides fires last changed, up to the commit of the change, and never backwards."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from service.domain.fire import Verdict
from tests.support.fleet import FakeReplica, database_now, due
from tests.support.sql import acting_as, hearing, insert_jobs, insert_many_jobs, job

LONG = "select pg_sleep(0.12)"
MOVES = "update jobs set schedule_cron = '0 0 3 * * *' where job_id = "


async def clock(sql):
    return await sql.fetchval("select clock_timestamp()")


async def early_in_a_second(sql):
    """Return in the first half of a second of the database's clock: a short transaction crosses none."""
    await sql.execute("""
        select pg_sleep(case when f < 0.5 then 0 else 1 - f end)
          from (select extract(epoch from clock_timestamp())::numeric % 1 as f) now
    """)


@pytest.fixture(autouse=True)
async def job_a(sql):
    await insert_jobs(sql, "A", "B")


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ("schedule_cron = '0 0 3 * * *'", True),
        ("time_zone = 'Asia/Tokyo'", True),
        ("clock_change_policy = 'WALL'", True),
        ("enabled = false", True),
        ("schedule_type = 'MANUAL', schedule_cron = null", True),
        ("display_name = 'x'", False),
        ("description = 'x'", False),
        ("job_group = 'x'", False),
        ("handler = 'x'", False),
        ("params = '{\"a\": 1}'", False),
        ("overlap_policy = 'ALLOW'", False),
        ("misfire_policy = 'ALL', misfire_grace_seconds = 1", False),
        ("timeout_seconds = 1, max_attempts = 2, retry_backoff_seconds = 3", False),
        ("on_lost = 'RETRY', overdue_after_seconds = 1", False),
        ("paused_until = 'infinity', pause_reason = 'x'", False),
    ],
)
async def test_it_moves_with_what_decides_fires_and_with_nothing_else(sql, change, moves):
    """The revision grows with every change."""
    before = await job(sql)
    await sql.execute(f"update jobs set {change} where job_id = 'A'")
    after = await job(sql)
    assert after["revision"] == 2
    assert (
        after["planned_from"] > before["planned_from"]
        if moves
        else after["planned_from"] == before["planned_from"]
    )


async def test_it_never_moves_backwards(sql):
    """Even where the database's clock was set back."""
    future = await clock(sql) + timedelta(days=1)
    async with sql.transaction():
        await sql.execute("set local session_replication_role = replica")
        await sql.execute("update jobs set planned_from = $1", future)
    await sql.execute(MOVES + "'A'")
    assert (await job(sql))["planned_from"] == future + timedelta(microseconds=1)
    async with sql.transaction():
        await sql.execute(MOVES + "'B'")
        await sql.execute(LONG)
    assert (await job(sql, "B"))["planned_from"] == future + timedelta(microseconds=1)


async def test_a_short_transaction_is_stamped_by_its_statement(sql):
    """No second update of the rows."""
    await early_in_a_second(sql)
    async with sql.transaction():
        await sql.execute(MOVES + "'A'")
        inside = await job(sql)
    assert await job(sql) == inside
    assert inside["planned_from"] == inside["updated_at"]


async def test_a_long_transaction_moves_it_to_the_commit(sql, database_url):
    """Without a new revision, a second row of audit or a second notification."""
    async with hearing(database_url, "cronsole_jobs") as heard:
        async with sql.transaction():
            await sql.execute(MOVES + "'A'")
            inside = await job(sql)
            await sql.execute(LONG)
            before_commit = await clock(sql)
        after_commit = await clock(sql)
        assert await heard.all() == ["A"]
    outside = await job(sql)
    assert before_commit <= outside["planned_from"] <= after_commit
    assert {name for name in outside if outside[name] != inside[name]} == {"planned_from"}
    assert await sql.fetchval("select count(*) from job_changes where operation = 'UPDATE'") == 1
    assert await sql.fetchval("select count(*) from job_change_transactions") == 0


async def test_a_transaction_that_crosses_a_second_moves_it_too(sql):
    """Fires fall on whole seconds: however short it was, one may lie in it."""
    async with sql.transaction():
        await sql.execute("select pg_sleep(0.98 - extract(epoch from clock_timestamp())::numeric % 1)")
        await sql.execute(MOVES + "'A'")
        await sql.execute("select pg_sleep(0.03)")
        before_commit = await clock(sql)
    assert (await job(sql))["planned_from"] >= before_commit


async def test_what_was_rolled_back_to_a_savepoint_moves_nothing(sql):
    """The other change of the same transaction moves."""
    before = await job(sql)
    async with sql.transaction():
        savepoint = sql.transaction()
        await savepoint.start()
        await sql.execute(MOVES + "'A'")
        await savepoint.rollback()
        async with sql.transaction():
            await sql.execute(MOVES + "'B'")
        await sql.execute(LONG)
        before_commit = await clock(sql)
    assert await job(sql) == before
    assert (await job(sql, "B"))["planned_from"] >= before_commit


async def test_a_change_before_a_failed_savepoint_moves(sql):
    """The operator's typing error in between does not spoil it."""
    async with sql.transaction():
        await sql.execute(MOVES + "'A'")
        with pytest.raises(asyncpg.PostgresError):
            async with sql.transaction():
                await sql.execute("update jobs set schedule_cron = 'x' where job_id in ('A', 'B')")
        await sql.execute(LONG)
        before_commit = await clock(sql)
    assert (await job(sql))["planned_from"] >= before_commit
    assert (await job(sql, "B"))["revision"] == 1


async def test_two_statements_of_one_transaction_move_together(sql):
    """To one instant; what touched only a description stays."""
    await insert_jobs(sql, "C")
    before = await job(sql, "C")
    async with sql.transaction():
        await sql.execute(MOVES + "'A'")
        await sql.execute("update jobs set description = 'x' where job_id = 'C'")
        await sql.execute(LONG)
        await sql.execute(MOVES + "'B'")
    assert (await job(sql))["planned_from"] == (await job(sql, "B"))["planned_from"]
    assert (await job(sql, "C"))["planned_from"] == before["planned_from"]


async def test_a_new_job_is_planned_from_the_commit(sql):
    """An insertion is a change like any other, and so is the return of a job in the same transaction."""
    async with sql.transaction():
        await sql.execute("delete from jobs where job_id = 'A'")
        await insert_jobs(sql, "A", "NEW")
        await sql.execute(LONG)
        before_commit = await clock(sql)
    for job_id in ("A", "NEW"):
        assert (await job(sql, job_id))["planned_from"] >= before_commit


async def test_other_transactions_jobs_are_not_moved(sql, database_url):
    """Neither of one that committed meanwhile, nor of one that is still open."""
    await insert_jobs(sql, "C")
    second, third = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    open_edit = third.transaction()
    async with sql.transaction():
        await sql.execute(MOVES + "'A'")
        await second.execute(MOVES + "'B'")
        committed = await job(second, "B")
        await open_edit.start()
        await third.execute(MOVES + "'C'")
        await sql.execute(LONG)
    assert await job(sql, "B") == committed
    await open_edit.rollback()
    assert (await job(sql, "C"))["revision"] == 1
    for connection in (second, third):
        await connection.close()


async def test_a_bulk_change_moves_every_row_to_its_end(sql):
    """10,000 rows in one statement, which takes more than 100 ms."""
    await insert_many_jobs(sql, 10_000)
    started = await clock(sql)
    await sql.execute("update jobs set schedule_cron = '0 0 3 * * *' where job_id like 'J%'")
    ended = await clock(sql)
    assert ended - started > timedelta(milliseconds=100)
    rows = await sql.fetch("""
        select planned_from, max(updated_at) as stamped, count(*), max(revision) as revision
          from jobs where job_id like 'J%' group by 1
    """)
    [row] = rows
    assert (row["count"], row["revision"]) == (10_000, 2)
    assert row["stamped"] <= row["planned_from"] <= ended
    assert await sql.fetchval("select count(*) from job_changes where operation = 'UPDATE'") == 10_000


async def test_an_operator_without_further_rights_moves_it_too(sql):
    """The move is made in the owner's name."""
    async with acting_as(sql, "select on jobs", "update (schedule_cron) on jobs"):
        await sql.execute(MOVES + "'A'")
        stamped = await job(sql)
        await sql.execute(LONG)
        await sql.execute("set constraints all immediate")
        assert (await job(sql))["planned_from"] > stamped["planned_from"]


async def test_a_trigger_of_somebody_else_cannot_forge_it(sql):
    """Only a move up to now, and of nothing else, passes from inside a trigger."""
    await sql.execute("""
        create table trap (n int);
        create function spring() returns trigger language plpgsql as $$
        begin
            update jobs set planned_from = 'infinity' where job_id = 'A';
            update jobs set planned_from = clock_timestamp(), schedule_cron = 'x' where job_id = 'B';
            return null;
        end $$;
        create trigger spring after insert on trap for each row execute function spring();
    """)
    before = await job(sql)
    with pytest.raises(asyncpg.PostgresError, match="schedule_cron"):
        await sql.execute("insert into trap values (1)")
    assert await job(sql) == before


async def test_edits_and_claims_of_the_same_jobs_do_not_deadlock(sql, database):
    """Bulk edits that move at their commit, beside claims of all the jobs: no error on either side."""
    job_ids = await insert_many_jobs(sql, 200)
    replica, now = await FakeReplica.join(database), await database_now(sql)
    answers: set[Verdict] = set()

    async def edit():
        for turn in range(8):
            change = f"update jobs set schedule_cron = '{turn} 0 3 * * *' where job_id between "
            async with sql.transaction():
                await sql.execute(change + "'J00101' and 'J00200'")
                await sql.execute("select pg_sleep(0.02)")
                await sql.execute(change + "'J00001' and 'J00200'")

    async def claim(editing):
        while not editing.done():
            judgements = await replica.claims.claim([due(each, now) for each in job_ids], 0)
            answers.update(judgement.verdict for judgement in judgements)

    editing = asyncio.create_task(edit())
    await asyncio.gather(editing, claim(editing))
    assert answers <= {Verdict.STALE, Verdict.BEING_EDITED, Verdict.BUSY}
    assert await sql.fetchval("select count(*) from job_fires") == 0
