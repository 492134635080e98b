"""The end of executions: outcomes, what they do to the job's state, statistics, and who may record them."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from service.domain.durations import BUCKET_BOUNDS_MS as BOUNDS
from service.domain.execution import ExecutionStatus
from tests.support.executions import FAILURES, SECOND, outcome, row_of, start, state_of
from tests.support.fleet import FakeReplica, database_now, due, insert_job

ENDED = [status for status in ExecutionStatus if status not in ("QUEUED", "RUNNING")]
COUNTS = ("success", "failed", "timeout", "cancelled", "lost")


@pytest.fixture
async def replica(database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.mark.parametrize("status", ENDED)
async def test_an_outcome_is_on_record(replica, sql, status):
    """Status, end, duration, counters and texts; the job's state; the statistics of the hour."""
    await insert_job(sql, "A")
    execution_id = await start(replica, sql)
    reported = outcome(
        execution_id,
        status,
        symbols_processed=3,
        data_points_stored=2**40,
        error_count=2,
        error_details=["no IBM"],
        timeframes=["1Day"],
        result={"pages": [1, 2]},
    )
    assert await replica.outcomes.close([reported]) == {execution_id}

    x = await row_of(sql, execution_id)
    counters = ("status", "symbols_processed", "data_points_stored", "error_count")
    assert [x[name] for name in counters] == [status, 3, 2**40, 2]
    assert [msgspec.json.decode(x[name]) for name in ("error_details", "timeframes", "result")] == [
        ["no IBM"],
        ["1Day"],
        {"pages": [1, 2]},
    ]
    duration_ms = (x["end_time"] - x["start_time"]) / timedelta(milliseconds=1)
    assert x["duration_ms"] == pytest.approx(duration_ms, abs=0.5)
    s = await state_of(sql)
    assert (s["active_executions"], s["last_execution_id"], s["last_status"]) == (0, execution_id, status)
    assert (s["last_start_time"], s["last_duration_ms"]) == (x["start_time"], x["duration_ms"])
    assert (s["recent_outcomes"], s["failures_in_succession"]) == ([status], int(status in FAILURES))
    [hour] = await sql.fetch("select * from job_execution_stats")
    assert hour["hour"] == x["start_time"].replace(minute=0, second=0, microsecond=0)
    assert {
        name: hour[f"{name}_count"] for name in ("success", "failed", "timeout", "cancelled", "lost")
    } == {name: int(name == status.lower()) for name in ("success", "failed", "timeout", "cancelled", "lost")}
    assert hour["success_duration_ms"] == (x["duration_ms"] if status == "SUCCESS" else 0)
    assert sum(hour["duration_buckets"]) == int(status == "SUCCESS")


async def test_a_repeat_is_recorded_once(replica, sql):
    """The first answer was lost: the outcome stands, and counts once."""
    await insert_job(sql, "A")
    execution_id = await start(replica, sql)
    for _ in range(3):
        assert await replica.outcomes.close([outcome(execution_id)]) == {execution_id}
    assert await replica.outcomes.close([outcome(execution_id, "FAILED")]) == set()
    assert (await state_of(sql))["recent_outcomes"] == ["SUCCESS"]
    assert await sql.fetchval("select sum(success_count + failed_count) from job_execution_stats") == 1


async def test_only_the_owner_records_an_outcome(replica, database, sql):
    """Neither another replica, nor an old fencing number, nor anybody for an execution that does not run."""
    await insert_job(sql, "A")
    await insert_job(sql, "Q")
    execution_id = await start(replica, sql)
    other = await FakeReplica.join(database)
    queued = due("Q", await database_now(sql) - SECOND)
    await replica.claims.claim([queued], 0)
    for closer, refused in (
        (other, outcome(execution_id)),
        (replica, outcome(execution_id, fencing_number=2)),
        (replica, outcome(execution_id, fencing_number=0)),
        (replica, outcome(queued.execution_id, fencing_number=0)),
        (replica, outcome(UUID(int=1))),
        (replica, outcome(execution_id, "RUNNING")),
        (replica, outcome(execution_id, "QUEUED")),
    ):
        assert await closer.outcomes.close([refused]) == set()
    assert (await row_of(sql, execution_id))["status"] == "RUNNING"
    assert (await state_of(sql))["active_executions"] == 1
    assert await replica.outcomes.close([outcome(UUID(int=1)), outcome(execution_id)]) == {execution_id}


@pytest.mark.parametrize("seed", range(4))
async def test_the_last_30_outcomes_and_the_failures_in_succession_are_kept(replica, sql, seed):
    """Over batches of mixed outcomes, in the order in which they were reported."""
    chance = random.Random(seed)
    await insert_job(sql, "A", overlap_policy="ALLOW")
    history: list[str] = []
    for batch in range(8):
        ids = [
            await start(replica, sql, seconds_ago=200 - 10 * batch - n) for n in range(chance.randint(1, 9))
        ]
        chance.shuffle(ids)
        statuses = [chance.choice(["SUCCESS", "FAILED", "TIMEOUT", "CANCELLED"]) for _ in ids]
        await replica.outcomes.close([outcome(*each) for each in zip(ids, statuses, strict=True)])
        history += statuses
        since_success = history[::-1].index("SUCCESS") if "SUCCESS" in history else len(history)
        expected = sum(status in FAILURES for status in history[len(history) - since_success :])
        s = await state_of(sql)
        assert (s["recent_outcomes"], s["failures_in_succession"]) == (history[-30:], expected)
        assert (s["last_status"], s["active_executions"]) == (statuses[-1], 0)


async def test_an_older_run_that_ends_does_not_hide_a_newer_that_runs(replica, sql):
    """Side by side: the last start stays the newer one's, the last outcome is the older one's."""
    await insert_job(sql, "A", overlap_policy="ALLOW")
    older, newer = await start(replica, sql, seconds_ago=2), await start(replica, sql, seconds_ago=1)
    await replica.outcomes.close([outcome(older, "FAILED")])
    s = await state_of(sql)
    assert (s["last_execution_id"], s["last_status"], s["active_executions"]) == (newer, "FAILED", 1)
    assert s["last_start_time"] == (await row_of(sql, newer))["start_time"]


async def test_statistics_go_by_the_hour_of_the_start_and_the_bucket_of_the_duration(replica, sql):
    """A run of every bucket's bound, and of a millisecond more, in the hours in which they began."""
    await insert_job(sql, "A", overlap_policy="ALLOW", fires_since_seconds=86_400)
    durations = sorted({each for bound in BOUNDS for each in (bound, bound + 1)} | {0})
    ids = [await start(replica, sql, seconds_ago=900 - n) for n, _ in enumerate(durations)]
    await sql.executemany(
        "update job_executions set start_time = clock_timestamp() - $2 * interval '1 ms'"
        " where execution_id = $1",
        list(zip(ids, durations, strict=True)),
    )
    await replica.outcomes.close([outcome(each) for each in ids])
    rows = await sql.fetch("select start_time, duration_ms from job_executions")
    expected: dict[datetime, list[int]] = {}
    for x in rows:
        hour = x["start_time"].replace(minute=0, second=0, microsecond=0)
        bucket = sum(x["duration_ms"] > bound for bound in BOUNDS)
        expected.setdefault(hour, [0] * 16)[bucket] += 1
    found = await sql.fetch("select hour, duration_buckets, success_count from job_execution_stats")
    assert {each["hour"]: each["duration_buckets"] for each in found} == expected
    assert len(expected) >= 2
    assert sum(each["success_count"] for each in found) == len(ids)
    total = await sql.fetchval("select sum(success_duration_ms)::bigint from job_execution_stats")
    assert total == sum(x["duration_ms"] for x in rows)


@pytest.mark.parametrize("duration_ms", [-5, 0, 1, *BOUNDS, *(bound + 1 for bound in BOUNDS), 10**12])
async def test_every_duration_has_its_bucket(sql, duration_ms):
    """Up to and including the bound; a clock that was set back counts as no time at all."""
    found = await sql.fetchval("select duration_bucket($1)", duration_ms)
    assert found == 1 + sum(duration_ms > bound for bound in BOUNDS)


async def test_several_jobs_and_several_runs_of_one_end_in_one_call(replica, database, sql):
    """One answer each; a stranger's among them spoils nothing."""
    other = await FakeReplica.join(database)
    await insert_job(sql, "A", overlap_policy="ALLOW")
    await insert_job(sql, "B")
    mine = [await start(replica, sql, seconds_ago=n) for n in (3, 2, 1)]
    stranger = await start(other, sql, "B")
    together = [outcome(each) for each in (mine[2], stranger, mine[0])]
    assert await replica.outcomes.close(together) == {mine[0], mine[2]}
    assert ((await state_of(sql))["active_executions"], (await state_of(sql, "B"))["active_executions"]) == (
        1,
        1,
    )
    assert await replica.outcomes.close([outcome(mine[1]), outcome(mine[1])]) == {mine[1]}
    assert (await state_of(sql))["recent_outcomes"] == ["SUCCESS"] * 3


@pytest.mark.parametrize("policy", ["QUEUE", "REPLACE"])
async def test_the_end_of_the_active_run_is_the_turn_of_the_waiting_one(replica, sql, policy):
    """It waits until then, is taken once, and counts as the active one."""
    await insert_job(sql, "A", overlap_policy=policy)
    active, waiting = await start(replica, sql, seconds_ago=2), await start(replica, sql, seconds_ago=1)
    assert await replica.claims.take(9) == []
    await replica.outcomes.close([outcome(active, "CANCELLED")])
    s = await state_of(sql)
    assert (s["active_executions"], s["waiting_execution_id"]) == (1, None)
    assert await replica.claims.take(9) == [waiting]
    await replica.outcomes.close([outcome(waiting)])
    assert (await state_of(sql))["active_executions"] == 0


async def test_a_waiting_run_waits_for_all_that_are_active(replica, sql):
    """A job that allowed several and then queues: the last of them to end makes room."""
    await insert_job(sql, "A", overlap_policy="ALLOW")
    running = [await start(replica, sql, seconds_ago=n) for n in (5, 4, 3)]
    await sql.execute("update jobs set overlap_policy = 'QUEUE' where job_id = 'A'")
    waiting = await start(replica, sql, revision=2)
    for each in running:
        assert await replica.claims.take(9) == []
        await replica.outcomes.close([outcome(each)])
    assert await replica.claims.take(9) == [waiting]


async def test_a_run_of_a_deleted_job_ends_all_the_same(replica, sql):
    """Its history stays, and no new attempt is made."""
    await insert_job(sql, "A", max_attempts=5)
    execution_id = await start(replica, sql)
    await sql.execute("delete from jobs where job_id = 'A'")
    assert await replica.outcomes.close([outcome(execution_id, "FAILED")]) == {execution_id}
    assert (await state_of(sql))["active_executions"] == 0
    assert await sql.fetchval("select count(*) from job_executions") == 1


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("\0\0", "\ufffd\ufffd"),
        (r"a literal \u0000, a \\u0000", r"a literal \u0000, a \\u0000"),
        ("\\\0", "\\\ufffd"),
        ("half a pair \udce9 and a NUL \0", "half a pair ? and a NUL \ufffd"),
        ("'); drop table jobs; --", "'); drop table jobs; --"),
        ('{1,2,NULL} "\\ \t\r\n\x01\x7f 💥 ‮', '{1,2,NULL} "\\ \t\r\n\x01\x7f 💥 ‮'),
        ("x" * 65_536, "x" * 65_536),
        ("", ""),
    ],
)
async def test_any_text_can_be_told(replica, sql, text, stored):
    """What Postgres cannot hold is replaced; it fails neither this outcome nor the others of the batch."""
    await insert_job(sql, "A")
    await insert_job(sql, "B")
    told, plain = await start(replica, sql), await start(replica, sql, "B")
    reported = outcome(told, "FAILED", error_details=[text], timeframes=[text], result={text: [text]})
    assert await replica.outcomes.close([reported, outcome(plain)]) == {told, plain}
    x = await row_of(sql, told)
    assert msgspec.json.decode(x["error_details"]) == msgspec.json.decode(x["timeframes"]) == [stored]
    assert msgspec.json.decode(x["result"]) == {stored: [stored]}


async def test_times_in_results_are_told_as_json(replica, sql):
    """Whatever msgspec can write."""
    await insert_job(sql, "A")
    execution_id = await start(replica, sql)
    result = {"at": datetime(2026, 1, 1, tzinfo=UTC), "id": UUID(int=7), "share": float("nan")}
    await replica.outcomes.close([outcome(execution_id, result=result)])
    assert msgspec.json.decode((await row_of(sql, execution_id))["result"]) == {
        "at": "2026-01-01T00:00:00Z",
        "id": str(UUID(int=7)),
        "share": None,
    }
