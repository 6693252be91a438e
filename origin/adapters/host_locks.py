"""Exclusive locks across the processes of a host: one byte of one file for each name.

POSIX record locks, because the kernel frees them when their process dies, however it dies. They do
not exclude within a process, and closing any descriptor of the file frees them all: so there is
one descriptor, and an asyncio lock in front of each byte.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from origin.adapters.disk import store_errors

# The last byte that can be locked is 2^63 - 2. Two of a thousand names meet once in 10^13 times.
OFFSETS = 2**63 - 1
# A waiter asks again after so long: soon at first (a hit elsewhere), then without being felt
# (one look costs 2 µs; a render takes 10 to 200 ms).
FIRST_WAIT_S = 0.001
LONGEST_WAIT_S = 0.02


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class FileLocks:
    """HostLocks in one file. One object per process and file; all of one event loop."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises StoreUnavailable "store.unavailable"."""
        with store_errors(f"open the lock file {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._turns: dict[int, _Turn] = {}

    def close(self) -> None:
        """Free every lock; harmless when called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Wait for the lock of that name and hold it. It is not re-entrant."""
        offset = offset_of(name)
        turn = self._turns.setdefault(offset, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                await self._take(offset)
                try:
                    yield
                finally:
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, offset)
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[offset]

    def is_held(self, name: str) -> bool:
        """Return whether somebody holds it now, here or in another process."""
        offset = offset_of(name)
        if offset in self._turns:
            return True
        if not self._try(offset):
            return True
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, offset)
        return False

    async def _take(self, offset: int) -> None:
        wait_s = FIRST_WAIT_S
        while not self._try(offset):
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _try(self, offset: int) -> bool:
        with store_errors("lock a name"):
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
            except (BlockingIOError, PermissionError):
                return False
        return True


def offset_of(name: str) -> int:
    """Return the byte that stands for a name, 0 to 2^63 - 2."""
    return int.from_bytes(blake2b(name.encode(), digest_size=16).digest()) % OFFSETS
