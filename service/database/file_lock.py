"""A kernel lock on a file, which goes with its holder, however that ends."""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Self

PAUSE_SECONDS = 0.02
SHARED, EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX


class FileLock:
    """A lock (flock) of this one opening of the file; programs that inherit the descriptor share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def try_acquire(self, kind: int) -> bool:
        """Take the lock, SHARED or EXCLUSIVE, if nobody forbids it now; return whether we have it."""
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def acquire(self, kind: int) -> None:
        """Take the lock as soon as nobody forbids it.

        Asks again and again: a thread that waits in the kernel cannot be cancelled, and would hold up the end
        of the program.
        """
        while not self.try_acquire(kind):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(PAUSE_SECONDS)

    def release(self) -> None:
        """Let go of the lock, for every program that shares it."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; the lock goes when every program that shares it has."""
        os.close(self.descriptor)
