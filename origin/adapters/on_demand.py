"""Workers that are started when the first job asks for one: most hosts never need these."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from origin.adapters.pool import WorkerPool
from origin.errors import Overloaded

T = TypeVar("T")


class OnDemand:
    """A pool that costs nothing before its first job, which waits for the start (0.6 s)."""

    def __init__(self, make: Callable[[], WorkerPool]) -> None:
        """make: a pool that was not started. One whose start failed is closed for good."""
        self._make = make
        self._made: WorkerPool | None = None
        self._starting: asyncio.Task[WorkerPool] | None = None
        self._pool: WorkerPool | None = None
        self._is_closed = False

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = False,
    ) -> T:
        """Run a job; see ``Workers``."""
        pool = self._pool or await self._started()
        return await pool.run(job, *args, deadline_s=deadline_s, is_background=is_background)

    def alive(self) -> int:
        """Return how many workers are up."""
        return 0 if self._pool is None else self._pool.alive()

    @property
    def restarts(self) -> Counter[str]:
        """Return how many workers were replaced, by reason."""
        return Counter() if self._pool is None else self._pool.restarts

    async def close(self, *, timeout_s: float) -> None:
        """Let jobs that wait or run end for so long, then kill; no pool is started any more."""
        self._is_closed = True
        if self._made is not None:
            await self._made.close(timeout_s=timeout_s)
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)

    async def _started(self) -> WorkerPool:
        """Start the pool once for all that ask about the same time; the next ones try again."""
        if self._is_closed:
            raise Overloaded("server.stopping")
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(_seen)
        return await asyncio.shield(self._starting)

    async def _start(self) -> WorkerPool:
        self._made = pool = self._make()
        await pool.start()
        self._pool = pool
        return pool


def _seen(done: asyncio.Task[WorkerPool]) -> None:
    """Take note of a failure whose waiters have all left: it is no unhandled error."""
    if not done.cancelled():
        done.exception()
