"""Local copies of what workers read by path: one download at a time for each, lent to many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

from origin.adapters.disk import Disk
from origin.adapters.threads import in_thread

# Idle copies go after so long, so that the bytes of an erased photo leave every host by themselves.
IDLE_S = 600.0


@dataclass(slots=True)
class Copy:
    """A file and the ETag of the object that it is a copy of."""

    path: Path
    etag: str
    size_bytes: int
    borrowers: int = 0
    used_at_s: float = field(default_factory=time.monotonic)


#: Brings the object to a path unless it still has that ETag. Returns the copy that is right now
#: (the known one or a new one), or None when the object is absent.
Fetch = Callable[[Path, Copy | None], Awaitable[Copy | None]]


class Copies:
    """Copies in a Disk's scratch. bytes_max: what may lie there unused, beside what is lent."""

    def __init__(self, disk: Disk, bytes_max: int) -> None:
        self._disk = disk
        self._bytes_max = bytes_max
        self._copies: dict[str, Copy] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._care: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def lend(self, name: str, fetch: Fetch) -> AsyncIterator[Path | None]:
        """Lend the path of a copy that is right now, None when the object is absent."""
        copy = await self._right_now(name, fetch)
        if copy is None:
            yield None
            return
        try:
            yield copy.path
        finally:
            copy.borrowers -= 1
            copy.used_at_s = time.monotonic()
            await self._discard([copy] if self._copies.get(name) is not copy else [])
            await self._discard(self._too_many())
            self._come_back()

    async def close(self) -> None:
        """Remove every copy."""
        if self._care is not None:
            self._care.cancel()
        copies, self._copies = list(self._copies.values()), {}
        await self._discard(copies)

    def names(self) -> tuple[str, ...]:
        """Return the names of all that there are copies of."""
        return tuple(self._copies)

    async def forget(self, name: str) -> None:
        """Remove a copy, at once or when it is given back."""
        copy = self._copies.pop(name, None)
        await self._discard([] if copy is None else [copy])

    async def _right_now(self, name: str, fetch: Fetch) -> Copy | None:
        """Return the copy, counted as borrowed. Who asks for the same name waits for its turn."""
        async with self._turns.setdefault(name, asyncio.Lock()):
            return await self._asked(name, fetch)

    async def _asked(self, name: str, fetch: Fetch) -> Copy | None:
        path, known = self._disk.scratch_path(), self._copies.get(name)
        if known is not None:
            known.borrowers += 1  # not to be trimmed while we ask
        try:
            copy = await fetch(path, known)
        except BaseException:
            await in_thread(self._disk.writers, "drop a copy", self._disk.discard, path)
            raise
        finally:
            if known is not None:
                known.borrowers -= 1
        if copy is not known:
            await self.forget(name)
        if copy is not None:
            self._copies[name] = copy
            copy.borrowers += 1
        return copy

    def _idle(self) -> list[Copy]:
        return [copy for copy in self._copies.values() if not copy.borrowers]

    def _too_many(self) -> list[Copy]:
        """Take out what is idle for too long, and of the rest the longest idle past the bound."""
        idle = sorted(self._idle(), key=lambda copy: copy.used_at_s)
        over = sum(copy.size_bytes for copy in idle) - self._bytes_max
        old_s = time.monotonic() - IDLE_S
        out = []
        for copy in idle:
            if over > 0 or copy.used_at_s <= old_s:
                out.append(copy)
                over -= copy.size_bytes
        gone = {id(copy) for copy in out}
        self._copies = {name: copy for name, copy in self._copies.items() if id(copy) not in gone}
        return out

    async def _discard(self, copies: list[Copy]) -> None:
        for copy in copies:
            if not copy.borrowers:
                await in_thread(self._disk.writers, "drop a copy", self._disk.discard, copy.path)

    def _come_back(self) -> None:
        """Look again when the youngest copy may have been idle for too long."""
        if self._care is not None:
            self._care.cancel()
        self._care = asyncio.get_running_loop().call_later(IDLE_S + 1, self._expire)

    def _expire(self) -> None:
        self._care = None
        for copy in self._too_many():
            with suppress(OSError):
                copy.path.unlink(missing_ok=True)
        if self._copies:
            self._come_back()
