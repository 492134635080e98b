"""Rows of `idempotency_keys`: claimed in the transaction of the effect, so that two at once do one thing."""

from uuid import UUID

import asyncpg

from service.database.pool import Connection, Database
from service.domain.errors import KeyUsedOtherwise, RequestInProgress
from service.domain.idempotency import KeptCall, KeyedCall

# Waits for a transaction that holds the key, and then finds what it wrote.
CLAIM = """
    insert into idempotency_keys as k (subject, key, call, request_hash, job_id, execution_id)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (subject, key) do update
       set call = excluded.call, request_hash = excluded.request_hash, job_id = excluded.job_id,
           execution_id = excluded.execution_id, response = null, created_at = excluded.created_at
     where is_idempotency_key_expired(k.created_at)
    returning true
"""
FIND = """
    select call, request_hash, job_id, execution_id, response
      from idempotency_keys
     where subject = $1 and key = $2 and not is_idempotency_key_expired(created_at)
"""
# Whoever answers first decides; the other repeats it.
KEEP = """
    update idempotency_keys set response = coalesce(response, $3)
     where subject = $1 and key = $2
    returning response
"""


class IdempotencyStore:
    """Answers that were given under a key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, call: KeyedCall) -> KeptCall | None:
        """Return what an earlier request under the key did.

        Raises:
            KeyUsedOtherwise: it was another request.
        """
        async with self._database.connection() as connection:
            return await kept_call(connection, call)

    async def keep(self, call: KeyedCall, response: str) -> str:
        """Keep the JSON that answers the call; returns the one that stands, which may be another's."""
        async with self._database.connection() as connection:
            kept: str | None = await connection.fetchval(KEEP, call.subject, call.key, response)
        return kept or response


async def claim_key(
    connection: Connection, call: KeyedCall, *, job_id: str, execution_id: UUID | None = None
) -> KeptCall | None:
    """Take the key for what this transaction is about to do; not None: an earlier request did it.

    Raises:
        KeyUsedOtherwise: the key came with another request.
        RequestInProgress: the other transaction does not end in time.
    """
    try:
        is_ours = await connection.fetchval(
            CLAIM, call.subject, call.key, call.call, call.request_hash, job_id, execution_id
        )
    except asyncpg.LockNotAvailableError as fault:
        raise RequestInProgress(call.key) from fault
    return None if is_ours else await kept_call(connection, call)


async def kept_call(connection: Connection, call: KeyedCall) -> KeptCall | None:
    """Return what an earlier request under the key did; errors as `IdempotencyStore.find`."""
    row = await connection.fetchrow(FIND, call.subject, call.key)
    if row is None:
        return None
    if (row["call"], row["request_hash"]) != (call.call, call.request_hash):
        raise KeyUsedOtherwise(call.key, row["call"])
    return KeptCall(row["job_id"], row["execution_id"], row["response"])
