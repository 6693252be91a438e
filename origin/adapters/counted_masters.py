"""Masters that are counted: how large each is and when it was last used, for the quota."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from origin.adapters.touches import Touches
from origin.ports import ObjectStore
from origin.values import MasterName


class MasterRows(Protocol):
    """The rows of masters."""

    async def touch_masters(self, used: Mapping[MasterName, tuple[int, int]]) -> set[MasterName]:
        """Note bytes and last use (Unix s); return those to tell again."""


class CountedMasters:
    """ObjectStore of masters before another one that keeps them."""

    def __init__(
        self,
        objects: ObjectStore,
        rows: MasterRows,
        *,
        now: Callable[[], float] = time.time,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``now`` is Unix time in seconds, ``clock_s`` a clock that never jumps."""
        self._objects = objects
        self._rows = rows
        self._now = now
        self._touches = Touches(self._write, clock_s=clock_s)

    async def get(self, name: str) -> bytes | None:
        """Return the bytes, and note that they were used."""
        content = await self._objects.get(name)
        if content is not None:
            self._note(name, content)
        return content

    async def put(self, name: str, content: bytes) -> bytes:
        """Create it unless it is there, and return what is stored."""
        kept = await self._objects.put(name, content)
        self._note(name, kept)
        return kept

    async def delete(self, name: str) -> None:
        """Remove it; harmless when absent."""
        await self._objects.delete(name)

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object below ``prefix``."""
        return await self._objects.delete_prefix(prefix)

    async def flush(self) -> None:
        """Write down what was used."""
        await self._touches.flush()

    async def close(self) -> None:
        """Write down what was used, if that is possible now."""
        await self._touches.close()

    def _note(self, name: str, content: bytes) -> None:
        self._touches.note(name, (len(content), int(self._now())))

    async def _write(self, used: dict[str, tuple[int, int]]) -> None:
        """What is told before its photo has a record is told again at its next use."""
        masters = {MasterName.read(name): use for name, use in used.items()}
        for name in await self._rows.touch_masters(masters):
            self._touches.note(name.name, used[name.name])
