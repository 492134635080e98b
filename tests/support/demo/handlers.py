"""Handlers of the demo's jobs: they take a while, say so, and report how far they are."""

import asyncio
from typing import Any

import msgspec

from service.handlers import Run, handler

NAMES = (
    "prices.load",
    "risk.limits",
    "reports.render",
    "partners.pull",
    "partners.push",
    "upkeep.tables",
    "upkeep.backup",
    "upkeep.caches",
)
STEPS, STEP_SECONDS = 5, 0.5


class Report(msgspec.Struct):
    """What may be asked of `risk.valuation`."""

    desk: str = "ALL"
    scenarios: int = 2_600
    is_dry_run: bool = False


async def work(run: Run[Any]) -> None:
    """Do nothing, in steps."""
    for step in range(STEPS):
        await run.progress(done=step, total=STEPS, note=f"step {step + 1} of {STEPS}")
        run.log.info("step_done", step=step + 1)
        await asyncio.sleep(STEP_SECONDS)


for name in NAMES:
    handler(name)(work)
handler("risk.valuation", params=Report, overridable=set(Report.__struct_fields__))(work)
