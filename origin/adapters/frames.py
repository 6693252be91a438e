"""What the pool and its workers say to each other: length-prefixed pickles over one socket each.

pool → worker   search path · Begin · Order · Order · … · end of file
worker → pool   Reply (ready) · Reply · Reply · …
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one worker may take: MiB of address space above its warm state, open files, niceness."""

    memory_mb: int = 1024
    open_files: int = 64
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class Begin:
    """The first thing a worker is told: its limits and what to warm before they hold."""

    limits: WorkerLimits
    warm: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Order:
    """One job: a top-level function of an importable module, and what it is called with."""

    job: Callable[..., object]
    arguments: tuple[object, ...]


class Outcome(StrEnum):
    """How a job ended, as its worker saw it."""

    VALUE = "value"
    ERROR = "error"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the job's value, or the error to raise."""

    outcome: Outcome
    value: object = None


def packed(message: object) -> bytes:
    """Return a message with its length in front; raises PicklingError for what cannot travel."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def unpacked(body: bytes) -> object:
    """Return the message. Both ends are our own processes; no other byte gets here."""
    return pickle.loads(body)  # noqa: S301 (see above)


def receive(channel: socket.socket) -> bytes | None:
    """Return the next body, None at the end of the file."""
    head = _exactly(channel, LENGTH.size)
    return None if head is None else _exactly(channel, LENGTH.unpack(head)[0])


def _exactly(channel: socket.socket, count: int) -> bytes | None:
    body = bytearray(count)
    rest = memoryview(body)
    while rest:
        got = channel.recv_into(rest)
        if not got:
            return None
        rest = rest[got:]
    return bytes(body)
