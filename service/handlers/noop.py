"""The handler that does nothing: for trying a schedule out."""

from service.handlers.registry import handler
from service.handlers.run import Run


@handler("noop")
async def do_nothing(run: Run[object]) -> None:
    """Succeed at once."""
    run.log.info("nothing_done", fire_time=run.fire_time and run.fire_time.isoformat())
