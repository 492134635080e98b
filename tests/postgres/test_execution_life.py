"""The life of executions, whatever happens in whichever order, held against a model."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.domain.errors import StateForbids
from service.domain.fire import Verdict
from tests.support.executions import outcome
from tests.support.fleet import FakeReplica, due
from tests.support.life_model import UNFINISHED, Model, ModelExecution, ModelJob
from tests.support.life_world import JOBS, World, a_world

OUTCOMES = ["SUCCESS", "FAILED", "TIMEOUT", "CANCELLED", "LOST"]
EXECUTIONS = """
    select execution_id, job_id, status, attempt, first_execution_id, fencing_number,
           cancel_requested_at is not null as is_to_cancel, replica_id,
           not_before > clock_timestamp() as is_backing_off
      from job_executions order by created_at, execution_id
"""
STATES = """
    select s.job_id, s.active_executions, s.waiting_execution_id, s.recent_outcomes, s.failures_in_succession,
           (select count(*) from job_executions x
             where x.job_id = s.job_id and x.status in ('QUEUED', 'RUNNING')
               and x.execution_id is distinct from s.waiting_execution_id) as counted,
           (select coalesce(sum(t.success_count + t.failed_count + t.timeout_count + t.cancelled_count
                                + t.lost_count), 0)::integer
              from job_execution_stats t where t.job_id = s.job_id) as ended
      from job_state s
"""
LEDGER = "select job_id, fire_time, outcome, execution_id from job_fires"


class Life(RuleBasedStateMachine):
    """One story: each rule does one thing in the database and in the model, and compares the answers."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        world = self.world
        revisions = world.run(world.begin_again())
        jobs = [ModelJob(*facts, revision=revisions[facts[0]]) for facts in JOBS]
        self.model = Model(jobs, list(world.replicas))
        self.claimed: list[tuple[ModelJob, datetime, UUID]] = []
        self.requested: list[tuple[ModelJob, UUID]] = []
        self.closed: list[tuple[ModelExecution, str]] = []

    def choose(self, data: st.DataObject, things: Any) -> Any:
        return data.draw(st.sampled_from(list(things)))

    def replica(self, data: st.DataObject) -> FakeReplica:
        return self.world.replicas[self.choose(data, self.model.replicas)]

    def adopt_ids(self) -> None:
        """Give the new attempts of the model the ids that the database chose."""
        known = {x.execution_id for x in self.model.executions if not self.is_new(x)}
        for row in self.world.fetch(EXECUTIONS):
            if row["execution_id"] not in known:
                [new] = [
                    x
                    for x in self.model.jobs[row["job_id"]].executions
                    if self.is_new(x) and x.first_execution_id == row["first_execution_id"]
                ]
                new.execution_id = row["execution_id"]

    def is_new(self, execution: ModelExecution) -> bool:
        """Whether its id is still that of the execution it follows."""
        same = [x for x in execution.job.executions if x.execution_id == execution.execution_id]
        return execution is not same[0]

    def claim(
        self, job: ModelJob, fire_time: datetime, execution_id: UUID, replica: FakeReplica, slots: int
    ) -> None:
        claim = due(job.job_id, fire_time, revision=job.revision, execution_id=execution_id)
        [judgement] = self.world.run(replica.claims.claim([claim], slots))
        expected = self.model.fire(job, fire_time, execution_id, replica.replica_id, slots)
        assert judgement.verdict == Verdict(expected)

    @initialize()
    def every_job_runs(self):
        replicas = list(self.world.replicas.values())
        for number, job in enumerate(self.model.jobs.values()):
            self.claimed.append((job, self.world.fires_from + timedelta(seconds=number), uuid4()))
            self.claim(*self.claimed[-1], replicas[number % 2], 5)

    @rule(data=st.data(), slots=st.sampled_from([5, 5, 0]))
    def a_fire_is_due(self, data, slots):
        job = self.choose(data, self.model.jobs.values())
        fire_time = self.world.fires_from + timedelta(seconds=len(self.claimed))
        self.claimed.append((job, fire_time, uuid4()))
        self.claim(*self.claimed[-1], self.replica(data), slots)

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), is_other_replica_s=st.booleans())
    def a_claim_is_repeated(self, data, is_other_replica_s):
        job, fire_time, execution_id = self.choose(data, self.claimed)
        self.claim(job, fire_time, uuid4() if is_other_replica_s else execution_id, self.replica(data), 5)

    @rule(data=st.data(), is_repeated=st.booleans())
    def somebody_asks_for_an_execution(self, data, is_repeated):
        if not (is_repeated and self.requested):
            self.requested.append((self.choose(data, self.model.jobs.values()), uuid4()))
        job, execution_id = self.choose(data, self.requested) if is_repeated else self.requested[-1]
        [row] = self.world.fetch(
            "select verdict from request_execution($1, $2, '{}', 'MANUAL', 'ada')", job.job_id, execution_id
        )
        assert row["verdict"] == self.model.request(job, execution_id)

    @rule(data=st.data(), limit=st.sampled_from([1, 9]))
    def a_replica_takes_from_the_queue(self, data, limit):
        replica = self.replica(data)
        taken = self.world.run(replica.claims.take(limit))
        takeable = {x.execution_id: x for x in self.model.executions if x.is_takeable}
        is_alive = replica.replica_id in self.model.living
        assert set(taken) <= takeable.keys()
        assert len(taken) == (min(limit, len(takeable)) if is_alive else 0)
        for execution_id in taken:
            self.model.take(takeable[execution_id], replica.replica_id)

    @precondition(lambda self: self.model.executions)
    @rule(data=st.data(), status=st.sampled_from(OUTCOMES), is_stale=st.sampled_from([False] * 3 + [True]))
    def an_outcome_is_reported(self, data, status, is_stale):
        running = [x for x in self.model.executions if x.status == "RUNNING"]
        execution = self.choose(data, running or self.model.executions)
        replica_id = self.choose(data, self.model.replicas) if is_stale else execution.owner
        if replica_id is not None:
            fencing_number = execution.fencing_number - data.draw(
                st.integers(0, 1) if is_stale else st.just(0)
            )
            self.report(execution, status, replica_id, fencing_number)

    @precondition(lambda self: self.closed)
    @rule(data=st.data(), status=st.sampled_from([None, None, *OUTCOMES]))
    def an_outcome_is_reported_again(self, data, status):
        execution, recorded = self.choose(data, self.closed)
        self.report(execution, status or recorded, execution.owner, execution.fencing_number)

    def report(self, execution: ModelExecution, status: str, replica_id: UUID, fencing_number: int) -> None:
        report = outcome(execution.execution_id, status, fencing_number)
        recorded = self.world.run(self.world.replicas[replica_id].outcomes.close([report]))
        is_recorded = self.model.close(execution, status, replica_id, fencing_number)
        assert (execution.execution_id in recorded) == is_recorded
        if is_recorded:
            self.closed.append((execution, status))
        self.adopt_ids()

    @rule(data=st.data())
    def all_runs_of_a_replica_end_together(self, data):
        replica = self.replica(data)
        ended = self.model.running_on(replica.replica_id)
        statuses = [data.draw(st.sampled_from(OUTCOMES)) for _ in ended]
        reports = [outcome(x.execution_id, s, x.fencing_number) for x, s in zip(ended, statuses, strict=True)]
        recorded = self.world.run(replica.outcomes.close(reports)) if reports else set()
        assert recorded == {x.execution_id for x in ended}
        for execution, status in zip(ended, statuses, strict=True):
            self.model.close(execution, status, replica.replica_id, execution.fencing_number)
        self.adopt_ids()

    @rule(data=st.data())
    def a_replica_dies(self, data):
        replica = self.replica(data)
        self.world.run(self.world.die(replica))
        self.model.living.discard(replica.replica_id)

    @rule(data=st.data())
    def a_replica_is_back_in_time(self, data):
        replica = self.replica(data)
        self.world.run(self.world.live(replica))
        self.model.living.add(replica.replica_id)

    @rule(data=st.data())
    def a_replica_reaps(self, data):
        replica = self.replica(data)
        lost = self.world.run(replica.outcomes.reap(50))
        orphans = self.model.orphans() if replica.replica_id in self.model.living else []
        assert {each.execution_id for each in lost} == {x.execution_id for x in orphans}
        for execution in orphans:
            execution.job.end(execution, "LOST", by_reaper=True)
        self.adopt_ids()

    @rule(data=st.data())
    def a_replica_gives_its_runs_back(self, data):
        replica = self.replica(data)
        given_back = self.model.running_on(replica.replica_id)
        owned = self.world.run(replica.claims.owned())
        assert {each.execution_id for each in owned} == {x.execution_id for x in given_back}
        assert self.world.run(replica.outcomes.hand_over(owned)) == {x.execution_id for x in given_back}
        for execution in given_back:
            execution.status, execution.owner = "QUEUED", None

    @precondition(lambda self: self.model.executions)
    @rule(data=st.data())
    def somebody_cancels_an_execution(self, data):
        execution = self.choose(data, self.model.executions)
        if execution.status not in UNFINISHED:
            with pytest.raises(StateForbids, match="has ended already"):
                self.world.fetch("select cancel_execution($1)", execution.execution_id)
            return
        self.world.fetch("select cancel_execution($1)", execution.execution_id)
        execution.is_to_cancel = True
        if execution.status == "QUEUED":
            execution.job.end(execution, "CANCELLED")

    @rule(data=st.data())
    def what_was_cancelled_in_the_queue_is_closed(self, data):
        cancelled = [x for x in self.model.executions if x.status == "QUEUED" and x.is_to_cancel]
        closed = self.world.run(self.replica(data).outcomes.close_cancelled(50))
        assert set(closed) == {x.execution_id for x in cancelled}
        for execution in cancelled:
            execution.job.end(execution, "CANCELLED")

    @rule(data=st.data(), is_enabled=st.sampled_from([True, True, False]))
    def a_job_is_disabled_or_enabled(self, data, is_enabled):
        job = self.choose(data, self.model.jobs.values())
        job.is_enabled = is_enabled
        job.revision = self.world.run(self.world.enable(job.job_id, job.is_enabled))

    @rule()
    def time_goes_by(self):
        self.world.fetch("update job_executions set not_before = clock_timestamp() where status = 'QUEUED'")
        for execution in self.model.executions:
            if execution.status == "QUEUED":
                execution.is_backing_off = False

    @invariant()
    def the_executions_are_the_model_s(self):
        rows = {row["execution_id"]: row for row in self.world.fetch(EXECUTIONS)}
        assert rows.keys() == {x.execution_id for x in self.model.executions}
        for x in self.model.executions:
            row = rows[x.execution_id]
            assert (row["status"], row["attempt"], row["fencing_number"], row["is_to_cancel"]) == (
                (x.status, x.attempt, x.fencing_number, x.is_to_cancel)
            ), x
            assert (row["first_execution_id"], row["replica_id"]) == (x.first_execution_id, x.owner), x
            assert row["is_backing_off"] == x.is_backing_off or x.status != "QUEUED", x

    @invariant()
    def the_state_of_each_job_is_the_model_s(self):
        for row in self.world.fetch(STATES):
            job = self.model.jobs[row["job_id"]]
            assert row["active_executions"] == row["counted"] == len(job.active), job.job_id
            waiting = job.waiting.execution_id if job.waiting else None
            assert row["waiting_execution_id"] == waiting, job.job_id
            assert row["recent_outcomes"] == job.outcomes[-30:], job.job_id
            assert row["failures_in_succession"] == job.failures_in_succession, job.job_id
            assert row["ended"] == len(job.outcomes), job.job_id
            if job.overlap_policy != "ALLOW":
                assert len(job.active) <= 1, job.job_id

    @invariant()
    def the_ledger_is_the_model_s(self):
        rows = self.world.fetch(LEDGER)
        stored = {(row["job_id"], row["fire_time"]): (row["outcome"], row["execution_id"]) for row in rows}
        assert stored == {
            (job.job_id, fire_time): decision
            for job in self.model.jobs.values()
            for fire_time, decision in job.ledger.items()
        }


def test_whatever_happens_executions_live_as_the_model_says(database_url):
    """Fires, requests, outcomes, deaths, cancellations and repeats, in stories of fifty events."""
    with a_world(database_url) as world:
        story = type("Story", (Life,), {"world": world})
        run_state_machine_as_test(
            story,
            settings=settings(
                max_examples=80,
                stateful_step_count=50,
                derandomize=True,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
