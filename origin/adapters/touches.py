"""What was used since the last look, written down once a minute, off the way of who used it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from origin.errors import StoreUnavailable

K = TypeVar("K")
V = TypeVar("V")

# "Last used" decides only what is evicted first: a minute is fine enough, and one transaction for
# all that was used in it keeps writes off the way of reads.
TOUCH_EVERY_S = 60.0
TOUCHED_MAX = 10_000


class Touches(Generic[K, V]):
    """Notes by name; ``write`` gets them all at once and may raise StoreUnavailable."""

    def __init__(
        self,
        write: Callable[[dict[K, V]], Awaitable[None]],
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock_s`` tells when a minute is over: not the wall's, which may jump back a year."""
        self._write = write
        self._clock_s = clock_s
        self._noted: dict[K, V] = {}
        self._since_s = clock_s()
        self._flushing: asyncio.Task[None] | None = None

    def note(self, name: K, value: V) -> None:
        """Keep it for the next look; past TOUCHED_MAX names only known ones are kept."""
        if name in self._noted or len(self._noted) < TOUCHED_MAX:
            self._noted[name] = value
        is_due = self._clock_s() - self._since_s >= TOUCH_EVERY_S
        if is_due and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.get_running_loop().create_task(self._flush_quietly())

    async def flush(self) -> None:
        """Write down what was noted."""
        noted, self._noted = self._noted, {}
        self._since_s = self._clock_s()
        if noted:
            await self._write(noted)

    async def close(self) -> None:
        """Flush; what cannot be written now is not worth waiting for."""
        if self._flushing is not None:
            await asyncio.wait([self._flushing])
        await self._flush_quietly()

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except StoreUnavailable:
            return  # the next use tells it again
