"""Why a job did, or did not, run at an instant: the sentence is `explain_fire`'s, in `schema/011_why.sql`."""

from datetime import datetime

from service.database.plans import job_from_row
from service.database.pool import Database
from service.domain.errors import JobNotFound
from service.domain.why import Explanation, NamedInstants, named_instants

JOB_AT = "select * from job_at($1, $2)"
EXPLAIN = "select explain_fire($1, $2, $3, $4, $5, $6)"


class WhyStore:
    """Explanations from the ledger, the audit, pauses and gaps in the leases, and from the schedule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def why(self, job_id: str, at: datetime) -> Explanation:
        """Explain what became of the job at `at` (aware, a whole second), or will.

        Raises:
            JobNotFound: there is no job of this id, and never was.
            DatabaseUnavailable: no answer in time.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(JOB_AT, job_id, at)
            known = NamedInstants()
            if row is not None and row["job_id"] is not None:
                known = named_instants(job_from_row(row), at)
            answer: str | None = await connection.fetchval(
                EXPLAIN, job_id, at, known.is_named, known.previous, known.following, known.error
            )
        if answer is None:
            raise JobNotFound(job_id)
        return Explanation(sentence=answer, previous_fire_time=known.previous, next_fire_time=known.following)
