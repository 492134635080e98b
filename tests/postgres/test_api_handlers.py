"""The handlers as the API lists them: those of the replica that answers, and those of the others."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from service.database.pool import Database
from service.database.replicas import Vitals, renew_lease
from service.domain.access import Role
from tests.support.api import Api, running_api
from tests.support.tokens import PASETO_KEY, claims_at, paseto_of


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server that knows the shipped handlers, and nobody alive beside it."""
    async with running_api(database_url, paseto_key=PASETO_KEY) as api:
        yield api


async def handlers(api: Api) -> dict[str, Any]:
    """What the API lists, by name."""
    answer = await api.call("GET", "/v1/console/handlers")
    assert answer.status == 200
    names = [each["name"] for each in answer.body]
    assert names == sorted(set(names))
    return {each["name"]: each for each in answer.body}


async def join(database: Database, overridable: dict[str, list[str]], lease_seconds: float = 60) -> None:
    """Let a replica join that knows these handlers, and what a trigger may override of them."""
    vitals = Vitals(uuid4(), "test", sorted(overridable), overridable)
    async with database.connection() as connection:
        await renew_lease(connection, vitals, lease_seconds)


async def test_a_handler_comes_with_all_that_a_form_for_a_trigger_needs(api: Api, database: Database):
    """Words, the schema of its parameters with defaults, what may be overridden, and who could run it."""
    backfill = "marketdata.backfill"
    assert (await handlers(api))[backfill]["liveReplicas"] == 0
    for _ in range(2):
        await join(database, {backfill: ["symbols"]})
    listed = (await handlers(api))[backfill]
    schema = listed.pop("paramsSchema")
    assert listed == {
        "name": backfill,
        "description": "Load the history of each symbol and timeframe, as far as it is not stored yet.",
        "overridable": ["end", "start", "symbols", "timeframes"],
        "liveReplicas": 2,
    }
    params = schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    assert params["properties"]["provider"] == {"type": "string", "default": "sample"}
    assert params["properties"]["start"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert "1Min" in schema["$defs"]["Timeframe"]["enum"]


async def test_of_a_handler_that_only_others_know_there_is_what_they_say(api: Api, database: Database):
    """Overridable is what all of them let a trigger override; the dead are not asked."""
    await join(database, {"risk.report": ["desk", "day", "all"], "risk.check": []})
    await join(database, {"risk.report": ["day", "desk"]})
    await join(database, {"risk.report": [], "risk.gone": []}, lease_seconds=-1)
    listed = await handlers(api)
    assert listed["risk.report"] == {
        "name": "risk.report",
        "description": None,
        "paramsSchema": None,
        "overridable": ["day", "desk"],
        "liveReplicas": 2,
    }
    assert (listed["risk.check"]["liveReplicas"], listed["risk.check"]["overridable"]) == (1, [])
    assert "risk.gone" not in listed


async def test_a_viewer_may_look(api: Api):
    """Who may trigger nothing may still read what could be triggered."""
    now = await api.sql.fetchval("select clock_timestamp()")
    answer = await api.call("GET", "/v1/console/handlers", token=paseto_of(claims_at(now, Role.VIEWER.value)))
    assert answer.status == 200
