"""Statements that jobs bring along: one in the run's own transaction, its result small whatever comes."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
from asyncpg.prepared_stmt import PreparedStatement

from service.database.arguments import coerce_arguments
from service.database.pool import Connection
from service.database.received_bytes import ReceivedBytes
from service.domain.errors import StatementFailed

MOST_ROWS_KEPT = 100
MOST_BYTES_KEPT = 64 * 1024
MOST_ROWS_AT_ONCE = 500
# Batches grow from one row on while they stay comfortable; the limit is for one batch.
COMFORTABLE_BYTES = 256 * 1024
MOST_BYTES_AT_ONCE = 16 * 1024 * 1024

ENTER = """
    select set_config('statement_timeout', $1, true),
           set_config('cronsole.job_id', $2, true),
           set_config('cronsole.execution_id', $3, true),
           set_config('cronsole.fire_time', $4, true),
           set_config('cronsole.window_start', $5, true),
           set_config('cronsole.window_end', $6, true),
           set_config('cronsole.attempt', $7, true)
"""
FACTS = ("job_id", "execution_id", "fire_time", "window_start", "window_end", "attempt")
# As SET LOCAL ROLE, which takes no argument.
TAKE_ROLE = "select set_config('role', $1, true)"

COPY_WITH_CLIENT = re.compile(r"copy\b.*\b(stdin|stdout)\b", re.IGNORECASE | re.DOTALL)
SPACE_OR_LINE_COMMENT = re.compile(r"(?:\s+|--[^\n]*)*+")
COMMENT_MARK = re.compile(r"/\*|\*/")


class StatementResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a statement did: its command tag if it returns no rows, else how many, and the first of them."""

    row_count: int | None
    command: str | None = None
    columns: list[str] | None = None
    rows: list[list[Any]] | None = None
    truncated: bool = False


async def run_statement(
    connection: Connection,
    statement: str,
    arguments: Sequence[Any],
    *,
    facts: Mapping[str, str | None],
    role: str | None,
    timeout_seconds: float,
    received: ReceivedBytes,
) -> StatementResult:
    """Run one statement in the transaction that is open, as `role` if there is one.

    All rows are fetched, since fetching may be what does the work, and few are kept.

    Raises:
        StatementFailed: it may not be run here, its arguments do not fit, or it took too long.
        asyncpg.PostgresError: what the server says about it.
    """
    if COPY_WITH_CLIENT.match(without_leading_comments(statement)):
        # The server would wait for data that nobody sends, and no timeout of its own ends that wait.
        raise StatementFailed("COPY needs a client at the other end; a job has none")
    limit_ms = str(round(timeout_seconds * 1000))
    await connection.execute(ENTER, limit_ms, *(facts.get(name) or "" for name in FACTS))
    if role is not None:
        await take_role(connection, role)
    with received.watch(connection):
        prepared = await connection.prepare(statement)
        values = coerce_arguments(arguments, prepared.get_parameters())
        if prepared.get_attributes():
            result = await fetch_some(prepared, values, timeout_seconds, received)
        else:
            await prepared.fetch(*values)
            result = StatementResult(
                row_count=count_of(prepared.get_statusmsg()), command=prepared.get_statusmsg()
            )
    if not connection.is_in_transaction():
        raise StatementFailed(
            "the statement ended its own transaction; a job's statement must leave it alone"
        )
    return result


def without_leading_comments(statement: str) -> str:
    """Return the statement from its first word on; comments in `/* */` may be nested."""
    position = end_of_match(SPACE_OR_LINE_COMMENT, statement, 0)
    while statement.startswith("/*", position):
        depth = 0
        for mark in COMMENT_MARK.finditer(statement, position):
            depth += 1 if mark[0] == "/*" else -1
            if depth == 0:
                break
        else:
            return ""
        position = end_of_match(SPACE_OR_LINE_COMMENT, statement, mark.end())
    return statement[position:]


def end_of_match(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where the pattern, which also matches nothing, ends."""
    found = pattern.match(text, start)
    return found.end() if found else start


async def take_role(connection: Connection, role: str) -> None:
    """Go on as another role until the end of the transaction.

    Raises:
        StatementFailed: there is no such role, or it is not granted to the service.
    """
    try:
        await connection.execute(TAKE_ROLE, role)
    except (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError) as fault:
        raise StatementFailed(f"CRONSOLE_SQL_ROLE cannot be used: {fault}") from None


async def fetch_some(
    prepared: "PreparedStatement[asyncpg.Record]",
    values: Sequence[Any],
    timeout_seconds: float,
    received: ReceivedBytes,
) -> StatementResult:
    """Fetch every row, keep the first ones, and let go of the others batch by batch."""
    now = asyncio.get_running_loop().time
    deadline = now() + timeout_seconds
    rows: list[list[Any]] = []
    room, count, batch_size, is_truncated = MOST_BYTES_KEPT, 0, 1, False
    cursor = await prepared.cursor(*values)
    while True:
        received.restart()
        batch = await cursor.fetch(batch_size)
        count += len(batch)
        for row in batch:
            if not is_truncated:
                kept = [as_json(value) for value in row.values()]
                room -= len(msgspec.json.encode(kept))
                is_truncated = room < 0 or len(rows) == MOST_ROWS_KEPT
                if not is_truncated:
                    rows.append(kept)
        if len(batch) < batch_size:
            break
        if now() > deadline:  # the server's own limit is for one batch
            raise StatementFailed(f"the statement ran past its timeout of {timeout_seconds:g} s")
        is_small = received.count < COMFORTABLE_BYTES
        batch_size = min(batch_size * 2, MOST_ROWS_AT_ONCE) if is_small else max(batch_size // 2, 1)
    columns = [attribute.name for attribute in prepared.get_attributes()]
    return StatementResult(row_count=count, columns=columns, rows=rows, truncated=is_truncated)


def as_json(value: Any) -> Any:
    """Return a value as plain JSON: bytea as base64, what JSON has no word for as text."""
    return msgspec.to_builtins(value, enc_hook=describe_value)


def describe_value(value: Any) -> Any:
    """Convert what msgspec does not know: composites become objects, ranges and addresses text."""
    if isinstance(value, asyncpg.Record):
        return dict(value.items())
    text, marker = str(value), f"<{type(value).__name__} "  # the driver's types: <Range [1, 2)>
    return text[len(marker) : -1] if text.startswith(marker) else text


def count_of(command_tag: str | None) -> int | None:
    """Return how many rows a command says that it touched: 5 of `UPDATE 5`."""
    words = (command_tag or "").split()
    return int(words[-1]) if len(words) > 1 and words[-1].isdigit() else None
