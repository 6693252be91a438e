"""What is fuzzed, and what must hold whatever the bytes are."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from origin.adapters.frames import AnswerUnreadable, error_of, read_answer, value_of
from origin.adapters.measured import measured
from origin.errors import KINDS, OriginError, PhotoRefused
from origin.flow import jobs
from origin.ingest.caps import Caps
from origin.ingest.capture import read_capture
from origin.ingest.guard import refuse_beyond_caps, refuse_large
from origin.ingest.job import inspect_and_release
from origin.ingest.profile import judge
from origin.ingest.walk import walk

#: CPU seconds that a walk may take for 400 kB. It reads no pixel: measured 0.02 s at most.
WALK_CPU_S_MAX: Final = 2.0
PROMISES: Final[tuple[tuple[Callable[..., object], tuple[object, ...]], ...]] = (
    (jobs.open_upload, ()),
    (jobs.remake_masters, ()),
    (jobs.render, ()),
    (jobs.find_focus, ()),
    (jobs.describe_engine, ()),
    (measured, (inspect_and_release,)),
)


class Slow(AssertionError):
    """A walk that took far too long for its bytes."""


def walk_file(path: Path) -> str:
    """Walk a file as the guard does before any decoder; return its code or "ok".

    Raises whatever is not a refusal, and Slow.
    """
    begin_s = time.process_time()
    try:
        refuse_large(path, Caps())
        layout = walk(path, Caps())
        refuse_beyond_caps(layout, Caps())
        read_capture(layout.exif)
        code = "ok"
    except PhotoRefused as refused:
        code = refused.code
    assert code == "ok" or code in KINDS
    spent_s = time.process_time() - begin_s
    if spent_s > WALK_CPU_S_MAX:
        raise Slow(f"{spent_s:.1f} CPU s for {path.stat().st_size} bytes")
    return code


def judge_profile(content: bytes) -> None:
    """Judge bytes as an ICC profile."""
    judge(content, "srgb")


def read_hostile_answer(body: bytes) -> str:
    """Read bytes as a worker's answer, as the server does; return what came of it.

    Raises whatever is not AnswerUnreadable.
    """
    try:
        reply = read_answer(body)
        if reply.error is not None:
            raised = error_of(reply.error)
            return raised.code if isinstance(raised, OriginError) else raised.public_code
        job, arguments = PROMISES[struct.unpack("B", (body[-1:] or b"\0"))[0] % len(PROMISES)]
        return type(value_of(reply, job, arguments)).__name__
    except AnswerUnreadable:
        return "unreadable"
