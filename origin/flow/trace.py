"""What one request did: the words of its log line and of its Server-Timing field."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from cache_keys.asking import Asked

#: Steps that took less are left out of Server-Timing; the log has them all.
SHOWN_MS = 0.05


@dataclass(slots=True)
class Trace:
    """Filled in by the steps of one request, read once at its end. Steps are in milliseconds."""

    hit: str = "none"  # memory | disk | master | record | joined | render | none
    code: str = ""
    reason: str = ""
    path: str = ""
    key: str = ""
    lane: str = ""
    tag_count: int = 0
    steps_ms: dict[str, float] = field(default_factory=dict)
    #: Reads the same body again, of an answer that is on the disk and not in memory.
    again: Callable[[], bytes | bytearray | None] | None = field(
        default=None, repr=False, compare=False
    )

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of the block to the step of that name."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent_ms = (time.perf_counter() - started) * 1_000
            self.steps_ms[name] = self.steps_ms.get(name, 0.0) + spent_ms

    def about(self, asked: Asked, key: str, tag_count: int) -> None:
        """Say which preview the request was about."""
        self.path, self.lane = asked.canonical_path, asked.lane
        self.key, self.tag_count = key, tag_count

    def add(self, steps_ms: Mapping[str, float]) -> None:
        """Add what a worker measured."""
        for name, spent_ms in steps_ms.items():
            self.steps_ms[name] = self.steps_ms.get(name, 0.0) + spent_ms

    def server_timing(self) -> bytes:
        """Return the Server-Timing value: where the picture was, then each step that took time."""
        parts = [f"hit;desc={self.hit}"]
        parts += [
            f"{name};dur={spent_ms:.1f}"
            for name, spent_ms in self.steps_ms.items()
            if spent_ms >= SHOWN_MS
        ]
        return ", ".join(parts).encode()
