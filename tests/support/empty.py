"""A migrated database without the jobs that ship."""

import asyncpg

FORGET = """
    truncate jobs;
    truncate job_state, job_changes, job_change_transactions restart identity;
"""


async def forget_all_jobs(database_url: str) -> None:
    """Take every job away, and every trace of it."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(FORGET)
    finally:
        await connection.close()
