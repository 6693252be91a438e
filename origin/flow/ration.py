"""How many new pictures of one photo may be asked for: a scoped URL is a licence to make work."""

from __future__ import annotations

import time
from collections.abc import Callable

from cachetools import LRUCache

from origin.errors import Overloaded

#: Photos whose buckets are remembered; a forgotten one is full again.
BUCKETS_MAX = 10_000


class Ration:
    """One token bucket per photo. per_minute: its size, and how fast it fills."""

    def __init__(self, per_minute: int, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock_s = clock_s
        self._buckets: LRUCache[tuple[str, str], tuple[float, float]] = LRUCache(BUCKETS_MAX)

    def take(self, tenant: str, asset: str) -> None:
        """Take one token; raises Overloaded 429 "render.cold_rate" when there is none."""
        now_s = self._clock_s()
        full = float(self._per_minute)
        tokens, since_s = self._buckets.get((tenant, asset), (full, now_s))
        tokens = min(full, tokens + (now_s - since_s) * full / 60)
        if tokens < 1:
            raise Overloaded("render.cold_rate", log=asset)
        self._buckets[tenant, asset] = (tokens - 1, now_s)
