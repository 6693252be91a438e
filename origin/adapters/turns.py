"""Who gets the next free worker: foreground jobs first, and background ones never get all."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from origin.errors import OriginError

W = TypeVar("W")
# A background job that has waited so long goes first: a flood of previews must not stop uploads.
PATIENCE_S = 5.0


@dataclass(slots=True, eq=False)
class _Waiter(Generic[W]):
    turn: asyncio.Future[W]
    since_s: float


class Turns(Generic[W]):
    """The free workers and the jobs that wait for one, each kind in order of arrival.

    With two workers or more, a background job leaves one free when it takes its turn; one that has
    lost its patience may take the last free one, but some worker is never in background hands.
    """

    def __init__(self, workers: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        """``workers``: how many there are when all are up. ``now_s``: a monotonic clock."""
        self._kept_free = min(1, workers - 1)
        self._background_max = max(1, workers - 1)
        self._now_s = now_s
        self._members: set[W] = set()
        self._free: list[W] = []
        self._in_background: set[W] = set()
        self._foreground: deque[_Waiter[W]] = deque()
        self._background: deque[_Waiter[W]] = deque()

    def free(self) -> int:
        """Return how many workers have nothing to do."""
        return len(self._free)

    def join(self, worker: W) -> None:
        """Let a new worker take part."""
        self._members.add(worker)
        self.give(worker)

    def leave(self, worker: W) -> None:
        """Count a worker out, whoever holds it; it is not free again when it is given back."""
        self._members.discard(worker)
        self._in_background.discard(worker)
        with suppress(ValueError):
            self._free.remove(worker)

    def give(self, worker: W) -> None:
        """Give a worker back; the one that was used last is taken first."""
        self._in_background.discard(worker)
        if worker in self._members:
            self._free.append(worker)
            self._match()

    async def take(self, *, is_background: bool) -> W:
        """Wait for a worker. Raises what refuse() makes; a caller that is cancelled takes none."""
        queue = self._background if is_background else self._foreground
        waiter = _Waiter[W](asyncio.get_running_loop().create_future(), self._now_s())
        queue.append(waiter)
        self._match()
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            if waiter in queue:
                queue.remove(waiter)
            elif not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self.give(waiter.turn.result())
            raise

    def refuse(self, error: Callable[[], OriginError]) -> None:
        """Send every job that waits away, each with an error of its own."""
        for queue in (self._foreground, self._background):
            while queue:
                turn = queue.popleft().turn
                if not turn.done():
                    turn.set_exception(error())

    def _match(self) -> None:
        while self._free and (queue := self._next()) is not None:
            waiter, worker = queue.popleft(), self._free[-1]
            if waiter.turn.done():
                continue  # its caller was cancelled and has not run since
            self._free.pop()
            if queue is self._background:
                self._in_background.add(worker)
            waiter.turn.set_result(worker)

    def _next(self) -> deque[_Waiter[W]] | None:
        """Return the queue whose first job is next; there is a free worker."""
        oldest = self._background[0] if self._background else None
        if oldest is None or len(self._in_background) >= self._background_max:
            return self._foreground or None
        if self._now_s() - oldest.since_s >= PATIENCE_S:
            return self._background
        is_spare = len(self._free) > self._kept_free
        return self._foreground or (self._background if is_spare else None)
