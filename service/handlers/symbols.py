"""One run over many symbols: each for itself, with progress and a checkpoint after each."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.database.market_data import symbols_named
from service.database.pool import Connection
from service.domain.errors import AllSymbolsFailed, CronsoleError, DatabaseUnavailable, LeaseLost
from service.domain.market_data import TrackedSymbol
from service.handlers.run import Run

NO_ROW = "there is no such row in symbols"
ENDS_THE_RUN = (LeaseLost, DatabaseUnavailable)
"""What is wrong with the run itself, and no symbol's fault."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run has come: all symbols up to `last_symbol` are finished, but for the `failed` ones.

    `through` is what the first attempt could see at most; a later attempt sees the same, not a day more.
    The counts belong to `execution_id`, and go on only in the same execution.
    """

    execution_id: UUID
    through: datetime | None = None
    last_symbol: str = ""
    failed: tuple[str, ...] = ()
    symbols_processed: int = 0
    data_points_stored: int = 0

    def leaves(self, symbol: str) -> bool:
        """Whether this symbol is still to do."""
        return symbol > self.last_symbol or symbol in self.failed


def last_checkpoint(run: Run[Any]) -> Checkpoint | None:
    """Return the checkpoint of the last attempt; None if there is none, or one that another version wrote."""
    try:
        return msgspec.convert(run.last_checkpoint, Checkpoint | None)
    except msgspec.ValidationError:
        return None


async def choose_symbols(
    run: Run[Any],
    names: Sequence[str] | None,
    tracked: Callable[[Connection], Awaitable[list[TrackedSymbol]]],
) -> list[TrackedSymbol]:
    """Return the symbols of these names, or the `tracked` ones; a name without a row is recorded as failed.

    Raises:
        AllSymbolsFailed: none of the names has a row.
    """
    async with run.connection() as connection:
        if names is None:
            return await tracked(connection)
        found = await symbols_named(connection, names)
    for unknown in sorted(set(names) - {each.symbol for each in found}):
        run.symbol_failed(unknown, NO_ROW)
    if not found:
        raise AllSymbolsFailed(run.error_count, run.error_details[-1])
    return found


class SymbolLoop:
    """Does a run's work symbol by symbol, in the order of their names; a later attempt does what is left."""

    def __init__(self, run: Run[Any], through: datetime | None = None) -> None:
        """Continue from the last checkpoint, or begin; `through` is what the run can see at most."""
        earlier = last_checkpoint(run)
        self._run = run
        self._start = earlier or Checkpoint(execution_id=run.execution_id, through=through)
        self._failed = set(self._start.failed)
        if earlier is not None and earlier.execution_id == run.execution_id:
            run.count(
                symbols_processed=earlier.symbols_processed, data_points_stored=earlier.data_points_stored
            )

    async def each(
        self, symbols: Iterable[TrackedSymbol], load: Callable[[TrackedSymbol], Awaitable[None]]
    ) -> None:
        """Await `load` for each symbol that is left.

        Raises:
            AllSymbolsFailed: not one symbol could be loaded, by this attempt or an earlier one.
        """
        ordered = sorted(symbols, key=lambda each: each.symbol)
        left = [each for each in ordered if self._start.leaves(each.symbol)]
        done, total = len(ordered) - len(left), len(ordered)
        await self._keep(self._start.last_symbol)
        for each in left:
            await self._run.progress(done=done, total=total, note=each.symbol)
            await self._one(each, load)
            done += 1
            await self._keep(max(each.symbol, self._start.last_symbol))
        await self._run.progress(done=done, total=total)
        self._run.log.info(
            "symbols_loaded",
            symbols=total - len(self._failed),
            failed=len(self._failed),
            data_points_stored=self._run.data_points_stored,
        )
        if left and len(self._failed) >= total:
            raise AllSymbolsFailed(total, self._run.error_details[-1])

    async def _one(self, symbol: TrackedSymbol, load: Callable[[TrackedSymbol], Awaitable[None]]) -> None:
        # The edge around one symbol's work: whatever is wrong with it is its own failure, not the run's.
        try:
            await load(symbol)
        except ENDS_THE_RUN:
            raise
        except Exception as fault:
            self._failed.add(symbol.symbol)
            self._run.symbol_failed(symbol.symbol, describe(fault))
        else:
            self._failed.discard(symbol.symbol)
            self._run.count(symbols_processed=1)

    async def _keep(self, last_symbol: str) -> None:
        checkpoint = Checkpoint(
            execution_id=self._run.execution_id,
            through=self._start.through,
            last_symbol=last_symbol,
            failed=tuple(sorted(self._failed)),
            symbols_processed=self._run.symbols_processed,
            data_points_stored=self._run.data_points_stored,
        )
        await self._run.checkpoint(msgspec.to_builtins(checkpoint))


def describe(fault: Exception) -> str:
    """Say in one line what went wrong; an error that nobody raised on purpose also says its type."""
    return str(fault) if isinstance(fault, CronsoleError) else f"{type(fault).__name__}: {fault}"
