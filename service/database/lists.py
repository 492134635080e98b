"""Reading long tables in pages: by key where it goes deep, and no more rows than a request may cost.

A list is walked in the order of an index. Conditions that the index answers are `where`; the others `sift`:
they are tried on the rows as they come, on at most ROWS_LOOKED_AT of them a request. So a page may hold less
than was asked for and yet have a successor, and no search, however rare what it looks for, runs into the
statement timeout.
"""

from typing import Any

import asyncpg
import msgspec

from service.database.pool import Connection

ROWS_LOOKED_AT = 20_000
SIFTED = " select * from looked_at where true"

Key = tuple[Any, ...]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A table in the order of an index; the key is unique, and sorted newest first.

    `rows` and `keys` are constant SQL that reads all of the table: what is shown, and the key alone.
    """

    rows: str
    keys: str
    key: tuple[str, ...]


class KeyedRows(msgspec.Struct, frozen=True):
    """Rows of one page, and the key after which the next one begins; None: there is no next."""

    rows: list[asyncpg.Record]
    next_key: Key | None


class Conditions:
    """Conditions as constant SQL with a `?` for each value; the values travel apart from it."""

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._where, self._sift = "", ""

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition that the index answers."""
        self._where += " and " + self._numbered(condition, values)

    def sift(self, condition: str, *values: Any) -> None:
        """Add a condition that is tried row by row."""
        self._sift += " and " + self._numbered(condition, values)

    def _numbered(self, condition: str, values: tuple[Any, ...]) -> str:
        for value in values:
            self._values.append(value)
            condition = condition.replace("?", "$" + str(len(self._values)), 1)
        return condition

    async def rows(
        self, connection: Connection, listing: Listing, *, after: Key | None, limit: int, skip: int = 0
    ) -> KeyedRows:
        """Read the page of up to `limit` rows after a key, or after `skip` rows."""
        if after is not None:
            self.where(pair(listing, "<", len(after)), *after)
        if not self._sift:
            return await self._all_rows(connection, listing, limit, skip)
        # One snapshot: what the page looked at ends where its successor begins, whatever comes in between.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await connection.fetch(self._page(listing), *self._values, limit + 1, skip)
            if len(rows) > limit:
                return full_page(listing, rows, limit)
            last = await connection.fetchrow(self._keys(listing), *self._values, ROWS_LOOKED_AT - 1)
        return KeyedRows(rows, None if last is None else tuple(last.values()))

    async def _all_rows(self, connection: Connection, listing: Listing, limit: int, skip: int) -> KeyedRows:
        if skip:
            # The index alone finds where the page begins; the rows before it are not read.
            first = await connection.fetchrow(self._keys(listing), *self._values, skip)
            if first is None:
                return KeyedRows([], None)
            self.where(pair(listing, "<=", len(first)), *first.values())
        rows = await connection.fetch(self._page(listing), *self._values, limit + 1, 0)
        return full_page(listing, rows, limit) if len(rows) > limit else KeyedRows(rows, None)

    def _keys(self, listing: Listing) -> str:
        """The key that comes after so many rows."""
        # Values that only sift are named here too: Postgres wants to know the type of each.
        source = listing.keys + " where true" + self._where + self._unsifted()
        return source + newest_first(listing) + " offset $" + str(len(self._values) + 1) + " limit 1"

    def _page(self, listing: Listing) -> str:
        places = " limit $" + str(len(self._values) + 1) + " offset $" + str(len(self._values) + 2)
        source, order = listing.rows + " where true" + self._where, newest_first(listing)
        if self._sift:
            source = "with looked_at as (" + source + order + " limit " + str(ROWS_LOOKED_AT) + ")"
            source += SIFTED + self._sift
        return source + order + places

    def _unsifted(self) -> str:
        return " and (true or (true" + self._sift + "))" if self._sift else ""


def full_page(listing: Listing, rows: list[asyncpg.Record], limit: int) -> KeyedRows:
    """Return a page of `limit` rows, of which there are more."""
    return KeyedRows(rows[:limit], tuple(rows[limit - 1][name] for name in listing.key))


def newest_first(listing: Listing) -> str:
    """The order of the list."""
    return " order by " + ", ".join(name + " desc" for name in listing.key)


def pair(listing: Listing, comparison: str, count: int) -> str:
    """Compare the key as a whole, as the index is sorted."""
    return "(" + ", ".join(listing.key) + ") " + comparison + " (" + ", ".join("?" * count) + ")"
