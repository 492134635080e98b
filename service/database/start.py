"""What a replica does to a database before its first fire: sample symbols, the pause of a copy."""

from service.database.market_data import seed_sample_symbols
from service.database.pool import Database

PAUSE_ONCE = """
    update service_state
       set paused_until = 'infinity', pause_reason = $1, paused_by = 'settings', was_started_paused = true
     where not was_started_paused
"""


async def seed_samples(database: Database) -> None:
    """Insert the companies of the sample data, where they are missing."""
    async with database.transaction() as connection:
        await seed_sample_symbols(connection)


async def pause_once(database: Database, reason: str) -> None:
    """Pause all jobs, at the first start on this database; whoever resumes them is not overruled."""
    async with database.connection() as connection:
        await connection.execute(PAUSE_ONCE, reason)
