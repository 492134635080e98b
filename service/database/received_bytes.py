"""A limit on what the server may send at once: no driver setting has one, and a row may have a gigabyte."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from service.database.pool import Connection


class ReceivedBytes:
    """Counts what arrives on a connection, and cuts it off at `most` bytes since the last `restart`."""

    def __init__(self, most: int) -> None:
        self.most, self.count = most, 0

    @property
    def is_exceeded(self) -> bool:
        """Whether the connection was cut off."""
        return self.count > self.most

    def restart(self) -> None:
        """Count from zero."""
        self.count = 0

    @contextmanager
    def watch(self, connection: Connection) -> Iterator[None]:
        """Stand between the socket and the driver for a while."""
        transport: Any = connection._transport  # type: ignore[union-attr]
        driver = transport.get_protocol()
        transport.set_protocol(Gate(self, transport, driver))
        try:
            yield
        finally:
            if not transport.is_closing():
                transport.set_protocol(driver)


class Gate(asyncio.Protocol):
    """Passes on to the driver whatever the transport says, until too much has arrived."""

    def __init__(
        self, received: ReceivedBytes, transport: asyncio.Transport, driver: asyncio.Protocol
    ) -> None:
        self._received, self._transport, self._driver = received, transport, driver

    def data_received(self, data: bytes) -> None:
        self._received.count += len(data)
        if self._received.is_exceeded:
            self._transport.abort()
        else:
            self._driver.data_received(data)

    def eof_received(self) -> bool | None:
        return self._driver.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._driver.connection_lost(exc)

    def pause_writing(self) -> None:
        self._driver.pause_writing()

    def resume_writing(self) -> None:
        self._driver.resume_writing()
