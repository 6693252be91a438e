"""One worker process and the socket to it, seen from the server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from origin.adapters.frames import (
    LENGTH,
    AnswerUnreadable,
    Begin,
    Lent,
    Order,
    Outcome,
    Reply,
    error_of,
    ordered,
    read_answer,
    value_of,
)
from origin.adapters.sandbox import NOTHING, Confined, Confinement
from origin.errors import RenderFailed
from origin.values import Pixels

# A worker that has not warmed up by then never will (measured: 0.08 s; a loaded host: 3 s).
START_DEADLINE_S = 60.0
ENDING_S = 1.0
# Replies up to twice this are read without a pause of the socket (a preview is below 2 MB).
READ_AHEAD_BYTES = 4 << 20
# Smaller arguments go through the socket, which holds 200 kB before it makes the server wait: each
# wait is a turn of the event loop (measured at 1.2 MB: 1.5 CPU ms more than as a memory file).
LENT_FROM_BYTES = 64_000
# What a worker gets of the server's environment, by name or beginning: never our settings, which
# hold secrets, nor those of other programs.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_", "TZ", "PYTHON", "VIRTUAL_ENV", "COV")
# One job, one core; and no thread of a matrix library may begin before the worker is confined.
# One heap for all threads of libvips: what one job freed serves the next (measured after uploads of
# 12 MP photos: 100 MB resident instead of 140, no slower).
FIXED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "HOME": "/nonexistent",
}


@dataclass(frozen=True, slots=True)
class Raised:
    """The error that a job ended with."""

    error: Exception


class Asked:
    """An order on its way: what is sent, what is lent with it, what may come back."""

    def __init__(self, order: Order, *, is_lent: bool) -> None:
        self._order = order
        self.lent: list[Path | bytes | Pixels] = []
        arguments = tuple(self._lent(one, is_lent=is_lent) for one in order.arguments)
        self.body = ordered(Order(order.job, arguments))

    def _lent(self, argument: object, *, is_lent: bool) -> object:
        if isinstance(argument, Pixels):
            self.lent.append(argument)
            return Lent(len(self.lent) - 1, sides_px=argument.sides_px)
        is_content = isinstance(argument, bytes) and len(argument) >= LENT_FROM_BYTES
        if not is_lent or not (is_content or isinstance(argument, Path)):
            return argument
        self.lent.append(cast("Path | bytes", argument))
        return Lent(len(self.lent) - 1, is_content)

    def value_in(self, reply: Reply) -> object:
        """Return the job's value or its error; raises RenderFailed, AnswerUnreadable."""
        if reply.outcome is Outcome.OUT_OF_MEMORY:
            raise RenderFailed("render.crashed", log="the worker ran out of its memory")
        if reply.outcome is Outcome.ERROR:
            if reply.error is None:
                raise AnswerUnreadable("an error without words")
            return Raised(error_of(reply.error))
        return value_of(reply, self._order.job, self._order.arguments)


class WorkerLink:
    """One process and the socket to it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        channel: socket.socket,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._channel = channel
        self._reader = reader
        self._writer = writer
        self._is_warm = False
        self._answer_bytes_max = READ_AHEAD_BYTES
        self.confined = NOTHING
        self.jobs = 0
        self.fate = "crashed"  # why it ended, unless someone knows better

    @classmethod
    async def spawn(cls) -> WorkerLink:
        """Start a process that waits for its first word."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "origin.adapters.worker"),
                    *(str(theirs.fileno()), str(os.getpid())),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=_environment(),
                )
            streams = await asyncio.open_connection(sock=ours, limit=READ_AHEAD_BYTES)
            return cls(process, ours, *streams)
        except BaseException:
            ours.close()  # which ends the process, if there is one
            raise

    async def begin(self, begin: Begin) -> None:
        """Wait until it is warm and confined. Raises RenderFailed "workers.unavailable"."""
        try:
            async with asyncio.timeout(START_DEADLINE_S):
                reply = await self._exchange(ordered(list(sys.path)) + ordered(begin))
            if reply.error is None:
                confined = value_of(reply, Confinement.leave_calls, ())
                self.confined = cast("Confined", confined)
        except (TimeoutError, RenderFailed, AnswerUnreadable) as error:
            log = f"a worker does not start: {error!r}"
            raise RenderFailed("workers.unavailable", log=log) from error
        if reply.error is not None:
            log = f"a worker does not start: {reply.error.log}"
            raise RenderFailed("workers.unavailable", log=log)
        self._answer_bytes_max = begin.limits.answer_mb << 20
        self._is_warm = True

    def is_up(self) -> bool:
        """Say whether it takes jobs, as far as the kernel has told us."""
        return self._is_warm and self._process.returncode is None and not self._reader.at_eof()

    async def ask(self, order: bytes, files: list[int]) -> Reply:
        """Send an order and what it lends, return the reply.

        Raises RenderFailed "render.crashed" when the process died, AnswerUnreadable.
        """
        self.jobs += 1
        try:  # the worker has read all that came before, so there is room for one byte
            socket.send_fds(self._channel, [b"!"], files)
        except OSError as error:
            raise await self._crashed() from error
        return await self._exchange(order)

    async def _exchange(self, message: bytes) -> Reply:
        try:
            self._writer.write(message)
            await self._writer.drain()
            size_bytes = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))[0]
            if size_bytes > self._answer_bytes_max:
                raise AnswerUnreadable(f"{size_bytes} bytes are more than a worker may answer")
            return read_answer(await self._reader.readexactly(size_bytes))
        except (OSError, EOFError) as error:
            raise await self._crashed() from error

    async def _crashed(self) -> RenderFailed:
        return RenderFailed("render.crashed", log=f"the worker {await self.ending()}")

    def kill(self) -> None:
        """End the process now; harmless when repeated."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._writer.close()

    async def gone(self) -> None:
        """Wait until the process has ended, by itself or killed."""
        await self._process.wait()
        self.kill()  # closes the socket

    async def ending(self) -> str:
        """Say how the process ended; one that has closed its socket is given a moment for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_S):
                await self._process.wait()
        self.kill()
        await self._process.wait()
        code = self._process.returncode or 0
        return (
            f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        )


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name.startswith(INHERITED)}  # noqa: TID251 (handed on, not read)
    return inherited | FIXED
