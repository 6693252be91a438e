"""A worker process: ``python -m origin.adapters.worker SOCKET PARENT``, started by the pool."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from cache_keys.errors import Refusal
from origin.adapters.frames import (
    Begin,
    Order,
    Outcome,
    Reply,
    WorkerLimits,
    packed,
    receive,
    unpacked,
)
from origin.errors import OriginError, RenderFailed

PR_SET_PDEATHSIG = 1  # prctl(2)
# The kernel, short of memory, ends a worker (its request is tried again) before the server.
OOM_SCORE = "500"
TRACE_CHARS = 4000


def main(descriptor: int, parent: int) -> None:
    """Serve jobs until the pool closes the socket."""
    die_with(parent)
    channel = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    os.dup2(2, 1)  # what a library prints must not reach the server's standard output
    _begin(channel)
    while (body := receive(channel)) is not None:
        channel.sendall(_answer(body))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, be it busy or not."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)  # it died before we asked


def _begin(channel: socket.socket) -> None:
    search_path = unpacked(receive(channel) or b"")
    assert isinstance(search_path, list)
    sys.path[:] = search_path
    try:
        begin = unpacked(receive(channel) or b"")
        assert isinstance(begin, Begin)
        begin.warm()
        confine(begin.limits)
    except Exception as error:  # noqa: BLE001 (the outermost loop of a worker)
        channel.sendall(packed(Reply(Outcome.ERROR, _failed(error))))
        sys.exit(1)
    channel.sendall(packed(Reply(Outcome.VALUE)))


def confine(limits: WorkerLimits) -> None:
    """Take the limits. The address space is bounded above what the warm process has now."""
    baseline_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    address_bytes = baseline_bytes + limits.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))
    os.nice(limits.niceness)
    with suppress(OSError):  # not every container lets us
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)


def _answer(body: bytes) -> bytes:
    try:
        return packed(_run(body))
    except MemoryError:
        return packed(Reply(Outcome.OUT_OF_MEMORY))
    except Exception as error:  # noqa: BLE001 (a result that cannot travel)
        return packed(Reply(Outcome.ERROR, _failed(error)))


def _run(body: bytes) -> Reply:
    try:
        order = unpacked(body)
        assert isinstance(order, Order)
        return Reply(Outcome.VALUE, order.job(*order.arguments))
    except MemoryError:
        return Reply(Outcome.OUT_OF_MEMORY)
    except (OriginError, Refusal) as error:
        unpacked(packed(error)[8:])  # an error that cannot be read there is said here
        return Reply(Outcome.ERROR, error)
    except Exception as error:  # noqa: BLE001 (the outermost loop of a worker)
        return Reply(Outcome.ERROR, _failed(error))


def _failed(error: Exception) -> RenderFailed:
    trace = "".join(traceback.format_exception(error))
    return RenderFailed("render.failed", log=trace[-TRACE_CHARS:])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
