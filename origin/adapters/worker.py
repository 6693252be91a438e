"""A worker process: ``python -m origin.adapters.worker SOCKET PARENT``, started by the pool."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path

from cache_keys.errors import Refusal
from origin.adapters.frames import (
    Begin,
    Lent,
    Order,
    Outcome,
    answered,
    read_order,
    receive,
    receive_lent,
)
from origin.adapters.measured import open_peak
from origin.adapters.sandbox import Confined, Confinement, bound, yield_to_others
from origin.decode.heap import release_memory
from origin.errors import OriginError, RenderFailed
from origin.values import Pixels

PR_SET_PDEATHSIG = 1  # prctl(2)
TRACE_CHARS = 3_500
#: Longer than the pauses of a busy worker, which would take the same pages again.
IDLE_S = 1.0
#: Bytes that an idle worker may keep above what it held when it last gave back.
IDLE_GROWTH_KEPT = 2 << 20


def main(descriptor: int, parent: int) -> None:
    """Serve jobs until the pool closes the socket."""
    die_with(parent)
    channel = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    os.dup2(2, 1)  # what a library prints must not reach the server's standard output
    _begin(channel)
    while (lent := _next(channel)) is not None:
        body = receive(channel)
        if body is None:
            return
        try:
            answer = _answer(body, lent)
        finally:
            for file in lent:
                os.close(file)
        channel.sendall(answer)


def _next(channel: socket.socket) -> list[int] | None:
    """Wait for the next order; what earlier jobs freed goes back to the kernel while none comes."""
    waiting = select.poll()  # select() takes no descriptor above 1023
    waiting.register(channel, select.POLLIN)
    if not waiting.poll(IDLE_S * 1_000):
        release_memory(growth_kept=IDLE_GROWTH_KEPT)
    return receive_lent(channel)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, be it busy or not."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)  # it died before we asked


def _begin(channel: socket.socket) -> None:
    search_path = read_order(receive(channel) or b"")
    assert isinstance(search_path, list)
    sys.path[:] = search_path
    try:
        begin = read_order(receive(channel) or b"")
        assert isinstance(begin, Begin)
        confined = _confine(begin)
    except Exception as error:  # noqa: BLE001 (the outermost loop of a worker)
        channel.sendall(answered(Outcome.ERROR, error=_failed(error)))
        sys.exit(1)
    channel.sendall(answered(Outcome.VALUE, confined))


def _confine(begin: Begin) -> Confined:
    """Import, close the files, warm up in that state, take the limits, close the system calls."""
    confinement = Confinement(begin.limits.sandbox)
    yield_to_others(begin.limits)
    open_peak()
    begin.load()
    confinement.leave_files()
    begin.warm()
    bound(begin.limits)
    return confinement.leave_calls()


def _answer(body: bytes, lent: list[int]) -> bytes:
    try:
        return _run(body, lent)
    except MemoryError:
        return answered(Outcome.OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 (the outermost loop of a worker; a result may not travel)
        return answered(Outcome.ERROR, error=_failed(error))


def _run(body: bytes, lent: list[int]) -> bytes:
    order = read_order(body)
    assert isinstance(order, Order)
    arguments = [
        _received(argument, lent) if isinstance(argument, Lent) else argument
        for argument in order.arguments
    ]
    try:
        return answered(Outcome.VALUE, order.job(*arguments))
    except (OriginError, Refusal) as error:
        return answered(Outcome.ERROR, error=error)


def _received(argument: Lent, lent: list[int]) -> Path | bytes | Pixels:
    file = lent[argument.index]
    if argument.sides_px is not None:
        return Pixels(file, argument.sides_px)
    if not argument.is_content:
        return Path(f"/proc/self/fd/{file}")
    return os.pread(file, os.fstat(file).st_size, 0)


def _failed(error: Exception) -> RenderFailed:
    trace = "".join(traceback.format_exception(error))
    return RenderFailed("render.failed", log=trace[-TRACE_CHARS:])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
