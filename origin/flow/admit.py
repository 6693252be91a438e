"""Take on as much cold work as the workers can do soon; refuse the rest at once."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from origin.errors import Overloaded


class Admission:
    """A bounded queue before a fixed number of places.

    running_max: places, the number of workers. waiting_max: who may wait for one; the next gets
    503 with ``full_code`` without waiting. wait_s: how long one waits before the same answer, where
    whoever holds a place has no short deadline of its own; None: until it has one.
    """

    def __init__(
        self,
        *,
        running_max: int,
        waiting_max: int,
        full_code: str = "render.queue_full",
        wait_s: float | None = None,
    ) -> None:
        self._places = asyncio.Semaphore(running_max)
        self._waiting_max = waiting_max
        self._full_code = full_code
        self._wait_s = wait_s
        self._arrivals: deque[float] = deque()
        self._is_closed = False

    @property
    def waiting(self) -> int:
        """Return how many wait for a place."""
        return len(self._arrivals)

    @property
    def oldest_wait_s(self) -> float:
        """Return how long the first in the queue has waited."""
        return time.monotonic() - self._arrivals[0] if self._arrivals else 0.0

    @property
    def is_closed(self) -> bool:
        """Return whether nothing new is taken on."""
        return self._is_closed

    @property
    def refusal(self) -> Overloaded | None:
        """Return why nothing is taken on now; None when it is."""
        if self._is_closed:
            return Overloaded("server.stopping")
        return Overloaded(self._full_code) if len(self._arrivals) >= self._waiting_max else None

    def check(self) -> None:
        """Refuse now what would be refused later; raises Overloaded."""
        if (refusal := self.refusal) is not None:
            raise refusal

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and hold it; raises Overloaded when the queue is full or too slow."""
        self.check()
        arrived = time.monotonic()
        self._arrivals.append(arrived)
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError as late:
            raise Overloaded(self._full_code) from late
        finally:
            self._arrivals.remove(arrived)
        try:
            yield
        finally:
            self._places.release()

    def close(self) -> None:
        """Take on nothing new."""
        self._is_closed = True
