"""The HTTP server: routes, middlewares and limits put together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from service.api import home
from service.api.about import AboutEndpoints
from service.api.acknowledgements import Acknowledgements
from service.api.auth import Access, Authentication
from service.api.authorisation import authorisation
from service.api.bodies import LARGEST_BODY_BYTES, bodies
from service.api.console import BUILT, ConsoleEndpoints
from service.api.docs import DocsEndpoints
from service.api.doctor import DoctorEndpoints
from service.api.event_feed import EventFeed
from service.api.events import EventEndpoints
from service.api.execution_calls import ExecutionCallEndpoints
from service.api.executions import ExecutionEndpoints
from service.api.fleet import FleetEndpoints
from service.api.handlers import HandlerEndpoints, KnownHandlers
from service.api.headers import add_security_headers
from service.api.health import HealthEndpoints
from service.api.job_edits import JobEditEndpoints
from service.api.jobs import Announce, CheckParams, JobEndpoints
from service.api.ledger import LedgerEndpoints
from service.api.limits import LONGEST_HEADER_BYTES, LONGEST_LINE_BYTES, MOST_HEADERS, limits
from service.api.log_streams import LogStreams
from service.api.logs import LogEndpoints
from service.api.metrics import MetricsEndpoints
from service.api.models import Readiness
from service.api.origins import loopback_names_only
from service.api.packing import pack
from service.api.preview import PreviewEndpoints
from service.api.problems import problems
from service.api.protocol_log import protocol_logger
from service.api.signin import SignInEndpoints
from service.api.timeline import TimelineEndpoints
from service.api.why import WhyEndpoints
from service.database.stores import Stores
from service.domain.clock import Clock
from service.domain.examination import Checkup

log = structlog.get_logger(__name__)

# From the connection, or the last response, to the end of the next request's headers: this ends slow senders
# of headers. aiohttp's default is about an hour.
KEEPALIVE_SECONDS = 15.0
SHUTDOWN_SECONDS = 3.0  # Cloud Run kills 10 s after its signal, and draining needs its part
LONGEST_PATH_LOGGED = 200


def build_application(
    *,
    stores: Stores,
    log_streams: LogStreams,
    events: EventFeed,
    acknowledgements: Acknowledgements,
    announce: Announce,
    clock: Clock,
    access: Access,
    check_params: CheckParams,
    known_handlers: KnownHandlers,
    checkup: Callable[[], Awaitable[Checkup]],
    readiness: Callable[[], Readiness],
    render_metrics: Callable[[], bytes],
    console: Path = BUILT,
) -> web.Application:
    """Put the HTTP side together; nothing here needs the database before the first call.

    `check_params(handler, params)` returns the parameters that a manual trigger may override, or raises
    InvalidInput; `known_handlers()` describes the handlers of this replica; `checkup()` examines service and
    database; `readiness()` answers at once; `announce(change)` tells everybody of an execution; `console` is
    the folder of the built console, and may be missing.
    """
    authentication = Authentication(access, clock)
    application = web.Application(
        middlewares=[
            request_log(clock),
            problems,
            loopback_names_only(is_on_loopback=access.is_on_loopback),
            limits,
            authorisation(authentication),
            bodies,
        ],
        client_max_size=LARGEST_BODY_BYTES,
    )
    application.on_response_prepare.extend((add_security_headers, pack))
    sign_in = SignInEndpoints(
        authentication=authentication, clock=clock, is_on_loopback=access.is_on_loopback
    )
    about_jobs = JobEndpoints(
        stores=stores,
        clock=clock,
        check_params=check_params,
        acknowledgements=acknowledgements,
        announce=announce,
    )
    edits = JobEditEndpoints(stores=stores, clock=clock, acknowledgements=acknowledgements)
    calls = ExecutionCallEndpoints(stores=stores, clock=clock, announce=announce)
    application.add_routes(ExecutionEndpoints(history=stores.history).routes())
    application.add_routes(about_jobs.routes())
    application.add_routes(edits.routes())
    application.add_routes(LedgerEndpoints(ledger=stores.ledger).routes())
    application.add_routes(calls.routes())
    application.add_routes(TimelineEndpoints(timeline=stores.timeline, clock=clock).routes())
    application.add_routes(FleetEndpoints(stores=stores).routes())
    application.add_routes(DoctorEndpoints(checkup=checkup).routes())
    application.add_routes(HandlerEndpoints(fleet=stores.fleet, known_handlers=known_handlers).routes())
    application.add_routes(PreviewEndpoints(jobs=stores.jobs, clock=clock).routes())
    application.add_routes(WhyEndpoints(why=stores.why, clock=clock).routes())
    application.add_routes(HealthEndpoints(readiness=readiness).routes())
    application.add_routes(MetricsEndpoints(render=render_metrics).routes())
    application.add_routes(AboutEndpoints(readiness=readiness).routes())
    application.add_routes(home.routes())
    application.add_routes(sign_in.routes())
    application.add_routes(LogEndpoints(logs=stores.run_logs, streams=log_streams, clock=clock).routes())
    application.add_routes(EventEndpoints(feed=events, clock=clock).routes())
    application.add_routes(ConsoleEndpoints(dist=console).routes())
    application.add_routes(DocsEndpoints(access_cookie=access.access_cookie).routes())
    application.on_shutdown.append(stopping(log_streams, events))
    return application


def stopping(*streams: LogStreams | EventFeed) -> Callable[[web.Application], Awaitable[None]]:
    """Return what ends all streams, which would hold up the shutdown."""

    async def stop(_: web.Application) -> None:
        for each in streams:
            each.stop()

    return stop


def request_log(clock: Clock) -> Middleware:
    """Return the middleware that logs each request; neither headers nor query, which may hold secrets."""

    @web.middleware
    async def log_request(request: web.Request, handler: Handler) -> web.StreamResponse:
        start = clock.monotonic()
        response = await handler(request)
        # Health checks come every few seconds and say nothing new.
        write = log.debug if request.path.startswith("/health/") else log.info
        write(
            "request_served",
            method=request.method,
            path=request.rel_url.raw_path[:LONGEST_PATH_LOGGED],
            status=response.status,
            duration_ms=round((clock.monotonic() - start) * 1000, 1),
        )
        return response

    return log_request


@asynccontextmanager
async def serving(application: web.Application, host: str, port: int) -> AsyncIterator[tuple[str, int]]:
    """Serve while the context is open, and yield the address; port 0 means any free one.

    Raises:
        OSError: the address cannot be bound.
    """
    runner = web.AppRunner(
        application,
        logger=protocol_logger(),
        auto_decompress=False,  # a packed body is refused, and must not cost more than its bytes until then
        max_line_size=LONGEST_LINE_BYTES,
        max_field_size=LONGEST_HEADER_BYTES,
        max_headers=MOST_HEADERS,
        access_log=None,  # `request_served` says it, without the query
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=SHUTDOWN_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound_host, bound_port, *_ = runner.addresses[0]
        yield bound_host, bound_port
    finally:
        await runner.cleanup()
