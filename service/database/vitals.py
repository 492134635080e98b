"""What a replica measured of itself, written into its row of `replicas` apart from the lease."""

from collections.abc import Sequence
from uuid import UUID

from service.database.pool import Database
from service.domain.diagnosis import Finding, Measurements

RECORD_VITALS = """
    update replicas
       set vitals_at = clock_timestamp(), loop_lag_ms = $2, clock_step_ms = $3, clock_stepped_at = $4,
           listener_mode = $5, tzdata_version = $6, findings = $7
     where replica_id = $1
"""


async def record_vitals(
    database: Database,
    replica_id: UUID,
    tzdata_version: str,
    measured: Measurements,
    findings: Sequence[Finding],
) -> None:
    """Write what a replica measured of itself into its row."""
    async with database.connection() as connection:
        await connection.execute(
            RECORD_VITALS,
            replica_id,
            measured.loop_lag_ms,
            measured.clock_step_ms,
            measured.clock_stepped_at,
            measured.listener_mode,
            tzdata_version,
            list(findings),
        )
