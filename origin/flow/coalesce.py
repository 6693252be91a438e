"""Collapse equal cold requests into one piece of work, in this process and across the host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from origin.ports import HostLocks

T = TypeVar("T")


class Coalescer(Generic[T]):
    """At most one run per name at a time: followers wait for the leader's result.

    In this process followers share the leader's task. Across processes the leader holds the host's
    lock of that name; whoever gets it next looks up first and finds what was stored.
    """

    def __init__(self, locks: HostLocks) -> None:
        self._locks = locks
        self._running: dict[str, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        """Return how many distinct names are being worked on."""
        return len(self._running)

    def is_running(self, name: str) -> bool:
        """Return whether this name is being worked on, here or elsewhere on this host."""
        return name in self._running or self._locks.is_held(name)

    async def run(
        self,
        name: str,
        look_up: Callable[[], Awaitable[T | None]],
        work: Callable[[], Awaitable[T]],
    ) -> T:
        """Return what ``look_up`` finds under the lock, else what ``work`` makes.

        A caller that goes away does not stop the work: others may wait for it, and the next
        request will find it stored.
        """
        task = self._running.get(name)
        if task is None:
            task = asyncio.create_task(self._lead(name, look_up, work))
            self._running[name] = task
            task.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(task)

    async def _lead(
        self,
        name: str,
        look_up: Callable[[], Awaitable[T | None]],
        work: Callable[[], Awaitable[T]],
    ) -> T:
        async with self._locks.hold(name):
            found = await look_up()
            return found if found is not None else await work()

    def _forget(self, name: str, done: asyncio.Task[T]) -> None:
        self._running.pop(name, None)
        if not done.cancelled():
            done.exception()  # seen: a leader whose followers all left is no unhandled error

    async def finish(self, timeout_s: float) -> None:
        """Wait for what is under way, at most so long."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=timeout_s)


class Unlocked:
    """HostLocks that nobody waits for: equal work may be done twice, and nobody is held up."""

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Hold nothing."""
        del name
        yield

    def is_held(self, name: str) -> bool:
        """Return False."""
        del name
        return False
