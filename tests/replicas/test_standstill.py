"""A process that is stopped for a while, as where a container gets no CPU, knows it afterwards."""

import asyncio
import os
import signal
import sys

from tests.support.processes import REPOSITORY


async def test_a_stopped_process_finds_out_that_it_stood_still():
    """SIGSTOP and SIGCONT, for real."""
    program = (
        "import asyncio, time; from service.observability.pulse import Pulse\n"
        "async def main():\n"
        "    pulse = Pulse(time.monotonic, time.process_time)\n"
        "    task = asyncio.create_task(pulse.run())\n"
        "    await asyncio.sleep(0.2); print('ready', flush=True)\n"
        "    while not pulse.standstills: await asyncio.sleep(0.05)\n"
        "    print(pulse.standstills[0], pulse.loop_lag_ms, flush=True)\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY
    )
    assert process.stdout
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"ready\n"
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)  # of real time: that is what the process has to notice
        os.kill(process.pid, signal.SIGCONT)
        stood_still, lag_ms = map(float, (await process.stdout.readline()).split())
        process.kill()
        await process.communicate()
    assert stood_still > 0.7
    assert lag_ms < stood_still * 1_000
