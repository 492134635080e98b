"""The figures of a replica, scraped as Prometheus scrapes them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.live import LiveReplica, live_replica


async def scrape(replica: LiveReplica) -> dict[tuple[str, str], float]:
    """Every sample by its name and its one label's value, read by Prometheus' own parser."""
    async with replica.http.get("/metrics") as response:
        assert (response.status, response.content_type) == (200, "text/plain")
        text = await response.text()
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_a_replica_does_is_counted_and_what_it_holds_is_shown(database_url):
    """A job of every second, after its second run."""
    async with live_replica(database_url) as replica:
        await replica.add("EACH_SECOND", "* * * * * *")
        await replica.fired("EACH_SECOND", 2)
        await replica.sql.execute("update jobs set enabled = false")
        await replica.events.wait_for("job_unscheduled", job_id="EACH_SECOND")
        figures = await scrape(replica)
    assert figures["cronsole_executions_total", "SUCCESS"] >= 2
    assert figures["cronsole_fires_total", "RUN"] >= 2
    assert figures["cronsole_executions_running", ""] == 0
    assert figures["cronsole_slots_free", ""] == 50
    assert figures["cronsole_schedules_active", ""] == 0
    assert 0 < figures["cronsole_lease_left_seconds", ""] <= 5
    assert figures["cronsole_listener_round_trip_seconds", ""] > 0
    assert figures["cronsole_clock_offset_seconds", ""] == pytest.approx(0, abs=0.5)
