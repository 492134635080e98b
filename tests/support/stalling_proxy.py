"""A proxy before the database that does what networks do: forget a connection, and lose an answer."""

import asyncio
from contextlib import suppress

from tests.support.processes import Forwarder


class StallingProxy(Forwarder):
    """Forwards, until it is told to stall, or to lose the next answer."""

    def __init__(self, database_url: str, port: int) -> None:
        super().__init__(database_url, port)
        self._stalled = asyncio.Event()
        self._loses_next_answer = False
        self.lost_answers = 0

    async def close(self) -> None:
        """Answer no longer, cut every connection, and wait for the end of those who forward."""
        await super().close()
        while True:
            if not self._connections:
                return
            await asyncio.sleep(0.001)  # nothing announces it

    def stall(self) -> None:
        """Let every connection there is fall silent, without an end; new ones are forwarded as ever."""
        self._stalled.set()
        self._stalled = asyncio.Event()

    def lose_next_answer(self) -> None:
        """Let the next answer of the database not arrive, and cut its connection instead."""
        self._loses_next_answer = True

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await self._connect()
        self._connections |= {writer, inner_writer}
        stalled = self._stalled
        with suppress(OSError):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._copy(reader, inner_writer, stalled))
                tasks.create_task(self._copy(inner_reader, writer, stalled, are_answers=True))
        self._connections -= {writer, inner_writer}

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stalled: asyncio.Event,
        *,
        are_answers: bool = False,
    ) -> None:
        """Copy all that comes, and then its end; nothing at all, not even the end, once stalled."""
        try:
            while data := await reader.read(65_536):
                if stalled.is_set():
                    continue
                if are_answers and self._loses_next_answer:
                    self._loses_next_answer = False
                    self.lost_answers += 1
                    return
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            if not stalled.is_set():
                writer.transport.abort()
