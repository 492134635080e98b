"""An edit never surprises: every kind of edit, before, at and after a fire, short, left open and rolled back.

All of them happen at once on two replicas, one of which is deaf meanwhile and acts on what it knew before.
The jobs fire every second and would catch up whatever was missed.
"""

from datetime import datetime

import pytest
import pytest_asyncio

from tests.support.databases import DatabaseServer
from tests.support.edits import EDITS, SECOND, Play, Scene, combinations, job_of, perform

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A fire this long before an edit has been decided when the edit takes the row.
DECIDED_WITHIN = 0.25 * SECOND
ALL = [pytest.param(*each, id=", ".join(each)) for each in combinations()]
MOVING = [each for each in ALL if EDITS[str(each.values[0])].moves and each.values[2] != "rolled back"]
UNMOVING = [each for each in ALL if each not in MOVING]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(database_server: DatabaseServer, migrated_template: str) -> Play:
    """What became of every job."""
    with database_server.database(migrated_template) as name:
        return await perform(database_server.url(name))


def seconds(begin: datetime, end: datetime, step: int | None = 1) -> list[datetime]:
    """The fire times later than `begin` and not later than `end` of a job that fires every `step` seconds."""
    if step is None:
        return []
    first = begin.replace(microsecond=0) + SECOND
    times = [first + number * SECOND for number in range(60)]
    return [time for time in times if time <= end and time.second % step == 0]


def started(scene: Scene, play: Play) -> list[datetime]:
    """The fire times that started something, once all jobs had been scheduled."""
    return [fire["fire_time"] for fire in scene.fires if play.since < fire["fire_time"] <= play.until]


@pytest.mark.parametrize(("edit", "moment", "way"), MOVING)
async def test_an_edit_starts_nothing_by_itself_and_the_next_fire_is_later_than_its_commit(
    play, edit, moment, way
):
    """Nothing is caught up across it, whatever the old schedule named; each fire after it starts."""
    scene = play.scenes[job_of(edit, moment, way)]
    planned_from, revision = scene.job["planned_from"], scene.job["revision"]
    assert scene.began_at < planned_from < scene.ended_at
    if way == "left open":
        assert scene.ended_at - planned_from < SECOND / 2
    assert {fire["outcome"] for fire in scene.fires} <= {"STARTED"}
    before = [fire for fire in scene.fires if fire["revision"] < revision]
    after = [fire for fire in scene.fires if fire["revision"] == revision]
    assert len(before) + len(after) == len(scene.fires)

    # The last word is the row: nothing on the old schedule once the edit is in force.
    assert all(fire["decided_at"] < planned_from for fire in before)
    decided = [fire["fire_time"] for fire in before]
    surely_before = scene.began_at - DECIDED_WITHIN
    if EDITS[edit].fired_before:
        assert [time for time in decided if play.since < time <= surely_before] == seconds(
            play.since, surely_before
        )
    else:
        assert decided == []
    assert [fire["fire_time"] for fire in after if fire["fire_time"] <= play.until] == seconds(
        planned_from, play.until, EDITS[edit].step
    )
    assert all(fire["decided_at"] >= fire["fire_time"] for fire in scene.fires)


@pytest.mark.parametrize(("edit", "moment", "way"), UNMOVING)
async def test_a_change_that_does_not_touch_what_decides_fires_moves_and_loses_none(play, edit, moment, way):
    """Nor does one that is taken back: each second has its start, at the latest when the row is free."""
    scene = play.scenes[job_of(edit, moment, way)]
    assert scene.job["planned_from"] < play.since
    fires_at_all = EDITS[edit].fired_before
    assert started(scene, play) == (seconds(play.since, play.until) if fires_at_all else [])
    assert {(fire["outcome"], fire["reason"]) for fire in scene.fires} <= {("STARTED", None)}
    late = [fire["decided_at"] for fire in scene.fires if fire["decided_at"] - fire["fire_time"] > SECOND]
    assert all(decided_at < scene.ended_at + SECOND for decided_at in late)
