"""The doctor over HTTP: what the command says, without waiting long and without telling secrets."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest

from service.database.pool import Database
from service.database.vitals import record_vitals
from service.doctor import examine
from service.domain.clock import SystemClock
from service.domain.cron import tzdata_version
from service.domain.diagnosis import Finding, Measurements, Severity
from service.pools import CONNECTIONS
from service.settings import Settings
from tests.support.api import TOKEN, Api, running_api, running_server
from tests.support.fleet import insert_job

DOCTOR = "/v1/console/doctor"
# What has another number in it each time.
MEASURED = {"clock_offset", "notifications", "overdue"}
OF_THE_TEST_SERVER = {"server_settings", "connections"}
THOUSAND_JOBS = """
    insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
    select 'JOB-' || i, 'Job ' || i, 'CRON', '0 0 3 * * *',
           case when i % 2 = 0 then 'noop' else 'risk.report' end
      from generate_series(1, 1000) i
"""


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def checkup(api: Api) -> Any:
    """What the doctor says."""
    answer = await api.call("GET", DOCTOR)
    assert answer.status == 200
    return answer.body


async def test_the_findings_are_those_of_the_command(api: Api, database_url: str, database: Database):
    """Each of them, in the same order and the same words, with what was looked at and when."""
    replica_id = await api.start_replica()
    blocked = Finding("loop_blocked", Severity.PROBLEM, "Something blocked the event loop.", "Let it await.")
    await record_vitals(database, replica_id, tzdata_version(), Measurements(), [blocked])
    await insert_job(api.sql, "PARKED")
    await api.sql.execute("update job_state set planned_revision = 1, schedule_error = 'no such day'")
    told = await checkup(api)
    said = [each async for each in examine(Settings(database_url=database_url), CONNECTIONS)]
    by_command = [
        (each.code, each.severity.value, each.sentence, each.remedy or None)
        for each in said
        if each.code not in {*MEASURED, "handlers"}
    ]
    over_http = [
        tuple(each[name] for name in ("check", "severity", "message", "advice")) for each in told["findings"]
    ]
    assert [each for each in over_http if each[0] not in {*MEASURED, "handlers"}] == by_command
    assert {each[0] for each in over_http} == {each.code for each in said}
    assert ("loop_blocked", "problem") in [each[:2] for each in over_http]
    now = await api.sql.fetchval("select clock_timestamp()")
    assert timedelta(0) <= now - datetime.fromisoformat(told["checkedAt"]) < timedelta(seconds=10)


async def test_a_thousand_jobs_are_examined_within_a_second(api: Api):
    """And of many that are in trouble a few are named."""
    await api.start_replica()
    await api.sql.execute(THOUSAND_JOBS)
    clock = SystemClock()
    began = clock.monotonic()
    findings = (await checkup(api))["findings"]
    seconds = clock.monotonic() - began
    print(f"a thousand jobs examined in {seconds * 1000:.0f} ms")  # noqa: T201
    assert seconds < 1
    strangers = [each["message"] for each in findings if each["check"] == "no_handler"]
    assert len(strangers) == 6
    assert strangers[-1] == "And 495 more jobs are without a handler."


async def test_a_table_that_somebody_locks_is_a_finding_and_no_hanging_request(database_url: str):
    """The server ends the statement; nothing is left waiting there."""
    async with running_api(database_url, statement_seconds=0.2) as api:
        operator = await asyncpg.connect(database_url)
        await operator.execute("begin; lock table jobs")
        findings = (await checkup(api))["findings"]
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        assert await operator.fetchval(waiting) == 0
        await operator.close()
        assert (findings[-1]["check"], findings[-1]["severity"]) == ("database", "problem")
        assert "did not finish in time" in findings[-1]["message"]
        assert "replicas" in {each["check"] for each in (await checkup(api))["findings"]}


async def test_a_database_that_is_away_is_a_finding_without_an_address_or_a_secret():
    """200: this is what the doctor is there to say."""
    async with (
        running_server("postgresql://somebody:hunter2@127.0.0.1:1/nothing") as address,
        aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
        client.get(DOCTOR) as response,
    ):
        assert response.status == 200
        text = await response.text()
        last = (await response.json())["findings"][-1]
    assert (last["check"], last["severity"]) == ("database", "problem")
    assert last["advice"].startswith("Look at DATABASE_URL")
    assert not any(word in text for word in ("127.0.0.1", "hunter2", "somebody"))


async def test_a_database_without_the_schema_only_wants_its_migrations(empty_database_url: str):
    """HTTP answers before the migrations have run."""
    async with running_api(empty_database_url) as api:
        findings = (await checkup(api))["findings"]
    odd = {each["check"] for each in findings if each["severity"] != "ok"}
    assert odd - OF_THE_TEST_SERVER == {"migrations"}
