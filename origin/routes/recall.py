"""Answers given a moment ago: equal bytes asked for in the same second have an equal answer.

A verdict on a request is a function of its bytes, the key ring, the epoch and the second. So an
answer out of memory may be given again, as it is, until one of them moves: no signature outlives
its end, no purge and no erase is overtaken, and each URL is judged again every second.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter, Histogram

from origin.flow.authorize import PreviewRequest
from origin.flow.preview import Moment
from origin.flow.trace import Trace
from origin.headers import Answer

#: Distinct requests remembered within one second.
READY_MAX: Final = 1_024
#: Lines of repeated answers wait this long for company: one write call instead of hundreds.
LINES_S: Final = 0.05
LINES_MAX: Final = 512
#: What of a refused target may be logged: up to the first byte that no path has.
_LOGGED: Final = re.compile(rb"[a-z0-9/_.,~-]{0,200}")

Fields = tuple[tuple[bytes, bytes], ...]
#: Method, target and those header fields that may change the answer.
Asking = tuple[bytes, bytes, Fields]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The counters that one kind of answer moves, looked up once."""

    requests: Counter
    answer_bytes: Counter
    answer_seconds: Histogram
    refusals: Counter | None = None


@dataclass(slots=True)
class Ready:
    """An answer to give again. head: status line and fields as sent, kept by the protocol class.

    again: reads the body anew where it is on the disk; what comes is the same bytes, or None.
    line_start, line_end: its log line in JSON around the time it took and the time of day.
    """

    answer: Answer
    counting: Labelled
    line_start: str
    line_end: str
    size_bytes: int
    head: bytes = b""
    body: bytes | bytearray = b""
    again: Callable[[], bytes | bytearray | None] | None = None


class Recall:
    """What was answered in this second, by what was asked. Bounded; forgotten as a whole."""

    def __init__(self, moment: Callable[[], Moment | None]) -> None:
        self._now = moment
        self._moment: Moment | None = None
        self._ready: dict[Asking, Ready] = {}

    def find(self, asking: Asking) -> Ready | None:
        """Return the answer if everything it rests on still holds."""
        moment = self._now()
        if moment is None:
            return None
        if moment != self._moment:
            self._moment = moment
            self._ready.clear()
            return None
        return self._ready.get(asking)

    def keep(self, asking: Asking, ready: Ready, began: Moment | None) -> None:
        """Remember an answer that was judged in the moment ``began``, if that is still the one."""
        if began is not None and began == self._moment and len(self._ready) < READY_MAX:
            self._ready[asking] = ready

    @property
    def moment(self) -> Moment | None:
        """Return the moment of the last look."""
        return self._moment


def line_around(
    request: PreviewRequest, answer: Answer, trace: Trace, engine: str, event: str
) -> tuple[str, str]:
    """Return the two fixed parts of the log line of an answer given at once."""
    fixed: dict[str, object] = {
        "status": answer.status,
        "method": request.wire.method,
        "path": trace.path or path_of(request.wire.target),
        "key": trace.key,
        "tag_count": trace.tag_count,
        "lane": str(trace.lane),
        "hit": trace.hit,
        "bytes": len(answer.body),
        "steps_ms": {},
        "engine": engine,
        "event": event,
        "level": "info",
    }
    if trace.code:
        fixed |= {"code": trace.code, "reason": trace.reason}
    text = json.dumps(fixed, ensure_ascii=False, separators=(",", ":"))
    return text[:-1] + ',"ms":', ',"timestamp":"'


class Lines:
    """Log lines that are written together. ``write`` takes text; None where info is not logged.

    Each has its own time of day; one may come up to LINES_S after lines that were written at once.
    """

    def __init__(self, write: Callable[[str], object] | None) -> None:
        self._write = write
        self._lines: list[str] = []
        self._second = -1
        self._day = ""

    def add(self, ready: Ready, spent_s: float) -> bool:
        """Add a line; return whether it is the first that waits."""
        if self._write is None:
            return False
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._day = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        self._lines.append(
            f"{ready.line_start}{spent_s * 1_000:.2f}{ready.line_end}"
            f'{self._day}{int((now - second) * 1_000_000):06}Z"}}\n'
        )
        if len(self._lines) >= LINES_MAX:
            self.flush()
        return len(self._lines) == 1

    def flush(self) -> None:
        """Write what waits."""
        if self._lines and self._write is not None:
            lines, self._lines = self._lines, []
            self._write("".join(lines))


def path_of(target: bytes) -> str:
    """Return the start of a refused target; what follows, however escaped, may be a secret."""
    match = _LOGGED.match(target)
    return match[0].decode() if match else ""
