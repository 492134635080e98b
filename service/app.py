"""Builds every part of a replica and owns its tasks; the only module that knows all the others."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from uuid import uuid4

import structlog

from service import __version__
from service.api.auth import Access, JwtIssuer
from service.api.server import build_application, serving
from service.database.embedded import embedded_postgres
from service.database.migrations import migrate_when_possible
from service.database.plans import PlanStore
from service.database.replicas import Vitals, open_lease
from service.database.start import pause_once, seed_samples
from service.database.stores import Stores
from service.doctor import Doctor, examine_from_within
from service.domain.backoff import Backoff
from service.domain.clock import Clock, SystemClock
from service.domain.cron import tzdata_version
from service.domain.errors import DatabaseUnavailable
from service.domain.hint import ReplicaState
from service.execution.announcer import Announcer
from service.execution.heartbeat import Heartbeat
from service.handlers.catalogue import check_overrides, load_handlers
from service.handlers.descriptions import describe_handlers
from service.live import Live
from service.loops import is_done_before
from service.observability.metrics import Metrics
from service.pools import CONNECTIONS, Pools, open_pools
from service.readiness import Health
from service.replica import Replica
from service.settings import Settings, is_loopback, paseto_key_of

log = structlog.get_logger(__name__)


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
    handlers = describe_handlers(registry)
    replica_id, clock = uuid4(), SystemClock()
    health, metrics = Health(replica_id), Metrics()
    log.info("replica_starting", replica_id=str(replica_id), version=__version__, tzdata=tzdata_version())
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            url = (await stack.enter_async_context(embedded_postgres(settings.data_dir))).database_url
        pools = await stack.enter_async_context(open_pools(url, replica_id))
        announcer = Announcer(clock, replica_id, PlanStore(pools.reports).announce)
        live = Live.over(pools.api, clock)
        doctor = Doctor(
            clock, partial(examine_from_within, settings, url, pools.api, registry.names, CONNECTIONS)
        )
        application = build_application(
            stores=Stores.over(pools.api),
            log_streams=live.log_streams,
            events=live.events,
            acknowledgements=live.acknowledgements,
            announce=announcer.execution,
            clock=clock,
            access=access_of(settings, admin_token),
            check_params=lambda handler, params: check_overrides(registry, handler, params),
            known_handlers=lambda: handlers,
            checkup=doctor.checkup,
            readiness=health.readiness,
            render_metrics=metrics.render,
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
                replica = Replica(
                    settings, registry, pools, clock, vitals, heartbeat, live, announcer, metrics
                )
                await replica.run(url, health, stop, lambda: on_ready(*address))
        finally:
            await heartbeat.stop()  # last: what still runs lives under the lease
            announcer.replica(ReplicaState.LEFT)
            await announcer.finish()
            log.info("replica_stopped", replica_id=str(replica_id))


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
