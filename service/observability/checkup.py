"""Looks at this replica every second, says what is wrong, and keeps its row in `replicas` up to date."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from service.domain.clock import Clock
from service.domain.diagnosis import Finding, Measurements, Severity, diagnose
from service.domain.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
RECORD_SECONDS = 5.0

Record = Callable[[Measurements, Sequence[Finding]], Awaitable[None]]


async def keep_checking(
    clock: Clock,
    measure: Callable[[], Measurements],
    record: Record,
    on_findings: Callable[[list[Finding]], None],
) -> None:
    """Measure and diagnose, for ever; news is logged and recorded at once, the rest every five seconds."""
    known: dict[str, Finding] = {}
    record_at = clock.monotonic()
    while True:
        await clock.sleep(LOOK_SECONDS)
        measured = measure()
        findings = diagnose(measured)
        on_findings(findings)
        is_new = log_news(known, findings)
        known = {finding.code: finding for finding in findings}
        if is_new or clock.monotonic() >= record_at:
            try:
                await record(measured, findings)
                record_at = clock.monotonic() + RECORD_SECONDS
            except DatabaseUnavailable as fault:
                log.debug("vitals_delayed", error=str(fault))


def log_news(known: dict[str, Finding], findings: Sequence[Finding]) -> bool:
    """Log what came, got worse or went; returns whether anything did."""
    before = {code: finding.severity for code, finding in known.items()}
    news = [finding for finding in findings if before.get(finding.code) is not finding.severity]
    for finding in news:
        write = log.error if finding.severity is Severity.PROBLEM else log.warning
        write("finding_raised", code=finding.code, message=finding.sentence, remedy=finding.remedy)
    gone = before.keys() - {finding.code for finding in findings}
    for code in sorted(gone):
        log.info("finding_cleared", code=code)
    return bool(news or gone)
