"""The processes that touch pixels, seen from the server: one socket each, one death costs one job.

Measured, and the reason for no library here: pebble 5.2 shares one pipe and one lock among its
workers. An idle worker that is killed breaks that pool for good; one that dies while it sends its
result stops the others for up to a minute (docs/storage.md has the numbers).
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar, cast

from origin.adapters.frames import (
    LENGTH,
    Begin,
    Order,
    Outcome,
    Reply,
    WorkerLimits,
    packed,
    unpacked,
)
from origin.adapters.warm import warm_libvips
from origin.errors import Overloaded, RenderFailed

__all__ = ["WorkerLimits", "WorkerPool"]

T = TypeVar("T")
# A worker that has not warmed up by then never will (measured: 0.08 s; a loaded host: 3 s).
START_DEADLINE_S = 60.0
ENDING_S = 1.0
CLOSE_STEP_S = 0.01
# Replies up to twice this are read without a pause of the socket (a preview is below 2 MB).
READ_AHEAD_BYTES = 4 << 20


class WorkerPool:
    """Workers: a fixed number of processes; each is replaced when it dies, overruns or has aged."""

    def __init__(
        self,
        workers: int,
        *,
        limits: WorkerLimits,
        jobs_max: int = 500,
        warm: Callable[[], None] = warm_libvips,
    ) -> None:
        """jobs_max: a worker is replaced after so many jobs, which bounds slow leaks."""
        self.workers = workers
        self.restarts: Counter[str] = Counter()  # "deadline", "crashed", "recycled"
        self._begin = Begin(limits, warm)
        self._jobs_max = jobs_max
        self._idle: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()
        self._up: set[_Worker] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self._waiting = 0
        self._is_closing = False

    async def start(self) -> None:
        """Start every worker. Raises RenderFailed "render.crashed" when one cannot."""
        started = await asyncio.gather(
            *(self._started() for _ in range(self.workers)), return_exceptions=True
        )
        failures = [worker for worker in started if isinstance(worker, BaseException)]
        if failures:
            await self.close(timeout_s=0)
            raise failures[0]
        for worker in self._up:
            self._idle.put_nowait(worker)

    async def run(self, job: Callable[..., T], *args: object, deadline_s: float) -> T:
        """Run a top-level function of an importable module in a worker and return its result.

        ``deadline_s`` counts from the moment a worker takes the job. A caller that is cancelled
        while it waits leaves the queue; a job that runs goes on to its end or deadline and its
        result is dropped, which is cheaper than a new worker.
        Raises what the job raises if it is an OriginError or a Refusal; RenderFailed
        "render.failed" for any other error, "render.deadline", "render.crashed"; Overloaded
        "server.stopping".
        """
        order = packed(Order(job, args))
        worker = await self._next()
        running = self._spawn(self._serve(worker, order, deadline_s))
        return cast("T", await asyncio.shield(running))

    def alive(self) -> int:
        """Return how many workers are up."""
        return sum(1 for worker in self._up if worker.is_up())

    def busy(self) -> int:
        """Return how many workers run a job now."""
        return max(0, self.workers - self._idle.qsize())

    async def close(self, *, timeout_s: float) -> None:
        """Let jobs that wait or run end for so long, then kill. No worker is left afterwards."""
        self._is_closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._waiting or self._tasks:  # noqa: ASYNC110 (once, at the very end)
                    await asyncio.sleep(CLOSE_STEP_S)
        for _ in range(self._waiting):
            self._idle.put_nowait(None)
        while self._up or self._tasks:
            await asyncio.gather(*map(self._discard, tuple(self._up)))
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=CLOSE_STEP_S)

    async def _next(self) -> _Worker | None:
        if self._is_closing:
            raise Overloaded("server.stopping")
        self._waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self._waiting -= 1
        return worker

    async def _serve(self, worker: _Worker | None, order: bytes, deadline_s: float) -> object:
        """Run one job on that worker, or on a new one where it is gone; give the slot back."""
        fate: str | None = "crashed"
        try:
            if worker is None or not worker.is_up():
                await self._discard(worker)
                worker = await self._started()
            reply = await worker.ask(order, deadline_s)
            fate = "recycled" if worker.jobs >= self._jobs_max else None
            if reply.outcome is Outcome.OUT_OF_MEMORY:
                fate = "crashed"
                raise RenderFailed("render.crashed", log="the worker ran out of its memory")
        except TimeoutError as error:
            fate = "deadline"
            log = f"killed after {deadline_s} s"
            raise RenderFailed("render.deadline", log=log) from error
        finally:
            if fate is None:
                self._idle.put_nowait(worker)
            else:
                self.restarts[fate] += 1
                self._spawn(self._replace(worker))
        if reply.outcome is Outcome.ERROR:
            raise cast("Exception", reply.value)
        return reply.value

    async def _replace(self, worker: _Worker | None) -> None:
        await self._discard(worker)
        fresh = None
        with suppress(RenderFailed):  # the next job tries again, and says why if it fails
            if not self._is_closing:
                fresh = await self._started()
        self._idle.put_nowait(fresh)

    async def _discard(self, worker: _Worker | None) -> None:
        if worker is not None:
            self._up.discard(worker)
            await worker.kill()

    async def _started(self) -> _Worker:
        if self._is_closing:
            raise Overloaded("server.stopping")
        worker = await _Worker.spawn()
        self._up.add(worker)
        try:
            await worker.begin(self._begin)
        except BaseException:
            await self._discard(worker)
            raise
        return worker

    def _spawn(self, work: Coroutine[object, object, object]) -> asyncio.Task[object]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._settle)
        return task

    def _settle(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when the caller is gone


class _Worker:
    """One process and the socket to it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._is_warm = False
        self.jobs = 0

    @classmethod
    async def spawn(cls) -> _Worker:
        """Start a process that waits for its first word."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "origin.adapters.worker"),
                *(str(theirs.fileno()), str(os.getpid())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        return cls(process, *await asyncio.open_connection(sock=ours, limit=READ_AHEAD_BYTES))

    async def begin(self, begin: Begin) -> None:
        """Wait until it is warm and confined. Raises RenderFailed "render.crashed"."""
        try:
            reply = await self.ask(packed(list(sys.path)) + packed(begin), START_DEADLINE_S)
        except TimeoutError as error:
            raise RenderFailed("render.crashed", log="a worker does not start") from error
        if reply.outcome is not Outcome.VALUE:
            raise RenderFailed("render.crashed", log=f"a worker does not start: {reply.value}")
        self.jobs = 0
        self._is_warm = True

    def is_up(self) -> bool:
        """Say whether it takes jobs, as far as the kernel has told us."""
        return self._is_warm and self._process.returncode is None and not self._reader.at_eof()

    async def ask(self, order: bytes, deadline_s: float) -> Reply:
        """Send an order and return the reply.

        Raises TimeoutError at the deadline, RenderFailed "render.crashed" when the process died.
        """
        self.jobs += 1
        try:
            async with asyncio.timeout(deadline_s):
                self._writer.write(order)
                await self._writer.drain()
                head = await self._reader.readexactly(LENGTH.size)
                body = await self._reader.readexactly(LENGTH.unpack(head)[0])
            reply = unpacked(body)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            if isinstance(error, TimeoutError):
                raise
            log = f"the worker {await self.ending()}"
            raise RenderFailed("render.crashed", log=log) from error
        assert isinstance(reply, Reply)
        return reply

    async def kill(self) -> None:
        """End the process now and wait until it is gone; harmless when repeated."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._writer.close()
        await self._process.wait()

    async def ending(self) -> str:
        """Say how the process ended; one that has closed its socket is given a moment for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_S):
                await self._process.wait()
        await self.kill()
        code = self._process.returncode or 0
        return (
            f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        )
