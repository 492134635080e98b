"""Builds every part of a replica and owns its tasks; the only module that knows all the others."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import structlog

from service import __version__
from service.api.auth import Access, JwtIssuer
from service.api.log_streams import LogStreams
from service.api.logs import as_event
from service.api.models import Readiness
from service.api.server import build_application, serving
from service.database.claims import ClaimStore
from service.database.embedded import embedded_postgres
from service.database.listener import Listener
from service.database.migrations import migrate_when_possible
from service.database.outcomes import OutcomeStore
from service.database.plans import PlanStore
from service.database.pool import (
    API_CLIENT_SECONDS,
    API_STATEMENT_SECONDS,
    Database,
    open_database,
)
from service.database.pooling import detect_when_possible
from service.database.pruning import PruningStore
from service.database.replicas import Vitals, application_name, open_lease
from service.database.run_logs import RunLogStore
from service.database.runs import RunStore
from service.database.start import pause_once, seed_samples
from service.database.stores import Stores
from service.database.vitals import record_vitals
from service.domain.backoff import Backoff
from service.domain.clock import Clock, SystemClock
from service.domain.cron import tzdata_version
from service.domain.diagnosis import Finding, Measurements
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import Outcome, OwnedExecution
from service.domain.pooling import Pooling
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
from service.handlers.catalogue import check_overrides, load_handlers
from service.handlers.registry import Registry
from service.handlers.secrets import Secrets
from service.loops import Loop, is_done_before, keep_going
from service.observability.checkup import keep_checking
from service.observability.vitals import MachineVitals
from service.scheduling.reconciler import Reconciler
from service.scheduling.scheduler import Scheduler
from service.settings import FIELDS, Settings, is_loopback, paseto_key_of

log = structlog.get_logger(__name__)

LAST_CLAIM_SECONDS, LAST_HINT_SECONDS = 1.0, 0.5
QUEUED_HINT = '{"type":"queued"}'

# Small separate pools: fifty busy runs starve neither claims nor the API.
CLAIM_CONNECTIONS, REPORT_CONNECTIONS, API_CONNECTIONS, RUN_CONNECTIONS = 2, 3, 5, 10
LOG_CONNECTIONS, UPKEEP_CONNECTIONS = 1, 1
UPKEEP_SECONDS = 60.0
# All that one replica may open: beside the pools the lease's and the listener's own.
CONNECTIONS = (
    CLAIM_CONNECTIONS
    + REPORT_CONNECTIONS
    + API_CONNECTIONS
    + RUN_CONNECTIONS
    + LOG_CONNECTIONS
    + UPKEEP_CONNECTIONS
    + 2
)

HISTORY = Retention(timedelta(days=90), rows=10_000_000)
KEPT = {
    "job_executions": HISTORY,
    "job_fires": HISTORY,
    "job_execution_logs": HISTORY,
    "job_changes": HISTORY,
    "job_execution_stats": Retention(timedelta(days=400)),
    "replicas": Retention(timedelta(days=1)),  # after the end of their lease
}


class Pools(msgspec.Struct):
    """The pools of one replica, by purpose; `pooling` is what stands between them and the database."""

    claims: Database
    reports: Database
    api: Database
    runs: Database
    logs: Database
    upkeep: Database
    pooling: Pooling = Pooling.NONE

    async def find_pooler(self, url: str, clock: SystemClock) -> None:
        """Wait for the database, and speak from then on as the pooler in between, if any, wants it."""
        self.pooling = await detect_when_possible(url, clock)
        for database in (self.claims, self.reports, self.api, self.runs, self.logs, self.upkeep):
            await database.adapt_to(self.pooling)


class Health:
    """What `/health/ready` answers from: facts that the parts keep up to date."""

    def __init__(self, replica_id: UUID) -> None:
        self._replica_id = replica_id
        self.listener: Listener | None = None
        self.heartbeat: Heartbeat | None = None
        self.findings: list[Finding] = []
        self.is_draining = False

    def take_findings(self, findings: list[Finding]) -> None:
        """Keep what is wrong, for the answer's details."""
        self.findings = findings

    def readiness(self) -> Readiness:
        """Say whether this replica can fire and run jobs; asks nobody."""
        is_held = self.heartbeat is not None and self.heartbeat.is_held
        is_hearing = self.listener is not None and self.listener.is_hearing
        is_polling = self.listener is not None and self.listener.polling is not None
        return Readiness(
            replica_id=self._replica_id,
            database=is_held or is_hearing,
            listener=is_hearing or is_polling,  # late by seconds, but it comes to know; `details` say so
            lease=is_held,
            draining=self.is_draining,
            details={finding.code: finding.text for finding in self.findings},
        )


async def serve(
    settings: Settings, admin_token: str | None, stop: asyncio.Event, on_ready: Callable[[str, int], None]
) -> None:
    """Run one replica until `stop` is set; `on_ready` is told the HTTP address once jobs are scheduled.

    Raises:
        InvalidSettings: a module of handlers cannot be loaded.
        ForeignDatabase, MigrationRefused: the database is not ours to use.
        OSError: the HTTP address cannot be bound.
    """
    registry = load_handlers(
        settings.handlers, sql_role=settings.sql_role, http_allowed_hosts=settings.http_allowed_hosts
    )
    replica_id, clock = uuid4(), SystemClock()
    health = Health(replica_id)
    log.info("replica_starting", replica_id=str(replica_id), version=__version__, tzdata=tzdata_version())
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            url = (await stack.enter_async_context(embedded_postgres(settings.data_dir))).database_url
        pools = await stack.enter_async_context(open_pools(url, replica_id))
        log_streams = LogStreams(clock, RunLogStore(pools.api), as_event)
        application = build_application(
            stores=Stores.over(pools.api),
            log_streams=log_streams,
            clock=clock,
            access=access_of(settings, admin_token),
            check_params=lambda handler, params: check_overrides(registry, handler, params),
            readiness=health.readiness,
        )
        address = await stack.enter_async_context(serving(application, settings.host, settings.port))
        log.info("http_listening", host=address[0], port=address[1], replica_id=str(replica_id))
        if settings.database_url and not await is_done_before(stop, pools.find_pooler(url, clock)):
            return
        if not await is_done_before(stop, prepare_database(settings, url, pools, clock)):
            return
        vitals = Vitals(replica_id, __version__, registry.names, registry.overridable)
        heartbeat = Heartbeat(
            clock,
            lambda: open_lease(url, vitals, settings.lease_seconds, pools.pooling),
            settings.lease_seconds,
        )
        health.heartbeat = heartbeat
        try:
            if await is_done_before(stop, heartbeat.start()):
                replica = Replica(settings, registry, pools, clock, vitals, heartbeat, log_streams)
                await replica.run(url, health, stop, lambda: on_ready(*address))
        finally:
            await heartbeat.stop()  # last: what still runs lives under the lease
            log.info("replica_stopped", replica_id=str(replica_id))


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
        log_streams: LogStreams,
    ) -> None:
        self._settings, self._registry, self._pools = settings, registry, pools
        self._clock, self._vitals, self._heartbeat = clock, vitals, heartbeat
        self._log_streams = log_streams
        self._outcomes = OutcomeStore(pools.reports, vitals.replica_id)
        self._runs = RunStore(pools.runs, pools.reports)
        self._secrets = Secrets(os.environ, withheld=FIELDS)

    async def run(self, url: str, health: Health, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Schedule and run jobs until `stop`, then drain."""
        clock, replica_id = self._clock, self._vitals.replica_id
        plans = PlanStore(self._pools.reports)
        announcer = Announcer(clock, replica_id, plans.announce)
        reconciler = Reconciler(clock, plans, announcer.acknowledge)
        recorder = Recorder(clock, self._outcomes, announcer.queued)
        run_logs = RunLogs(clock, RunLogStore(self._pools.logs), announcer.logged)

        async def record(outcome: Outcome) -> bool:
            """Record an outcome; whoever sees it finds the whole log."""
            await run_logs.finish(outcome.execution_id)
            return await recorder.record(outcome)

        machine = MachineVitals(clock, is_on_cloud_run=self._settings.is_on_cloud_run)

        def look_at_everything() -> None:
            reconciler.hint_all()
            claimer.take_soon()

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
                tasks=tasks,
            )
            claims = ClaimStore(self._pools.claims, replica_id)
            claimer = Claimer(clock, claims, runner, announcer.queued, announcer.cancelling)
            canceller = Canceller(clock, self._outcomes, runner, announcer.queued)
            scheduler = Scheduler(clock, decide=claimer.decide, read_again=reconciler.read_again, tasks=tasks)
            listener = health.listener = Listener(
                clock,
                self._settings.listen_database_url or url,
                replica_id,
                on_jobs=lambda payload: reconciler.hint(payload.split(",")),
                on_event=lambda payload: hear(payload, claimer, self._log_streams, canceller),
                on_connected=look_at_everything,
                notify_url=url,
            )
            loops: dict[str, Loop] = {
                "listener": listener.run,
                "reconciler": lambda: reconciler.run(scheduler),
                "recorder": recorder.run,
                "announcer": announcer.run,
                "run logs": run_logs.run,
                "pruner": lambda: keep_pruning(clock, PruningStore(self._pools.upkeep), KEPT),
                "log streams": self._log_streams.run,
                "reaper": lambda: keep_reaping(
                    clock,
                    self._outcomes,
                    held_seconds=lambda: self._heartbeat.held_seconds,
                    lease_seconds=self._settings.lease_seconds,
                    on_queued=announcer.queued,
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
                on_ready()
                await stop.wait()
            log.info("drain_started", executions=len(runner.running))
            health.is_draining = self._vitals.is_draining = True
            scheduler.stop()
            claimer.stop()
            self._log_streams.stop()
            # A claim under way may still win something: it is run, or given back, like the rest.
            await asyncio.wait({claiming}, timeout=LAST_CLAIM_SECONDS)
            claiming.cancel()
            given_back = await drain(runner, self._outcomes)
            if given_back:
                with suppress(DatabaseUnavailable, TimeoutError):
                    async with asyncio.timeout(LAST_HINT_SECONDS):
                        await plans.announce(QUEUED_HINT)
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


@asynccontextmanager
async def open_pools(url: str, replica_id: UUID) -> AsyncIterator[Pools]:
    """Open the pools of a replica; nothing is connected before it is used."""

    def name(purpose: str) -> str:
        return application_name(replica_id, purpose)

    async with (
        open_database(url, application_name=name("claims"), size=CLAIM_CONNECTIONS) as claims,
        open_database(url, application_name=name("reports"), size=REPORT_CONNECTIONS) as reports,
        open_database(
            url,
            application_name=name("api"),
            size=API_CONNECTIONS,
            statement_seconds=API_STATEMENT_SECONDS,
            client_seconds=API_CLIENT_SECONDS,
        ) as api,
        open_database(url, application_name=name("logs"), size=LOG_CONNECTIONS) as logs,
        open_database(
            url,
            application_name=name("upkeep"),
            size=UPKEEP_CONNECTIONS,
            statement_seconds=UPKEEP_SECONDS,
            client_seconds=UPKEEP_SECONDS + 2,
        ) as upkeep,
        open_database(
            url,
            application_name=name("runs"),
            size=RUN_CONNECTIONS,
            statement_seconds=None,
            client_seconds=None,
            is_for_handlers=True,
        ) as runs,
    ):
        yield Pools(claims, reports, api, runs, logs, upkeep)


def access_of(settings: Settings, admin_token: str | None) -> Access:
    """Return what the settings say about who may call."""
    jwt_issuer = None
    if settings.jwt_jwks_url and settings.jwt_issuer and settings.jwt_audience:
        jwt_issuer = JwtIssuer(settings.jwt_jwks_url, settings.jwt_issuer, settings.jwt_audience)
    return Access(
        admin_token=admin_token,
        access_cookie=settings.access_cookie,
        paseto_key=paseto_key_of(settings.paseto_key) if settings.paseto_key else None,
        jwt_issuer=jwt_issuer,
        role_claim=settings.jwt_role_claim,
        is_on_loopback=is_loopback(settings.host),
        is_on_cloud_run=settings.is_on_cloud_run,
    )


def hear(payload: str, claimer: Claimer, log_streams: LogStreams, canceller: Canceller) -> None:
    """Take a hint from anybody; what is not one of ours is none."""
    try:
        hint = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return
    match hint:
        case {"type": "queued"}:
            claimer.take_soon()
        case {"type": "cancel"}:
            canceller.look_soon()
            claimer.take_soon()  # what was cancelled may have kept another one waiting
        case {"type": "log", "jobIds": list(job_ids)}:
            log_streams.hear(job_id for job_id in job_ids if isinstance(job_id, str))


async def keep_vitals(clock: SystemClock, vitals: Vitals, listener: Listener) -> None:
    """Keep up to date what the next renewal of the lease reports."""
    while True:
        vitals.listener_round_trip_ms = listener.round_trip_ms
        vitals.clock_offset_ms = clock.offset / timedelta(milliseconds=1)
        await clock.sleep(1.0)


async def prepare_database(settings: Settings, url: str, pools: Pools, clock: Clock) -> None:
    """Migrate, and do what comes before the first fire, as soon as the database lets us.

    Raises:
        ForeignDatabase, MigrationRefused: the database is not ours to use.
    """
    backoff = Backoff()
    while True:
        await migrate_when_possible(url, clock, pools.pooling)
        try:
            if settings.database_url is None:
                await seed_samples(pools.reports)
            if settings.start_paused:
                await pause_once(pools.reports, "CRONSOLE_START_PAUSED")
            return
        except DatabaseUnavailable as fault:
            log.warning("waiting_for_database", error=str(fault))
            await clock.sleep(backoff.failed())
