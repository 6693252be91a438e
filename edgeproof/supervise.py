"""Several HTTP processes on the same two sockets: start, replace the dead, stop together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from edgeproof.console import CommandFailed

Target = Callable[[list[socket.socket]], None]
#: A process that dies younger than this may not live longer when it is started again.
YOUNG_S = 5.0
#: So many young deaths in a row are no accident.
YOUNG_DEATHS_MAX = 3


def supervise(target: Target, sockets: list[socket.socket], count: int) -> None:
    """Run ``count`` processes of a picklable target until SIGTERM or SIGINT.

    A process that dies is replaced; three that die young in a row end them all: CommandFailed.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="edgeproof-metrics-") as folder:
        # Read by prometheus_client when it is first imported in the children.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        _watch(target, sockets, count, stop)


def _watch(target: Target, sockets: list[socket.socket], count: int, stop: threading.Event) -> None:
    children = [_start(target, sockets) for _ in range(count)]
    young_deaths = 0
    try:
        while not stop.is_set() and young_deaths < YOUNG_DEATHS_MAX:
            wait([child.sentinel for child, _ in children], timeout=0.2)
            for index, (child, started) in enumerate(children):
                if child.is_alive() or stop.is_set():
                    continue
                is_young = time.monotonic() - started < YOUNG_S
                young_deaths = young_deaths + 1 if is_young else 0
                children[index] = _start(target, sockets)
    finally:
        for child, _ in children:
            child.terminate()
        for child, _ in children:
            child.join()
    if young_deaths >= YOUNG_DEATHS_MAX:
        raise CommandFailed("HTTP processes end as soon as they are started; the log says why")


def _start(target: Target, sockets: list[socket.socket]) -> tuple[BaseProcess, float]:
    child = multiprocessing.get_context("spawn").Process(target=target, args=(sockets,))
    child.start()
    return child, time.monotonic()
