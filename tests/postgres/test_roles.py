"""The two roles that ship, tried by logging in as members of them, statement by statement."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from structlog.testing import capture_logs

from service.app import serve
from service.database.embedded import embedded_postgres
from service.database.migrations import migrate
from service.database.pool import Database
from service.handlers.registry import NoParams, handler
from service.handlers.run import Run
from service.settings import Settings
from tests.support.databases import FAST_SETTINGS
from tests.support.fleet import FakeReplica, insert_job
from tests.support.logins import login, url_of, user_of

TOKEN = "a-token-for-tests-and-nothing-else"
RUN = "00000000-0000-7000-8000-000000000001"

OPERATOR_MAY = [
    "select * from jobs, job_state, job_fires, job_changes, service_state, replicas, lease_gaps limit 0",
    "select * from job_executions, job_execution_progress, job_execution_stats, job_execution_logs limit 0",
    "select * from symbols, market_data, symbol_data_status, company_fundamentals limit 0",
    "select * from time_zones, cronsole_migrations limit 0",
    "select * from job_overview, job_overdue, recent_failures limit 0",
    "update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'",
    "update jobs set time_zone = 'America/New_York' where job_id = 'A'",
    "update jobs set clock_change_policy = 'WALL' where job_id = 'A'",
    "update jobs set enabled = false where job_id = 'A'",
    "update jobs set paused_until = 'infinity', pause_reason = 'why' where job_id = 'A'",
    "select pause_job('A', 'why')",
    "select resume_job('A')",
    "select pause_all('why')",
    "select resume_all()",
    "select trigger_job('A')",
    """select trigger_job('A', '{"page": 2}')""",
    f"select cancel_execution('{RUN}')",
    "select why_not('A', now())",
]
OPERATOR_MAY_NOT = [
    "insert into jobs (job_id, display_name, schedule_type, handler) values ('B', 'B', 'MANUAL', 'noop')",
    "delete from jobs where job_id = 'A'",
    "truncate jobs",
    "lock table jobs",
    "update jobs set handler = 'sql' where job_id = 'A'",
    """update jobs set params = '{"statement": "drop table jobs"}' where job_id = 'A'""",
    "update jobs set description = 'x' where job_id = 'A'",
    "update jobs set schedule_type = 'MANUAL', schedule_cron = null where job_id = 'A'",
    "update jobs set on_lost = 'RETRY' where job_id = 'A'",
    "update jobs set planned_from = now() where job_id = 'A'",
    "update jobs set revision = 9, updated_by = 'x' where job_id = 'A'",
    "alter table jobs disable trigger all",
    "drop table jobs",
    "create table mine (x integer)",
    "create function mine() returns void language sql as ''",
    "create schema mine",
    "set session_replication_role = replica",
    "set role cronsole_service",
    "update job_state set active_executions = 0",
    "update service_state set paused_until = null",
    "update job_executions set status = 'SUCCESS'",
    "delete from job_fires",
    "delete from job_changes",
    "update job_changes set changed_by = 'x'",
    "insert into job_changes (job_id, operation, changed_by) values ('A', 'UPDATE', 'x')",
    "insert into job_change_transactions values (pg_current_xact_id(), now())",
    "delete from replicas",
    "insert into time_zones values ('Mars/Base')",
    "update lease_gaps set to_time = now()",
    "insert into symbols (symbol) values ('X')",
    f"select request_execution('A', '{uuid4()}', '{{\"statement\": \"x\"}}', 'MANUAL', 'x')",
    f"select renew_lease('{uuid4()}', 60, 'x', '{{noop}}', '{{}}', 0, 0, false)",
    "select take_executions(replica_id, 1) from replicas",
    f"select settle_jobs('{{{RUN}}}', '{{0}}')",
    "select close_cancelled_executions(1)",
    "select after_job_change()",
    "select grant_to_roles()",
]
SERVICE_MAY = [
    "insert into jobs (job_id, display_name, schedule_type, handler) values ('B', 'B', 'MANUAL', 'noop')",
    "update jobs set handler = 'marketdata.backfill', params = '{}', description = 'x' where job_id = 'A'",
    "delete from jobs where job_id = 'A'",
    "delete from job_changes",
    "delete from job_fires",
    "insert into symbols (symbol) values ('X')",
    "select trigger_job('A')",
    "select pause_all()",
    f"select cancel_execution('{RUN}')",
]
SERVICE_MAY_NOT = [
    "truncate jobs",
    "drop table jobs",
    "alter table jobs disable trigger all",
    "create table mine (x integer)",
    "update job_changes set changed_by = 'x'",
    "insert into job_changes (job_id, operation, changed_by) values ('A', 'UPDATE', 'x')",
    "insert into cronsole_migrations values (999, 'x', 'x')",
    "set role cronsole_operator",
]
STRANGER_MAY_NOT = [
    "select * from jobs",
    "select trigger_job('A')",
    "select pause_job('A')",
    "select pause_all()",
    "select resume_all()",
    f"select cancel_execution('{RUN}')",
    "select why_not('A', now())",
]


has_run = asyncio.Event()


@handler("tests.service_role")
async def note(_: Run[NoParams]) -> None:
    """Let the test know that a run of the real service got here."""
    has_run.set()


@pytest.fixture
async def owner(database: Database):
    """A connection of the tables' owner, with a job A, a queued execution of it, and a replica."""
    replica = await FakeReplica.join(database)
    async with database.connection() as connection:
        await connection.execute(
            """update replicas set overridable = '{"noop": ["page"]}' where replica_id = $1""",
            replica.replica_id,
        )
        await insert_job(connection, "A", overlap_policy="ALLOW")
        await connection.execute(
            "select request_execution('A', $1, '{}', 'MANUAL', 'somebody')", asyncpg.pgproto.pgproto.UUID(RUN)
        )
        yield connection


@pytest.fixture
async def operator(database_url: str, owner) -> AsyncIterator[asyncpg.Connection]:
    """A connection of somebody who has logged in as an operator."""
    async with login(database_url, "cronsole_operator") as url:
        connection = await asyncpg.connect(url, server_settings={"application_name": "psql"})
        yield connection
        await connection.close()


async def outcomes(connection, statements):
    """By statement: whether the connection may; each in a transaction that leaves nothing behind."""
    found = {}
    for statement in statements:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(statement)
            await connection.execute("set constraints all immediate")
            found[statement] = "may"
        except asyncpg.InsufficientPrivilegeError:
            found[statement] = "may not"
        finally:
            await transaction.rollback()
    return found


async def test_an_operator_may_do_an_operators_work(operator):
    """Read all, change schedules and enablement, pause, trigger, cancel."""
    assert await outcomes(operator, OPERATOR_MAY) == dict.fromkeys(OPERATOR_MAY, "may")


async def test_an_operator_may_do_nothing_more(operator):
    """Neither what a job runs, nor with what, nor the state, the history, the audit, the schema."""
    assert await outcomes(operator, OPERATOR_MAY_NOT) == dict.fromkeys(OPERATOR_MAY_NOT, "may not")


async def test_the_service_may_do_its_work_and_no_ddl(database_url, owner):
    """Nor write the audit, which is the triggers' alone."""
    async with login(database_url, "cronsole_service") as url:
        service = await asyncpg.connect(url)
        assert await outcomes(service, SERVICE_MAY) == dict.fromkeys(SERVICE_MAY, "may")
        assert await outcomes(service, SERVICE_MAY_NOT) == dict.fromkeys(SERVICE_MAY_NOT, "may not")
        await service.close()


async def test_whoever_is_in_neither_role_may_nothing(database_url, owner):
    """A login that was made for something else on the same server."""
    async with login(database_url, None) as url:
        stranger = await asyncpg.connect(url)
        assert await outcomes(stranger, STRANGER_MAY_NOT) == dict.fromkeys(STRANGER_MAY_NOT, "may not")
        await stranger.close()


async def test_an_operators_changes_are_audited_validated_and_bound_by_the_commit(operator, owner):
    """Everything that the triggers do for the owner they do for an operator, in the operator's name."""
    user = await operator.fetchval("select session_user::text")
    async with operator.transaction():
        await operator.execute("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'")
        await operator.execute("select pg_sleep(0.12)")
    row = await owner.fetchrow("select * from jobs where job_id = 'A'")
    assert (row["schedule_cron"], row["revision"], row["updated_by"]) == ("0 0 4 * * *", 2, user)
    assert (row["planned_from"] - row["updated_at"]).total_seconds() >= 0.12
    audit = await owner.fetchrow(
        "select * from job_changes where job_id = 'A' order by change_id desc limit 1"
    )
    assert (audit["changed_by"], audit["session_role"], audit["application_name"]) == (user, user, "psql")
    with pytest.raises(asyncpg.PostgresError, match="the step is less than 1") as refused:
        await operator.execute("update jobs set schedule_cron = '0 */0 * * * *' where job_id = 'A'")
    assert refused.value.sqlstate == "CR400"


async def test_an_operators_actions_are_on_record_under_the_operators_name(operator, owner):
    """Functions that run as the owner know who called; cronsole.actor is believed from the service alone."""
    user = await operator.fetchval("select session_user::text")
    await operator.execute("set cronsole.actor = 'the boss'")
    await operator.execute("create temporary table jobs (x integer)")
    execution_id = await operator.fetchval("select trigger_job('A')")
    await operator.execute(f"select cancel_execution('{RUN}'), pause_all('why'), pause_job('A')")
    await operator.execute("update public.jobs set enabled = false where job_id = 'A'")
    assert await owner.fetchval(
        "select requested_by from job_executions where execution_id = $1", execution_id
    ) == (user)
    assert (
        await owner.fetchval("select cancel_requested_by from job_executions where status = 'CANCELLED'")
        == user
    )
    assert await owner.fetchval("select paused_by from service_state") == user
    assert await owner.fetchval("select updated_by from jobs where job_id = 'A'") == user
    actors = await owner.fetch("select distinct changed_by from job_changes where session_role = $1", user)
    assert [each[0] for each in actors] == [user]


async def test_a_temporary_table_does_not_deceive_the_check_of_a_change(operator):
    """The zones and replicas that count are ours, whatever an operator's session calls so."""
    await operator.execute("create temporary table time_zones as select 'Mars/Base' as name")
    with pytest.raises(asyncpg.PostgresError, match="unknown time zone"):
        await operator.execute("update jobs set time_zone = 'Mars/Base' where job_id = 'A'")


async def test_an_override_that_the_handler_does_not_declare_is_refused(operator):
    """Else an operator could make a job run any statement."""
    with pytest.raises(asyncpg.PostgresError, match="may not override 'statement'") as refused:
        await operator.execute("""select trigger_job('A', '{"statement": "drop table jobs"}')""")
    assert refused.value.sqlstate == "CR400"


async def test_every_function_that_runs_as_its_owner_has_a_fixed_search_path(owner):
    """With pg_temp last; and not everybody may call it."""
    rows = await owner.fetch(
        "select p.oid::regprocedure::text as name, p.proconfig,"
        " has_function_privilege('public', p.oid, 'execute') as open"
        " from pg_proc p join pg_class c on c.oid = 'jobs'::regclass"
        " where p.prosecdef and p.pronamespace = c.relnamespace"
    )
    assert {row["name"] for row in rows} >= {
        "trigger_job(text,jsonb)",
        "after_job_change()",
        "move_planned_from()",
    }
    for row in rows:
        assert "search_path=public, pg_temp" in row["proconfig"], row["name"]
        assert not row["open"], row["name"]


async def test_a_replica_runs_as_the_service_role(database_url, owner):
    """The real service, without any right to the schema: it fires, runs, answers and drains."""
    await owner.execute("delete from replicas")
    await insert_job(owner, "EACH_SECOND", fires_since_seconds=0, handler="tests.service_role")
    has_run.clear()
    async with login(database_url, "cronsole_service") as url:
        settings = Settings(database_url=url, port=0, admin_token=TOKEN)
        stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            tasks.create_task(
                serve(settings, TOKEN, stop, lambda host, port: ready.set_result(f"http://{host}:{port}"))
            )
            async with aiohttp.ClientSession(
                await ready, headers={"Authorization": f"Bearer {TOKEN}"}
            ) as client:
                jobs = "/v1/console/jobs"
                for method, path in (
                    ("GET", jobs),
                    ("PUT", f"{jobs}/A/schedule?cron=0 0 5 * * *"),
                    ("PUT", f"{jobs}/FUNDAMENTALS_BACKFILL/enabled?enabled=false"),
                    ("GET", f"{jobs}/A/history"),
                    ("GET", f"{jobs}/A/stats"),
                    ("GET", f"{jobs}/A/why"),
                ):
                    async with client.request(method, path) as response:
                        assert response.status == 200, await response.text()
                await has_run.wait()
            stop.set()
        audit = await owner.fetchrow(
            "select changed_by, session_role from job_changes where job_id = 'FUNDAMENTALS_BACKFILL'"
            " and operation = 'UPDATE'"
        )
        assert tuple(audit.values()) == ("admin-token", user_of(url))
    assert await owner.fetchval("select count(*) from replicas") == 0
    first = await owner.fetchrow(
        "select status, triggered_by from job_executions where job_id = 'EACH_SECOND' order by start_time"
    )
    assert tuple(first.values()) == ("SUCCESS", "SCHEDULE")


async def test_a_migration_goes_on_where_it_may_not_create_roles(data_dir):
    """On a server without them: it says what a superuser has to run, and grant_to_roles() does the rest."""
    async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
        admin = await asyncpg.connect(server.database_url)
        await admin.execute("create role deployer login")
        await admin.execute("grant create, temporary on database cronsole to deployer")
        await admin.execute("grant create, usage on schema public to deployer")
        url = url_of(server.database_url, "deployer")
        with capture_logs() as events:
            await migrate(url)
        [warning] = [event for event in events if event["event"] == "migration_incomplete"]
        *_, remedy = warning["remedy"].partition("as a superuser: ")
        superusers, _, owners = remedy.partition(" then as deployer: ")
        deployer = await asyncpg.connect(url)
        await admin.execute(superusers)
        await deployer.execute(owners)
        for role in ("cronsole_service", "cronsole_operator"):
            assert await admin.fetchval("select has_table_privilege($1, 'jobs', 'select')", role)
        assert await migrate(url) == []
        await deployer.close()
        await admin.close()
