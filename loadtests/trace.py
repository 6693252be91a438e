"""The trace of a run: one JSON line per answered request, and the first body of each key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from blake3 import blake3

TRACE: Final = "trace.jsonl"
BODIES: Final = "bodies"
#: No answer at all: refused, reset or timed out.
NO_ANSWER: Final = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. at_s: Unix seconds of the asking. ms: until the last byte. want: status.

    digest: BLAKE3 of the body, hex. is_own_digest: the ETag says the same. cache: what the last
    cache said of itself (hit, fwd=…), nothing without one. has_retry: Retry-After is there.
    """

    at_s: float
    session: int
    kind: str
    key: str
    want: int
    status: int
    ms: float
    size_bytes: int
    digest: str
    is_own_digest: bool
    cache: str
    has_retry: bool

    @property
    def is_good(self) -> bool:
        """Return whether a picture was asked for and came."""
        return self.want == 200 and self.status == 200


class TraceWriter:
    """Writes rows as they come, and each key's first body beside them.

    is_late: rows are written by close(), for a writer that must not cost while others measure.
    """

    def __init__(self, folder: Path, *, is_late: bool = False) -> None:
        self._bodies = folder / BODIES
        self._bodies.mkdir(parents=True)
        self._file = (folder / TRACE).open("w", encoding="utf-8")
        self._seen: set[str] = set()
        self._is_late = is_late
        self._late: list[Row] = []

    def write(self, row: Row, body: bytes) -> None:
        """Keep one answer."""
        if self._is_late:
            self._late.append(row)
        else:
            self._put(row)
        if row.is_good and row.key not in self._seen:
            self._seen.add(row.key)
            body_path(self._bodies.parent, row.key).write_bytes(body)

    def close(self) -> None:
        """Write out what is still in memory."""
        for row in self._late:
            self._put(row)
        self._file.close()

    def _put(self, row: Row) -> None:
        self._file.write(json.dumps(asdict(row), separators=(",", ":")) + "\n")


def body_path(folder: Path, key: str) -> Path:
    """Return where the first body of a key is."""
    return folder / BODIES / hashlib.blake2s(key.encode(), digest_size=16).hexdigest()


def read_trace(folder: Path) -> Iterator[Row]:
    """Yield the rows of a run in the order of their answers; raises ValueError on a broken line."""
    with (folder / TRACE).open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield Row(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{folder / TRACE}, line {number}: {error}") from error


def digest_of(body: bytes) -> str:
    """Return a body's digest as the origin's ETags have it."""
    return blake3(body).hexdigest()


def is_tag_of(etag: str, body: bytes, digest: str) -> bool:
    """Say whether an ETag is the digest of a body: the origin's, or that of the edge lane."""
    tag = etag.strip('"')
    return tag == digest or tag == base64.b64encode(hashlib.sha256(body).digest()).decode()


def cache_word(cache_status: str) -> str:
    """Return what the last cache of a Cache-Status (RFC 9211) says: hit or fwd=…; "" of none."""
    parts = cache_status.rpartition(",")[2].split(";")
    return parts[1].strip() if len(parts) > 1 else ""
