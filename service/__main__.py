"""The command line: serve, migrate, check, doctor, preview, psql."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from service import __version__
from service.admin_token import FILE_NAME, ensure_admin_token
from service.app import serve
from service.database.embedded import embedded_postgres, exec_psql
from service.database.embedded_places import embedded_binary
from service.database.migrations import check_database, migrate
from service.database.pooling import detect_pooling
from service.doctor import examine
from service.domain.clock import SystemClock
from service.domain.cron import preview_schedule, use_packaged_zones
from service.domain.diagnosis import Severity
from service.domain.errors import CronsoleError
from service.handlers.catalogue import load_handlers
from service.observability.logs import configure_logs
from service.pools import CONNECTIONS
from service.settings import Settings

log = structlog.get_logger(__name__)

# Cloud Run kills 10 s after SIGTERM; a thread that never ends must not keep us until then.
LONGEST_SHUTDOWN_SECONDS = 7.5
# What is left then is work that does not end: in a thread, or in a task that ignores its cancellation.
WIND_UP_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 for an error that a message explains."""
    parser = build_parser()
    chosen, rest = parser.parse_known_args(arguments)
    chosen.rest = rest
    if chosen.rest and chosen.command is not psql_command:
        parser.error(f"unrecognized arguments: {' '.join(chosen.rest)}")
    try:
        settings = Settings.from_environment(os.environ)
        configure_logs(settings.log_format)
        use_packaged_zones()
        return int(chosen.command(settings, chosen))
    except (CronsoleError, OSError) as fault:
        print(f"cronsole: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="cronsole",
        description="A job scheduler whose jobs are rows. The README lists its settings.",
    )
    parser.add_argument("--version", action="version", version=f"cronsole {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, summary in (
        ("serve", serve_command, "run one replica until SIGTERM or Ctrl-C"),
        ("migrate", migrate_command, "bring the database to this version's schema, and exit"),
        ("check", check_command, "check settings, handlers and database, change nothing, and exit"),
        ("doctor", doctor_command, "look at everything, change nothing, say what is wrong; 1 if anything is"),
    ):
        commands.add_parser(name, help=summary, description=summary).set_defaults(command=command)
    preview = commands.add_parser("preview", help="show what a schedule would do; asks no database")
    preview.add_argument("cron", help="such as '0 */5 * * * MON-FRI'; quote it")
    preview.add_argument("zone", nargs="?", default="UTC", help="an IANA zone, default UTC")
    preview.add_argument("--after", type=read_instant, help="from this instant on, default now")
    preview.add_argument("--count", type=int, default=10, choices=range(1, 101), metavar="1..100")
    preview.add_argument("--clock-change-policy", default="ONCE", help="ONCE (default) or WALL")
    preview.set_defaults(command=preview_command)
    psql = commands.add_parser("psql", help="open psql on the database; further arguments are psql's own")
    psql.set_defaults(command=psql_command)
    return parser


def serve_command(settings: Settings, _: argparse.Namespace) -> int:
    """Run one replica."""
    token = settings.admin_token
    if not settings.has_authentication:
        token = ensure_admin_token(settings.data_dir)

    def on_ready(host: str, port: int) -> None:
        if settings.log_format == "console":
            print_welcome(settings, host, port)

    last_resort = LastResort()
    try:
        asyncio.run(serve_until_signal(settings, token, on_ready, last_resort))
    finally:
        if not has_threads_that_hold_us():
            last_resort.cancel()
    return 0


async def serve_until_signal(
    settings: Settings, token: str | None, on_ready: Callable[[str, int], None], last_resort: "LastResort"
) -> None:
    """Serve until SIGTERM or SIGINT, and leave within 8 seconds of it."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def leave() -> None:
        if not stop.is_set():
            last_resort.leave_within(LONGEST_SHUTDOWN_SECONDS)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    await serve(settings, token, stop, on_ready)
    # The lease is given up and everything is closed: nobody needs us any more.
    last_resort.leave_within(WIND_UP_SECONDS)


def has_threads_that_hold_us() -> bool:
    """Answer whether there are threads that Python waits for before it ends: a handler may have left some."""
    return any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread())


class LastResort:
    """Ends the process after a while, stuck threads notwithstanding: the database fences off what they do."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def leave_within(self, seconds: float) -> None:
        """End the process after so many seconds, unless it has ended, or says `cancel` before."""
        self.cancel()
        self._timer = threading.Timer(seconds, self._leave_at_once, [seconds])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Let the process end by itself."""
        if self._timer is not None:
            self._timer.cancel()

    def _leave_at_once(self, seconds: float) -> None:
        # Nobody may be reading our output, and then writing to it has no end.
        silent = threading.Timer(WIND_UP_SECONDS / 2, os._exit, [0])
        silent.daemon = True
        silent.start()
        log.warning("exit_forced", after_seconds=seconds)
        sys.stdout.flush()
        os._exit(0)


def print_welcome(settings: Settings, host: str, port: int) -> None:
    """Say where the service is and what to try first."""
    address = f"http://{host}:{port}"
    print(f"\nCronsole is ready at {address}")
    if not settings.has_authentication:
        path = settings.data_dir / FILE_NAME
        print(f"The console is at {address}/automation; the token to sign in with is in {path}. Try also:\n")
        print(f'  curl -X POST -H "Authorization: Bearer $(cat {path})" \\')
        print(f"    {address}/v1/console/jobs/MARKETDATA_BACKFILL/trigger\n")
    sys.stdout.flush()


def migrate_command(settings: Settings, _: argparse.Namespace) -> int:
    """Apply what is missing of the schema."""

    async def work() -> list[str]:
        if settings.database_url is not None:
            pooling = await detect_pooling(settings.database_url)
            return await migrate(settings.database_url, pooling=pooling)
        async with embedded_postgres(settings.data_dir) as server:
            return await migrate(server.database_url)

    applied = asyncio.run(work())
    print(f"applied {len(applied)} migrations: {', '.join(applied)}" if applied else "nothing to apply")
    return 0


def check_command(settings: Settings, _: argparse.Namespace) -> int:
    """Check what `serve` would need, without changing anything."""
    registry = load_handlers(
        settings.handlers, sql_role=settings.sql_role, http_allowed_hosts=settings.http_allowed_hosts
    )
    print("settings: ok")
    print(f"handlers: {', '.join(registry.names)}")
    if settings.database_url is None:
        embedded_binary("postgres")
        print("database: the embedded Postgres, which is started on demand")
        return 0
    missing = asyncio.run(check_database(settings.database_url))
    print("database: ok" if not missing else f"database: migrations to apply: {', '.join(missing)}")
    return 0


def doctor_command(settings: Settings, _: argparse.Namespace) -> int:
    """Print what is found, line by line; 1 if any of it is a problem."""

    async def work() -> int:
        problems = 0
        async for finding in examine(settings, CONNECTIONS):
            print(f"{finding.severity}: {finding.text}", flush=True)
            problems += finding.severity is Severity.PROBLEM
        return problems

    return 1 if asyncio.run(work()) else 0


def read_instant(text: str) -> datetime:
    """Read an instant of the command line; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        message = f"{text!r} is no instant such as 2026-03-08T06:59:00Z"
        raise argparse.ArgumentTypeError(message) from fault
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def preview_command(settings: Settings, chosen: argparse.Namespace) -> int:
    """Print what a schedule would do; 1 if it is refused."""
    after = chosen.after or SystemClock().now()
    policy = chosen.clock_change_policy.upper()
    preview = preview_schedule(chosen.cron, chosen.zone, after, chosen.count, policy)
    if preview.error is not None:
        print(f"cronsole: {preview.error.field}: {preview.error.message}", file=sys.stderr)
        if preview.error.hint:
            print(f"allowed: {preview.error.hint}", file=sys.stderr)
        return 1
    print(preview.description or "(no words for this one)")
    for fire in preview.fire_times:
        print(f"  {fire.local_time}   {fire.fire_time:%Y-%m-%dT%H:%M:%SZ}")
    for day in preview.odd_days:
        if day.is_affected:
            print(f"clock change {day.local_before} -> {day.local_after}: {day.effect}")
    return 0


def psql_command(settings: Settings, chosen: argparse.Namespace) -> int:
    """Become psql."""
    if settings.database_url is None:
        exec_psql(settings.data_dir, chosen.rest)
    # In the environment and not among the arguments, which every user of the machine can read.
    os.environ["PGDATABASE"] = settings.database_url
    os.execvp("psql", ["psql", *chosen.rest])


if __name__ == "__main__":
    sys.exit(main())
