"""The replicas over HTTP: what each measures of itself, and what it finds wrong, in its own words."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.database.pool import Database
from service.database.vitals import record_vitals
from service.domain.diagnosis import Measurements, diagnose
from tests.support.api import Api, running_api

VITALS = {"vitalsAt", "loopLagMs", "listenerMode", "tzdataVersion", "findings"}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def vitals(api: Api, replica_id: UUID) -> dict[str, Any]:
    """What the API shows of a replica's vitals."""
    answer = await api.call("GET", "/v1/console/replicas")
    [shown] = [each for each in answer.body if each["replicaId"] == str(replica_id)]
    return {name: value for name, value in shown.items() if name in VITALS}


async def test_a_replica_shows_what_it_measures_and_finds_about_itself(api: Api, database: Database):
    """A check, how bad it is, a sentence, and what to do if anything is known."""
    replica_id = await api.start_replica()
    measured = Measurements(loop_lag_ms=2_500, polling="a pooler swallows notifications")
    await record_vitals(database, replica_id, "2026a", measured, diagnose(measured))
    shown = await vitals(api, replica_id)
    written_at = datetime.fromisoformat(shown.pop("vitalsAt"))
    now = await api.sql.fetchval("select clock_timestamp()")
    assert timedelta(0) <= now - written_at < timedelta(seconds=10)
    assert shown == {
        "loopLagMs": 2500.0,
        "listenerMode": "POLLING",
        "tzdataVersion": "2026a",
        "findings": [
            {
                "check": "loop_blocked",
                "severity": "problem",
                "message": "Something blocked the event loop for 2500 ms in the last minute,"
                " and whatever was due then was late.",
                "advice": "Write the handler as a plain `def`, which runs in a thread, or let it await.",
            },
            {
                "check": "listener_polls",
                "severity": "warning",
                "message": "Changes are polled for every 5 s: a pooler swallows notifications.",
                "advice": None,
            },
        ],
    }


async def test_a_replica_that_has_measured_nothing_yet_shows_that(api: Api):
    """The moment after it joined."""
    unknown = {"vitalsAt": None, "loopLagMs": None, "listenerMode": None, "tzdataVersion": None}
    assert await vitals(api, await api.start_replica()) == unknown | {"findings": []}


async def test_findings_that_another_version_wrote_in_another_way_hide_no_replica(api: Api):
    """While replicas of two versions run side by side."""
    replica_id = await api.start_replica()
    await api.sql.execute("""update replicas set findings = '[{"what": "no idea"}]'""")
    assert (await vitals(api, replica_id))["findings"] == []
