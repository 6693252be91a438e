"""What the pool and its workers say to each other, over one socket each, with lengths in front.

pool → worker   search path · Begin · Order · Order · … · end of file     pickles: the server's word
worker → pool   ready · answer · answer · …                               plain data, never a pickle

A worker opens what strangers send, so it may be in a stranger's hands: the server reads nothing of
its answers but plain values of the type that the job promises (its return annotation), in at most
so many bytes. Nothing that a worker writes can name a class or a function here.
"""

from __future__ import annotations

import pickle
import re
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, get_type_hints

import msgspec

from cache_keys import errors as refusals
from cache_keys.errors import Refusal
from origin import errors
from origin.adapters.measured import Measured, measured
from origin.adapters.sandbox import WorkerLimits
from origin.errors import OriginError

LENGTH: Final = struct.Struct(">Q")
#: Descriptors that one order may lend; jobs take one photo.
LENT_MAX: Final = 4
#: Of what a worker says about itself and about an error.
WORDS_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Begin:
    """The first thing a worker is told: its limits, what to import, what to warm confined."""

    limits: WorkerLimits
    load: Callable[[], None]
    warm: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Lent:
    """Stands for what came with an order as the descriptor of that number.

    A path; or bytes, if ``is_content``; or pixels of those sides.
    """

    index: int
    is_content: bool = False
    sides_px: tuple[int, int] | None = None


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


class AnswerUnreadable(Exception):
    """A worker sent what no worker of ours sends."""


class Failure(msgspec.Struct, frozen=True):
    """An OriginError or a Refusal in plain words; ``kind`` is its class's name."""

    kind: str
    code: str
    status: int
    public: str
    log: str = ""
    field: str | None = None


class Reply(msgspec.Struct, frozen=True):
    """One answer: the job's value, not decoded yet, or the error to raise."""

    outcome: Outcome
    value: msgspec.Raw = msgspec.Raw(b"\xc0")
    error: Failure | None = None


class _Weighed(msgspec.Struct, frozen=True):
    """Measured, its value not decoded yet."""

    value: msgspec.Raw
    error: Failure | None
    cpu_s: float
    rss_mb: float


def ordered(message: object) -> bytes:
    """Return a message of the server with its length in front; raises PicklingError."""
    return _framed(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


def read_order(body: bytes) -> object:
    """Return the server's message; only workers call it, and only for what the server sent."""
    return pickle.loads(body)  # noqa: S301 (see above)


def answered(outcome: Outcome, value: object = None, error: Exception | None = None) -> bytes:
    """Return a worker's answer with its length in front; raises TypeError for what cannot travel.

    Plain values travel, dataclasses and tuples of them, an OriginError or a Refusal.
    """
    failure = None if error is None else _failure(error)
    raw = msgspec.Raw(msgspec.msgpack.encode(value, enc_hook=_plain))
    return _framed(msgspec.msgpack.encode(Reply(outcome, raw, failure)))


def read_answer(body: bytes) -> Reply:
    """Return the answer's outside; raises AnswerUnreadable."""
    try:
        return msgspec.msgpack.decode(body, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerUnreadable(str(error)[:WORDS_MAX]) from error


def value_of(reply: Reply, job: Callable[..., object], arguments: tuple[object, ...]) -> object:
    """Return the job's value, of the type that the job promises; raises AnswerUnreadable."""
    try:
        if job is not measured:
            return _decoded(reply.value, job)
        weighed = msgspec.msgpack.decode(reply.value, type=_Weighed)
        inner: Any = arguments[0]
        value = None if weighed.error else _decoded(weighed.value, inner)
        refused = error_of(weighed.error) if weighed.error else None
        return Measured(value, refused, weighed.cpu_s, weighed.rss_mb)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerUnreadable(str(error)[:WORDS_MAX]) from error


def error_of(failure: Failure) -> OriginError | Refusal:
    """Return the error to raise; raises AnswerUnreadable for one that is not ours."""
    public, log = failure.public[:WORDS_MAX], failure.log[:WORDS_MAX]
    kind, code = _KINDS.get(failure.kind), failure.code
    if kind is not None and issubclass(kind, OriginError) and code in errors.KINDS:
        return kind(code, public, log=log, field=failure.field)
    if kind is not None and issubclass(kind, Refusal) and (status := _status_of(kind, code)):
        return kind(code, status, public, field=failure.field)
    raise AnswerUnreadable(f"an error {failure.kind[:50]!r} {failure.code[:50]!r}")


def _status_of(kind: type[Refusal], code: str) -> int:
    """Return the status of a refusal's code, 0 when there is none; documents' codes are built."""
    if issubclass(kind, refusals.DesignError) and re.fullmatch(r"[a-z]{1,20}\.[a-z_]{1,40}", code):
        return 422
    return refusals.REFUSALS.get(code, (0, ""))[0]


def receive(channel: socket.socket) -> bytes | None:
    """Return the next body, None at the end of the file."""
    head = _exactly(channel, LENGTH.size)
    return None if head is None else _exactly(channel, LENGTH.unpack(head)[0])


def receive_lent(channel: socket.socket) -> list[int] | None:
    """Return the descriptors that come with the next order, None at the end of the file."""
    count, descriptors, _, _ = socket.recv_fds(channel, 1, LENT_MAX)
    return descriptors if count else None


def _framed(body: bytes) -> bytes:
    return LENGTH.pack(len(body)) + body


def _decoded(raw: msgspec.Raw, job: Callable[..., object]) -> object:
    return msgspec.msgpack.decode(raw, type=_promised(job))


@cache
def _promised(job: Callable[..., object]) -> Any:
    """Return the type that a job's annotation promises; without one, plain values."""
    promise = getattr(job, "__annotations__", {}).get("return", Any)
    alone = SimpleNamespace(__annotations__={"return": promise})  # its arguments' types stay away
    return get_type_hints(alone, globalns=getattr(job, "__globals__", {}))["return"]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (OriginError, Refusal)):
        return _failure(value)
    raise TypeError(f"{type(value).__name__} cannot travel")


def _failure(error: Exception) -> Failure:
    assert isinstance(error, (OriginError, Refusal)), error
    log = error.log if isinstance(error, OriginError) else ""
    return Failure(
        kind=type(error).__name__,
        code=error.code,
        status=error.status,
        public=_sayable(error.public),
        log=_sayable(log),
        field=error.field and _sayable(error.field),
    )


def _sayable(text: str) -> str:
    """Return a text without what UTF-8 cannot carry (a file's name may hold it)."""
    return text.encode("utf-8", "backslashreplace").decode()


def _exactly(channel: socket.socket, count: int) -> bytes | None:
    body = bytearray(count)
    rest = memoryview(body)
    while rest:
        got = channel.recv_into(rest)
        if not got:
            return None
        rest = rest[got:]
    return bytes(body)


#: The classes that an answer may name.
_KINDS: Final[dict[str, type[OriginError | Refusal]]] = {
    kind.__name__: kind
    for module, base in ((errors, OriginError), (refusals, Refusal))
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, base)
}
