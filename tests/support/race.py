"""A race on one database: replicas that claim, run and close, beside people who edit, hold rows and trigger.

Everybody acts for a bounded number of rounds. What they did is then judged by what the database holds.
"""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from service.database.pool import open_database
from service.domain.errors import DatabaseUnavailable
from service.domain.fire import Claim, Judgement, Verdict
from tests.support.executions import die, outcome
from tests.support.fleet import FakeReplica, due
from tests.support.sql import Sql, connected

REPLICAS = 4
POLICIES = ["SKIP", "SKIP", "SKIP", "QUEUE", "ALLOW", "REPLACE"]
INSERT = """
    insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler, overlap_policy, on_lost)
    select 'J' || lpad(i::text, 3, '0'), 'Job ' || i, 'CRON', '* * * * * *', 'noop', ($2::text[])[1 + i % 6],
           case when i % 2 = 0 then 'RETRY' else 'FAIL' end
      from generate_series(0, $1 - 1) i
"""
EARLIER = "update jobs set planned_from = clock_timestamp() - interval '1 hour' where job_id like 'J%'"
# Rounded down to 50 ms, so that replicas meet at the same fires.
READ = """
    select job_id, revision, date_bin('50 ms', clock_timestamp(), '2000-01-01') as fire_time
      from jobs where job_id like 'J%'
"""
CUT_OFF = """
    select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = $1 and datname = current_database()
"""
CANCEL_ONE = """
    update job_executions set cancel_requested_at = clock_timestamp()
     where execution_id in (select x.execution_id from job_executions x
                             where x.status in ('QUEUED', 'RUNNING') limit 1)
"""
CHANGES = [
    "schedule_cron = '*/2 * * * * *'",
    "schedule_cron = '* * * * * *'",
    "description = md5(random()::text)",
    "enabled = not enabled",
    "enabled = true",
]
# `edits` tells when a revision was certainly in force: after its commit.
CREATE_EDITS = "create table edits (job_id text, revision bigint, in_force_at timestamptz)"
NOTE_EDITS = """
    insert into edits select job_id, revision, clock_timestamp() from jobs where job_id = any ($1)
"""


class Race:
    """The participants share the fires to decide, one a round, and a count of the verdicts."""

    def __init__(self, url: str, jobs: int, rounds: int, seed: int) -> None:
        self.url, self.jobs, self.rounds, self.chance = url, jobs, rounds, random.Random(seed)
        self.job_ids = [f"J{n:03}" for n in range(jobs)]
        self.verdicts: Counter[str] = Counter()
        self.lost_answers = 0
        self.is_one_dead, self.is_over = asyncio.Event(), asyncio.Event()

    async def prepare(self, sql: Sql) -> None:
        """Insert the jobs, with an hour of fires behind them."""
        await sql.execute(CREATE_EDITS)
        await sql.execute(INSERT, self.jobs, POLICIES)
        async with sql.transaction():
            await sql.execute("set local session_replication_role = replica")
            await sql.execute(EARLIER)

    def some(self, most: int) -> list[str]:
        """A few jobs, in no order."""
        return self.chance.sample(self.job_ids, self.chance.randint(1, most))

    async def replica(self, number: int) -> None:
        """Decide, run and close, with lost answers now and then; the last replica dies half-way."""
        name = f"racer {number}"
        async with open_database(self.url, application_name=name, size=4, statement_seconds=30) as database:
            replica = await FakeReplica.join(database)
            for turn in range(self.rounds):
                if number == REPLICAS - 1 and turn > self.rounds / 2:
                    async with database.connection() as connection:
                        await die(connection, replica)
                    self.is_one_dead.set()
                    return
                await self.decide_a_round(replica, name)
                await self.end_some(replica)
            await self.is_one_dead.wait()  # it may be the slowest: somebody has to find what it has left
            await self.end_some(replica)

    async def decide_a_round(self, replica: FakeReplica, name: str) -> None:
        """Ask for every job's fire of this moment, and again for those that were busy, at most five times."""
        rows = await self.patiently(self.read, replica)
        claims = [due(row["job_id"], row["fire_time"], revision=row["revision"]) for row in rows]
        self.chance.shuffle(claims)
        for _ in range(5):
            judgements = await self.claim(replica, name, claims)
            self.verdicts.update(judgement.verdict.value for judgement in judgements)
            again = {Verdict.BUSY, Verdict.BEING_EDITED, Verdict.EARLY}
            claims = [c for c, j in zip(claims, judgements, strict=True) if j.verdict in again]
            if not claims:
                break

    async def claim(self, replica: FakeReplica, name: str, claims: list[Claim]) -> list[Judgement]:
        """Claim, and let now the server lose the connection meanwhile, now the client its patience."""
        accident, free_slots = (
            self.chance.choice(["cut off", "give up", "", "", ""]),
            self.chance.choice([20, 500]),
        )
        cutter = asyncio.create_task(self.cut_off(name)) if accident == "cut off" else None
        patience = self.chance.random() * 0.03 if accident == "give up" else None
        try:
            async with asyncio.timeout(patience):
                answer: list[Judgement] = await self.patiently(replica.claims.claim, claims, free_slots)
        except TimeoutError:
            self.lost_answers += 1
            answer = await self.patiently(replica.claims.claim, claims, free_slots)
        if cutter is not None:
            await cutter
        return answer

    async def read(self, replica: FakeReplica) -> list[asyncpg.Record]:
        """The jobs as they are, with the fire time of this moment."""
        async with replica.database.connection() as connection:
            return await connection.fetch(READ)

    async def patiently(self, call: Any, *arguments: Any) -> Any:
        """Repeat a call whose answer was lost, with the same ids, as a replica does."""
        while True:
            try:
                return await call(*arguments)
            except DatabaseUnavailable:
                self.lost_answers += 1

    async def cut_off(self, name: str) -> None:
        """End the server processes of a replica's connections, whatever they are doing."""
        async with connected(self.url) as sql:
            await sql.execute("select pg_sleep($1)", self.chance.random() * 0.01)
            await sql.execute(CUT_OFF, name)

    async def end_some(self, replica: FakeReplica) -> None:
        """Reap, take what is queued, cancel what people want cancelled, close a share of what runs here."""
        await self.patiently(replica.outcomes.reap, 50)
        await self.patiently(replica.claims.take, 50)
        await self.patiently(replica.outcomes.close_cancelled, 50)
        owned = await self.patiently(replica.claims.owned)
        unwanted = await self.patiently(replica.outcomes.to_cancel, [each.execution_id for each in owned])
        ended = [
            outcome(each.execution_id, self.ending(each.execution_id in unwanted), each.fencing_number)
            for each in owned
            if each.execution_id in unwanted or self.chance.random() < 0.6
        ]
        if ended:
            await self.patiently(replica.outcomes.close, ended)

    def ending(self, is_unwanted: bool) -> str:
        """A status to end with."""
        return "CANCELLED" if is_unwanted else self.chance.choice(["SUCCESS", "FAILED", "TIMEOUT"])

    async def editor(self, most: int) -> None:
        """Change schedules, descriptions and enablement of up to `most` jobs; note when it was in force."""
        async with connected(self.url) as sql:
            while not self.is_over.is_set():
                job_ids, change = self.some(most), self.chance.choice(CHANGES)
                await sql.execute(f"update jobs set {change} where job_id = any ($1)", job_ids)
                await sql.execute(NOTE_EDITS, job_ids)

    async def operator(self) -> None:
        """Hold rows in open transactions, and change their mind half of the time."""
        async with connected(self.url) as sql:
            while not self.is_over.is_set():
                transaction = sql.transaction()
                await transaction.start()
                await sql.execute(f"update jobs set {CHANGES[2]} where job_id = any ($1)", self.some(1))
                await sql.execute("select pg_sleep(0.03)")
                await (transaction.commit() if self.chance.random() < 0.5 else transaction.rollback())

    async def trigger(self) -> None:
        """Ask for executions by hand, each twice with one id; cancel some that are unfinished."""
        async with connected(self.url) as sql:
            while not self.is_over.is_set():
                [job_id], execution_id = self.some(1), uuid4()
                answers = {await self.request(sql, job_id, execution_id) for _ in range(2)}
                self.verdicts.update(f"request {verdict}" for verdict in answers)
                await sql.execute(CANCEL_ONE)

    async def request(self, connection: Sql, job_id: str, execution_id: UUID) -> str:
        """One call of request_execution; the verdict."""
        verdict: str = await connection.fetchval(
            "select verdict from request_execution($1, $2, '{}', 'MANUAL', 'race')", job_id, execution_id
        )
        return verdict

    async def run(self) -> None:
        """Let all of them act until the replicas have done their rounds."""
        people = [self.editor(20), self.editor(1), self.operator(), self.trigger()]
        async with asyncio.TaskGroup() as tasks:
            for person in people:
                tasks.create_task(person)
            async with asyncio.TaskGroup() as replicas:
                for number in range(REPLICAS):
                    replicas.create_task(self.replica(number))
            self.is_over.set()
