"""Three replicas on one database, three processes with one log: `make fleet`, `python -m service.fleet`."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping

from service.admin_token import ensure_admin_token
from service.domain.errors import CronsoleError
from service.settings import Settings

NAMES = ("first", "second", "third")
# A replica ends by itself within 7.5 s of its signal; whoever waits for us may have little more patience.
LONGEST_SHUTDOWN_SECONDS = 7.8
LONGEST_LINE_BYTES = 1 << 20
PR_SET_PDEATHSIG = 1


class Fleet:
    """The processes, and what they print."""

    def __init__(self, environment: Mapping[str, str], first_port: int) -> None:
        self._environment, self._first_port = environment, first_port
        self._stop = asyncio.Event()
        self._processes: dict[str, Process] = {}

    def stop(self) -> None:
        """Let all of them leave."""
        self._stop.set()
        for process in self._processes.values():
            if process.returncode is None:
                process.terminate()

    async def run(self) -> int:
        """Run until all have ended; returns 0 if that was asked for, else 1.

        A replica that ends by itself is reported and not started again: the others take over.
        """
        async with asyncio.TaskGroup() as tasks:
            replicas = [
                tasks.create_task(self._run(name, self._first_port and self._first_port + number), name=name)
                for number, name in enumerate(NAMES)
            ]
            stopper = tasks.create_task(self._stop_in_time(), name="stopper")
            await asyncio.wait(replicas)
            stopper.cancel()
        return 0 if self._stop.is_set() else 1

    async def _run(self, name: str, port: int) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "serve"),
            env={**self._environment, "PORT": str(port), "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            limit=LONGEST_LINE_BYTES,
            start_new_session=True,  # a ^C at the terminal is for us; each of them gets one signal
            preexec_fn=die_with_parent,
        )
        self._processes[name] = process
        if self._stop.is_set():
            process.terminate()
        assert process.stdout is not None
        async for line in lines(process.stdout):
            say(name, line)
        status = await process.wait()
        if not self._stop.is_set():
            say("fleet", f"the {name} replica ended by itself, with status {status}; the others go on")

    async def _stop_in_time(self) -> None:
        await self._stop.wait()
        await asyncio.sleep(LONGEST_SHUTDOWN_SECONDS)
        for name, process in self._processes.items():
            if process.returncode is None:
                say("fleet", f"the {name} replica does not end, and is killed")
                process.kill()


async def lines(output: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield the lines of an output; what is too long for one is cut."""
    while True:
        try:
            line = await output.readline()
        except ValueError:  # longer than the limit; the rest follows as a line of its own
            continue
        if not line:
            return
        yield line.decode(errors="replace").rstrip("\n")


def say(name: str, line: str) -> None:
    """Write a line of the one log."""
    sys.stdout.write(f"{f'[{name}]':<9}{line}\n" if line else "\n")
    sys.stdout.flush()


def die_with_parent() -> None:
    """Have the kernel end this process when the fleet is killed (Linux prctl(2); elsewhere it stays)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def run_fleet(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run the fleet until SIGTERM or SIGINT."""
    fleet, loop = Fleet(environment, settings.port), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, fleet.stop)
    return await fleet.run()


def main() -> int:
    """Run three replicas, on PORT and the two after it; 0 means that each of them takes any free one."""
    try:
        settings = Settings.from_environment(os.environ)
        if not settings.has_authentication:
            ensure_admin_token(settings.data_dir)
    except CronsoleError as fault:
        print(f"cronsole: {fault}", file=sys.stderr)
        return 1
    return asyncio.run(run_fleet(settings, os.environ))


if __name__ == "__main__":
    sys.exit(main())
