"""The processes that touch pixels, seen from the server: one socket each, one death costs one job.

Measured, and the reason for no library here: pebble 5.2 shares one pipe and one lock among its
workers. An idle worker that is killed breaks that pool for good; one that dies while it sends its
result stops the others for up to a minute (docs/storage.md has the numbers).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

from origin.adapters.frames import AnswerUnreadable, Begin, Order
from origin.adapters.lending import can_lend, lent
from origin.adapters.sandbox import NOTHING, Sandbox, WorkerLimits
from origin.adapters.turns import Turns
from origin.adapters.warm import nothing, warm_libvips
from origin.adapters.worker_link import Asked, Raised, WorkerLink
from origin.errors import OriginError, Overloaded, RenderFailed

__all__ = ["WorkerPool"]

T = TypeVar("T")
# Between two tries to start a worker, doubled each time, and always shorter than what a refused
# caller waits ("workers.unavailable": 5 s).
PAUSE_S = 0.1
PAUSE_S_MAX = 2.0
# Starts that fail one after the other, for each slot, before jobs are refused instead of waiting: a
# worker that is killed while it starts is no reason (three take 0.3 s and their own time).
TRIES = 3
CLOSE_STEP_S = 0.01


class WorkerPool:
    """Workers: a fixed number of slots, each with a task that keeps one process up in it."""

    def __init__(
        self,
        workers: int,
        *,
        limits: WorkerLimits,
        jobs_max: int = 500,
        load: Callable[[], None] = nothing,
        warm: Callable[[], None] = warm_libvips,
    ) -> None:
        """jobs_max: a worker is replaced after so many jobs, which bounds slow leaks.

        load: imports what jobs need, before the sandbox closes, and starts no thread.
        warm: runs it once, inside.
        """
        self.workers = workers
        self.confined = NOTHING  # what holds in the worker that was started last
        self.restarts: Counter[str] = Counter()  # "deadline", "crashed", "recycled"
        self._begin = Begin(limits, load, warm)
        self._lends = limits.sandbox is not Sandbox.OFF and can_lend()
        self._jobs_max = jobs_max
        self._turns: Turns[WorkerLink] = Turns(workers)
        self._up: set[WorkerLink] = set()
        self._waiting = 0
        self._jobs: set[asyncio.Task[object]] = set()
        self._slots: set[asyncio.Task[None]] = set()
        self._is_closing = False  # no new job
        self._closed = asyncio.Event()  # no new worker
        self._failures = 0  # starts that failed since the last one that did not
        self._trouble = ""  # why the last one failed

    async def start(self) -> None:
        """Start every worker. Raises RenderFailed "workers.unavailable" when one cannot."""
        started = await asyncio.gather(
            *(self._started() for _ in range(self.workers)), return_exceptions=True
        )
        failures = [worker for worker in started if isinstance(worker, BaseException)]
        if failures:
            await self.close(timeout_s=0)
            raise failures[0]
        for worker in tuple(self._up):
            slot = asyncio.create_task(self._keep(worker))
            self._slots.add(slot)
            slot.add_done_callback(self._slots.discard)

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = False,
    ) -> T:
        """Run a top-level function of an importable module in a worker and return its result.

        The function's return annotation is what the worker's answer is held to: plain values and
        dataclasses of them, found without loading a pixel library here. A Path or many bytes among
        the arguments are lent as a copy to read (origin.adapters.lending).

        ``deadline_s`` counts from the moment a worker takes the job. A caller that is cancelled
        while it waits leaves the queue; a job that runs goes on to its end or deadline and its
        result is dropped, which is cheaper than a new worker. ``is_background``: the others go
        first, and one worker is left to them (origin.adapters.turns).
        Raises what the job raises if it is an OriginError or a Refusal; RenderFailed
        "render.failed" for any other error, "render.deadline", "render.crashed",
        "workers.unavailable"; Overloaded "server.stopping".
        """
        asked = Asked(Order(job, args), is_lent=self._lends)
        if self._is_closing:
            raise _stopping()
        self._waiting += 1
        try:
            worker = await self._next(is_background=is_background)
            running = asyncio.create_task(self._serve(worker, asked, deadline_s))
            self._jobs.add(running)
            running.add_done_callback(self._settle)
        finally:
            self._waiting -= 1
        return cast("T", await asyncio.shield(running))

    def alive(self) -> int:
        """Return how many workers are up."""
        return sum(1 for worker in self._up if worker.is_up())

    def busy(self) -> int:
        """Return how many workers run a job now, or are being replaced."""
        return self.workers - self._turns.free()

    async def close(self, *, timeout_s: float) -> None:
        """Let jobs that wait or run end for so long, then kill. No worker is left afterwards."""
        self._is_closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._waiting or self._jobs:  # noqa: ASYNC110 (once, at the end)
                    await asyncio.sleep(CLOSE_STEP_S)
        self._turns.refuse(_stopping)
        self._closed.set()
        while self._up or self._jobs or self._slots:
            await asyncio.gather(*map(self._discard, tuple(self._up)))
            await asyncio.sleep(CLOSE_STEP_S)

    async def _next(self, *, is_background: bool) -> WorkerLink:
        """Wait for a worker that is up."""
        while True:
            if self._closed.is_set():
                raise _stopping()
            if self._is_down():
                raise self._unavailable()
            worker = await self._turns.take(is_background=is_background)
            if worker.is_up():
                return worker
            worker.kill()  # its slot gets another

    async def _serve(self, worker: WorkerLink, asked: Asked, deadline_s: float) -> object:
        """Run one job on that worker; give it back, or end it and leave the rest to its slot."""
        fate: str | None = None
        try:
            async with asyncio.timeout(deadline_s), lent(asked.lent) as files:
                fate = "crashed"
                reply = await worker.ask(asked.body, files)
            value = asked.value_in(reply)
            fate = "recycled" if worker.jobs >= self._jobs_max else None
        except TimeoutError as error:
            fate = "deadline"
            log = f"killed after {deadline_s} s"
            raise RenderFailed("render.deadline", log=log) from error
        except AnswerUnreadable as error:
            log = f"the worker's answer cannot be read: {error}"
            raise RenderFailed("render.crashed", log=log) from error
        finally:
            if fate is None:
                self._turns.give(worker)
            else:
                worker.fate = fate
                worker.kill()
        if isinstance(value, Raised):
            raise value.error
        return value

    async def _keep(self, first: WorkerLink) -> None:
        """Keep one slot filled until the pool closes: wait for each worker's end, start the next.

        The next one starts at once, unless one after the other ends before its first job.
        """
        worker: WorkerLink | None = first
        early_ends = 0
        while worker is not None:
            self._turns.join(worker)
            await worker.gone()
            self._turns.leave(worker)
            self._up.discard(worker)
            if self._closed.is_set():
                return
            self.restarts[worker.fate] += 1
            early_ends = 0 if worker.jobs else early_ends + 1
            worker = await self._successor(early_ends - 1)

    async def _successor(self, failures: int) -> WorkerLink | None:
        """Start a worker, and try again while none can be started; None when the pool closes."""
        while not self._closed.is_set():
            await self._pause(failures)
            try:
                return await self._started()
            except Exception as error:  # noqa: BLE001 (the outermost loop of a slot: none is lost)
                self._trouble = error.log if isinstance(error, OriginError) else repr(error)
            failures = max(failures, 0) + 1
            self._failures += 1
            if self._is_down():
                self._turns.refuse(self._unavailable)
        return None

    async def _pause(self, failures: int) -> None:
        """Wait 0, then 0.1, 0.2, 0.4 … 2 s, or until the pool closes."""
        if failures > 0:
            pause_s = min(PAUSE_S * 2 ** min(failures - 1, 16), PAUSE_S_MAX)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), pause_s)

    async def _started(self) -> WorkerLink:
        """Start a worker. Raises RenderFailed "workers.unavailable", Overloaded."""
        if self._closed.is_set():
            raise _stopping()
        try:
            worker = await WorkerLink.spawn()
        except (OSError, RuntimeError, MemoryError) as error:  # RuntimeError: no more threads
            log = f"a worker cannot be started: {error!r}"
            raise RenderFailed("workers.unavailable", log=log) from error
        self._up.add(worker)
        try:
            await worker.begin(self._begin)
        except BaseException:
            await self._discard(worker)
            raise
        self.confined = worker.confined
        self._failures = 0
        return worker

    async def _discard(self, worker: WorkerLink) -> None:
        worker.kill()
        await worker.gone()
        self._up.discard(worker)

    def _is_down(self) -> bool:
        return not self._up and self._failures >= TRIES * self.workers

    def _unavailable(self) -> OriginError:
        return RenderFailed("workers.unavailable", log=self._trouble)

    def _settle(self, task: asyncio.Task[object]) -> None:
        self._jobs.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when the caller is gone


def _stopping() -> OriginError:
    return Overloaded("server.stopping")
