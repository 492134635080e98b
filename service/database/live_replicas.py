"""Which replicas there are now: those on which a change has to be in force."""

from uuid import UUID

from service.database.pool import Database

LIVE_REPLICAS = """
    select replica_id from replicas where lease_expires_at > clock_timestamp() and not draining
"""


class LiveReplicas:
    """Reads who holds a lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ids(self) -> set[UUID]:
        """Those that hold their lease and are not about to leave.

        Raises:
            DatabaseUnavailable: no answer in time.
        """
        async with self._database.connection() as connection:
            return {row["replica_id"] for row in await connection.fetch(LIVE_REPLICAS)}
