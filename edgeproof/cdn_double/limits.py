"""How a vendor counts: a token bucket, and a quota that starts anew with each window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Holds ``size`` tokens at most and gains ``rate_per_s`` of them; now is in seconds."""

    rate_per_s: float
    size: float
    now: Callable[[], float]
    tokens: float = field(init=False)
    _at_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self._at_s = self.size, self.now()

    def take(self, cost: float = 1) -> float:
        """Take tokens and return 0, or take none and return the seconds until they are there."""
        now = self.now()
        self.tokens = min(self.size, self.tokens + (now - self._at_s) * self.rate_per_s)
        self._at_s = now
        if cost <= self.tokens:
            self.tokens -= cost
            return 0.0
        return (cost - self.tokens) / self.rate_per_s


@dataclass(slots=True)
class Window:
    """Allows ``quota`` in each window of ``length_s`` seconds; now is Unix time."""

    quota: int
    length_s: int
    now: Callable[[], float]
    used: int = field(init=False, default=0)
    ends_at_s: int = field(init=False, default=0)

    def take(self, cost: int = 1) -> bool:
        """Count it, unless the window is used up."""
        now = self.now()
        if now >= self.ends_at_s:
            self.used, self.ends_at_s = 0, int(now // self.length_s + 1) * self.length_s
        if self.used + cost > self.quota:
            return False
        self.used += cost
        return True

    @property
    def remaining(self) -> int:
        """What is left of this window."""
        return self.quota - self.used
