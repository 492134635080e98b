"""A change of a job: stamped, audited and announced, whoever makes it, and nothing of that can be forged."""

import asyncio
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from service.domain.fire import Verdict
from tests.support.fleet import FakeReplica, database_now, due, move_plan
from tests.support.sql import acting_as, hearing, insert_jobs, insert_many_jobs, job, until_waiting

AUDIT = "select * from job_changes where job_id = 'A' and operation <> 'INSERT' order by change_id"
# What an operator may have at most: the triggers write the rest in the owner's name.
GRANTS = ("select on all tables in schema public", "update on jobs")


@pytest.mark.parametrize(
    "statement",
    [
        "update jobs set description = description",
        "update jobs set schedule_cron = '0 */5 * * * *' where job_id = 'A'",
        "update jobs set enabled = true, description = null where job_id = 'A'",
        "update jobs set revision = 99",
        "update jobs set planned_from = 'infinity'",
        "update jobs set planned_from = '2000-01-01', revision = 7, updated_by = 'ceo'",
        "update jobs set created_at = '2000-01-01', updated_at = '2000-01-01'",
        "update jobs set description = 'x' where job_id = 'NO SUCH JOB'",
    ],
)
async def test_an_update_that_changes_no_value_leaves_no_trace(sql, database_url, statement):
    """No stamp, no revision, no audit, no notification; stamps are nobody's to set."""
    await insert_jobs(sql, "A")
    before = await sql.fetch("select * from jobs order by job_id")
    async with hearing(database_url, "cronsole_jobs") as heard:
        await sql.execute(statement)
        assert await heard.all() == []
    assert await sql.fetch("select * from jobs order by job_id") == before
    assert await sql.fetch(AUDIT) == []
    assert await sql.fetchval("select count(*) from job_change_transactions") == 0


async def test_stamps_are_set_and_not_taken_from_the_statement(sql):
    """By INSERT and by UPDATE; the time is that of the database."""
    before = await sql.fetchval("select clock_timestamp()")
    await sql.execute("""
        insert into jobs (job_id, display_name, schedule_type, handler, revision, planned_from, created_at,
                          updated_at, updated_by)
        values ('A', 'A', 'MANUAL', 'noop', 50, 'infinity', 'infinity', null, 'ceo')
    """)
    new = await job(sql)
    assert (new["revision"], new["updated_by"]) == (1, "postgres")
    assert new["created_at"] == new["updated_at"] == new["planned_from"]
    await sql.execute("""
        update jobs set display_name = 'B', revision = 50, planned_from = 'infinity', created_at = 'infinity',
                        updated_at = 'infinity', updated_by = null
         where job_id = 'A'
    """)
    changed = await job(sql)
    after = await sql.fetchval("select clock_timestamp()")
    assert (changed["revision"], changed["updated_by"]) == (2, "postgres")
    assert (changed["created_at"], changed["planned_from"]) == (new["created_at"], new["planned_from"])
    assert before < new["created_at"] < changed["updated_at"] < after


async def test_the_audit_holds_who_and_what(sql):
    """Insertion, change and deletion, with the whole row before and after."""
    await insert_jobs(sql, "A")
    inserted = await job(sql)
    await sql.execute("update jobs set schedule_cron = '0 0 3 * * *' where job_id = 'A'")
    changed = await job(sql)
    await sql.execute("delete from jobs where job_id = 'A'")
    rows = await sql.fetch("select * from job_changes where job_id = 'A' order by change_id")
    assert [
        (row["operation"], row["revision"], row["moves_plan"], row["before"] is None, row["after"] is None)
        for row in rows
    ] == [
        ("INSERT", 1, True, True, False),
        ("UPDATE", 2, True, False, False),
        ("DELETE", 2, False, False, True),
    ]
    for row in rows:
        assert (row["changed_by"], row["session_role"], row["application_name"]) == (
            "postgres",
            "postgres",
            "psql",
        )
    before, after = (msgspec.json.decode(rows[1][side]) for side in ("before", "after"))
    assert before.keys() == after.keys() == inserted.keys()
    assert {name for name in before if before[name] != after[name]} == {
        "schedule_cron",
        "revision",
        "planned_from",
        "updated_at",
    }
    assert after["schedule_cron"] == changed["schedule_cron"] == "0 0 3 * * *"


async def test_the_owner_is_believed_about_who_acts(sql):
    """The service says which of its users it acts for; session and application stand beside it."""
    await insert_jobs(sql, "A")
    await sql.execute("set cronsole.actor = 'sa:desk'")
    await sql.execute("update jobs set description = 'x' where job_id = 'A'")
    await sql.execute("set cronsole.actor = ''")
    await sql.execute("update jobs set description = 'y' where job_id = 'A'")
    assert [(row["changed_by"], row["session_role"]) for row in await sql.fetch(AUDIT)] == [
        ("sa:desk", "postgres"),
        ("postgres", "postgres"),
    ]


@pytest.mark.parametrize(("member_of", "is_believed"), [(None, False), ("cronsole_service", True)])
async def test_of_other_roles_only_the_services_is_believed(sql, member_of, is_believed):
    """Anybody may write SET cronsole.actor."""
    await insert_jobs(sql, "A")
    async with acting_as(sql, *GRANTS, member_of=member_of) as role:
        await sql.execute("set local cronsole.actor = 'ceo'")
        await sql.execute("update jobs set schedule_cron = '0 0 3 * * *' where job_id = 'A'")
        [row] = await sql.fetch(AUDIT)
        expected = "ceo" if is_believed else role
        assert (row["changed_by"], row["session_role"]) == (expected, role)
        assert (await job(sql))["updated_by"] == expected


@pytest.mark.parametrize(
    "forgery",
    [
        "insert into job_changes (job_id, operation, changed_by) values ('A', 'DELETE', 'ceo')",
        "delete from job_changes",
        "update job_state set active_executions = 0",
        "insert into job_change_transactions values ('1', now(), 1)",
        "delete from jobs",
    ],
)
async def test_who_may_change_jobs_may_not_write_the_audit(sql, forgery):
    """Nor the state: only the triggers do, which need no grant."""
    async with acting_as(sql, *GRANTS):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(forgery)


async def test_a_temporary_table_does_not_catch_the_audit(sql):
    """The triggers look for their tables in the schema alone."""
    await insert_jobs(sql, "A")
    name = await sql.fetchval("select current_database()")
    async with acting_as(sql, *GRANTS, f"temporary on database {name}"):
        await sql.execute("create temporary table job_changes (like public.job_changes including all)")
        await sql.execute("update jobs set description = 'secret' where job_id = 'A'")
        assert await sql.fetchval("select count(*) from pg_temp.job_changes") == 0
        assert await sql.fetchval("select count(*) from public.job_changes where operation = 'UPDATE'") == 1


async def test_each_change_is_announced_by_its_id(sql, database_url):
    """One notification per statement, at the commit, and none of what is rolled back."""
    async with hearing(database_url, "cronsole_jobs") as heard:
        await insert_jobs(sql, "A", "B")
        await sql.execute("update jobs set description = 'x' where job_id in ('A', 'B')")
        assert [set(payload.split(",")) for payload in await heard.all()] == [{"A", "B"}, {"A", "B"}]
        transaction = sql.transaction()
        await transaction.start()
        await sql.execute("update jobs set description = 'y' where job_id = 'A'")
        await transaction.rollback()
        assert await heard.all() == []
        async with sql.transaction():
            await sql.execute("update jobs set schedule_cron = '0 0 3 * * *' where job_id = 'A'")
            await sql.execute("delete from jobs where job_id = 'B'")
            assert await heard.all() == []
        assert await heard.all() == ["A", "B"]
        await sql.execute("truncate jobs")
        assert await heard.all() == ["*"]


async def test_many_changes_are_one_notification(sql, database_url):
    """10,002 ids fit in no payload: everybody reads everything."""
    async with hearing(database_url, "cronsole_jobs") as heard:
        await insert_many_jobs(sql, 9_998)
        assert await heard.all() == ["*"]
        assert await sql.execute("update jobs set description = 'all of them'") == "UPDATE 10002"
        assert await heard.all() == ["*"]


@pytest.mark.parametrize(("jobs", "is_named"), [(158, True), (159, False)])
async def test_ids_are_named_as_long_as_they_fit(sql, database_url, jobs, is_named):
    """158 ids of 49 characters with their commas are 7,899 bytes."""
    job_ids = [f"{i:x>49}" for i in range(jobs)]
    async with hearing(database_url, "cronsole_jobs") as heard:
        await insert_jobs(sql, *job_ids)
        [payload] = await heard.all()
    assert payload.split(",") == job_ids if is_named else payload == "*"


@pytest.mark.parametrize("removal", ["delete from jobs where job_id = 'A'", "truncate jobs"])
async def test_an_id_used_again_goes_on_from_the_last_revision(sql, database, removal):
    """A replica that missed both notifications sees another revision, and its claim is STALE."""
    await insert_jobs(sql, "A")
    await sql.execute("update jobs set description = 'x' where job_id = 'A'")
    await sql.execute(removal)
    await insert_jobs(sql, "A")
    assert (await job(sql))["revision"] == 3
    await move_plan(sql, "A", -60)
    replica, now = await FakeReplica.join(database), await database_now(sql)
    for revision, verdict in ((1, Verdict.STALE), (2, Verdict.STALE), (3, Verdict.RUN)):
        [judgement] = await replica.claims.claim([due("A", now - timedelta(seconds=1), revision=revision)], 9)
        assert judgement.verdict is verdict


async def test_an_id_used_again_while_it_is_being_deleted_is_refused(sql, database_url):
    """The new row's revision would be that of the old; a repeat is fine."""
    await insert_jobs(sql, "A")
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("delete from jobs where job_id = 'A'")
        insertion = asyncio.create_task(insert_jobs(sql, "A"))
        await until_waiting(other, sql.get_server_pid())
    with pytest.raises(asyncpg.SerializationError, match="deleted at the same moment"):
        await insertion
    await insert_jobs(sql, "A")
    assert (await job(sql))["revision"] == 2
    await other.close()


async def test_the_state_of_a_job_outlives_it(sql):
    """As the history does: what was decided is not decided again for a new job of the id."""
    await insert_jobs(sql, "A")
    await sql.execute("update job_state set decided_through = '2026-01-01', last_status = 'FAILED'")
    await sql.execute("delete from jobs where job_id = 'A'")
    await insert_jobs(sql, "A")
    state = await sql.fetchrow(
        "select decided_through::date::text, last_status from job_state where job_id = 'A'"
    )
    assert tuple(state) == ("2026-01-01", "FAILED")
