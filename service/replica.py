"""One replica: the parts that fire, claim, run and record, and the tasks that keep them going."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from service.database.claims import ClaimStore
from service.database.listener import Listener
from service.database.outcomes import OutcomeStore
from service.database.plans import PlanStore
from service.database.pruning import PruningStore
from service.database.replicas import Vitals
from service.database.run_logs import RunLogStore
from service.database.runs import RunStore
from service.database.vitals import record_vitals
from service.domain.clock import SystemClock
from service.domain.cron import tzdata_version
from service.domain.diagnosis import Finding, Measurements
from service.domain.execution import Outcome, OwnedExecution
from service.domain.hint import Cancelling, Queued, ReplicaState
from service.domain.retention import Retention
from service.execution.announcer import Announcer
from service.execution.canceller import Canceller
from service.execution.claimer import Claimer
from service.execution.drain import drain
from service.execution.heartbeat import Heartbeat
from service.execution.lease_guard import keep_guarding
from service.execution.pruner import keep_pruning
from service.execution.reaper import keep_reaping
from service.execution.recorder import Recorder
from service.execution.run_logs import RunLogs
from service.execution.runner import Runner
from service.execution.work import Work
from service.handlers.registry import Registry
from service.handlers.secrets import Secrets
from service.live import Live
from service.loops import Loop, is_done_before, keep_going
from service.observability.checkup import keep_checking
from service.observability.metrics import Metrics
from service.observability.vitals import MachineVitals
from service.pools import Pools
from service.readiness import Health
from service.scheduling.reconciler import Reconciler
from service.scheduling.scheduler import Scheduler
from service.settings import FIELDS, Settings

log = structlog.get_logger(__name__)

LAST_CLAIM_SECONDS = 1.0

HISTORY = Retention(timedelta(days=90), rows=10_000_000)
KEPT = {
    "job_executions": HISTORY,
    "job_fires": HISTORY,
    "job_execution_logs": HISTORY,
    "job_changes": HISTORY,
    "job_execution_stats": Retention(timedelta(days=400)),
    "replicas": Retention(timedelta(days=1)),  # after the end of their lease
    "lease_gaps": Retention(timedelta(days=400)),
    "idempotency_keys": Retention(timedelta(hours=24)),
}


class Replica:
    """The parts that fire, claim, run and record, and the tasks that keep them going."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        pools: Pools,
        clock: SystemClock,
        vitals: Vitals,
        heartbeat: Heartbeat,
        live: Live,
        announcer: Announcer,
        metrics: Metrics,
    ) -> None:
        self._settings, self._registry, self._pools = settings, registry, pools
        self._clock, self._vitals, self._heartbeat = clock, vitals, heartbeat
        self._live, self._announcer, self._metrics = live, announcer, metrics
        self._outcomes = OutcomeStore(pools.reports, vitals.replica_id)
        self._runs = RunStore(pools.runs, pools.reports)
        self._secrets = Secrets(os.environ, withheld=FIELDS)

    async def run(self, url: str, health: Health, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Schedule and run jobs until `stop`, then drain."""
        clock, replica_id = self._clock, self._vitals.replica_id
        plans = PlanStore(self._pools.reports)
        announcer, live = self._announcer, self._live
        reconciler = Reconciler(clock, plans, announcer.acknowledge)
        recorder = Recorder(clock, self._outcomes, announcer.queued)
        run_logs = RunLogs(clock, RunLogStore(self._pools.logs), announcer.logged)

        async def record(outcome: Outcome) -> bool:
            """Record an outcome; whoever sees it finds the whole log."""
            await run_logs.finish(outcome.execution_id)
            stands = await recorder.record(outcome)
            if stands:
                self._metrics.execution_ended(outcome.status)
            return stands

        machine = MachineVitals(clock, is_on_cloud_run=self._settings.is_on_cloud_run)

        def on_step(step: timedelta) -> None:
            log.warning("clock_stepped", step_ms=round(step / timedelta(milliseconds=1)))
            machine.stepped(step)
            self._heartbeat.doubt()

        async with asyncio.TaskGroup() as tasks:
            runner = Runner(
                clock,
                slots=self._settings.max_concurrent_executions,
                prepare=lambda execution: self._prepare(execution, run_logs),
                record=record,
                on_slot_freed=lambda: claimer.take_soon(),
                on_changed=announcer.execution,
                tasks=tasks,
            )
            claims = ClaimStore(self._pools.claims, replica_id, self._metrics.fire_judged)
            claimer = Claimer(
                clock, claims, runner, announcer.queued, announcer.cancelling, announcer.execution
            )
            canceller = Canceller(clock, self._outcomes, runner, announcer.queued)
            scheduler = Scheduler(clock, decide=claimer.decide, read_again=reconciler.read_again, tasks=tasks)
            listener = health.listener = Listener(
                clock,
                self._settings.listen_database_url or url,
                replica_id,
                on_jobs=live.hub.hear_jobs,
                on_event=live.hub.hear,
                on_connected=live.hub.gap,
                notify_url=url,
            )
            show_figures(self._metrics, runner, scheduler, listener, self._heartbeat, clock)
            live.hub.on_jobs(reconciler.hint)
            live.hub.on_gap(reconciler.hint_all)
            live.hub.on_gap(claimer.take_soon)
            live.hub.on(Queued, lambda _: claimer.take_soon())
            live.hub.on(Cancelling, lambda _: canceller.look_soon())
            # What was cancelled may have kept another one waiting.
            live.hub.on(Cancelling, lambda _: claimer.take_soon())
            loops: dict[str, Loop] = {
                "listener": listener.run,
                "reconciler": lambda: reconciler.run(scheduler),
                "recorder": recorder.run,
                "announcer": announcer.run,
                "run logs": run_logs.run,
                "pruner": lambda: keep_pruning(clock, PruningStore(self._pools.upkeep), KEPT),
                "log streams": live.log_streams.run,
                "events": live.events.run,
                "reaper": lambda: keep_reaping(
                    clock,
                    self._outcomes,
                    held_seconds=lambda: self._heartbeat.held_seconds,
                    lease_seconds=self._settings.lease_seconds,
                    on_queued=announcer.queued,
                    on_changed=announcer.execution,
                ),
                "canceller": canceller.run,
                "lease guard": lambda: keep_guarding(
                    clock,
                    runner,
                    seconds_left=lambda: self._heartbeat.seconds_left,
                    on_regained=claimer.adopt_soon,
                ),
                "clock": lambda: clock.watch(on_step),
                "pulse": machine.pulse.run,
                "checkup": lambda: keep_checking(
                    clock,
                    measure=lambda: machine.measure(
                        listener_round_trip_ms=listener.round_trip_ms,
                        polling=listener.polling,
                        lease_seconds_left=self._heartbeat.seconds_left,
                    ),
                    record=self._record_vitals,
                    on_findings=health.take_findings,
                ),
                "vitals": lambda: keep_vitals(clock, self._vitals, listener),
            }
            started = [
                tasks.create_task(keep_going(clock, name, loop), name=name) for name, loop in loops.items()
            ]
            claiming = tasks.create_task(keep_going(clock, "claimer", claimer.run), name="claimer")
            if await is_done_before(stop, reconciler.is_initialised.wait()):
                announcer.replica(ReplicaState.JOINED)
                on_ready()
                await stop.wait()
            log.info("drain_started", executions=len(runner.running))
            health.is_draining = self._vitals.is_draining = True
            scheduler.stop()
            claimer.stop()
            announcer.replica(ReplicaState.DRAINING)
            live.stop()
            # A claim under way may still win something: it is run, or given back, like the rest.
            await asyncio.wait({claiming}, timeout=LAST_CLAIM_SECONDS)
            claiming.cancel()
            given_back = await drain(runner, self._outcomes)
            if given_back:
                announcer.queued()
                await announcer.finish()
            await run_logs.finish_all()
            log.info("drain_ended", given_back=given_back, left_behind=len(runner.running))
            runner.abandon()
            for task in started:
                task.cancel()

    async def _record_vitals(self, measured: Measurements, findings: Sequence[Finding]) -> None:
        replica_id = self._vitals.replica_id
        await record_vitals(self._pools.reports, replica_id, tzdata_version(), measured, findings)

    def _prepare(self, execution: OwnedExecution, run_logs: RunLogs) -> Work:
        handler = self._registry.find(execution.handler)
        if handler is None:
            raise LookupError(f"this replica has no handler {execution.handler!r}")
        run = handler.new_run(execution, self._runs, self._secrets)
        run_log = run_logs.open(execution, run.redact if run.redact.has_secrets else None)
        run.log = run_log.logger
        call = run_log.around(lambda: handler.work(run), handler.is_blocking)
        return Work(call, handler.is_blocking, run, run.redact)


def show_figures(
    metrics: Metrics,
    runner: Runner,
    scheduler: Scheduler,
    listener: Listener,
    heartbeat: Heartbeat,
    clock: SystemClock,
) -> None:
    """Have these parts read at each scrape."""
    metrics.read("executions_running", "Executions that hold a slot here", lambda: len(runner.running))
    metrics.read("slots_free", "How many more executions may start here", lambda: runner.free_slots)
    metrics.read("schedules_active", "Jobs with a timer", lambda: scheduler.active_schedules)
    metrics.read("lease_left_seconds", "What is left of this replica's lease", lambda: heartbeat.seconds_left)
    metrics.read(
        "listener_round_trip_seconds",
        "How long the last NOTIFY to ourselves took; NaN while deaf",
        lambda: None if listener.round_trip_ms is None else listener.round_trip_ms / 1000,
    )
    metrics.read(
        "clock_offset_seconds",
        "The database's clock minus this machine's",
        lambda: clock.offset / timedelta(seconds=1),
    )


async def keep_vitals(clock: SystemClock, vitals: Vitals, listener: Listener) -> None:
    """Keep up to date what the next renewal of the lease reports."""
    while True:
        vitals.listener_round_trip_ms = listener.round_trip_ms
        vitals.clock_offset_ms = clock.offset / timedelta(milliseconds=1)
        await clock.sleep(1.0)
