"""Figures of a run: what its trace and record add up to."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadtests.record import Record
from loadtests.sampling import Sample
from loadtests.trace import Row

SERVER_ERRORS = range(500, 600)
#: The first part of a soak, in which caches fill and pools grow.
WARM_UP = 0.4


@dataclass(frozen=True, slots=True)
class Offload:
    """How much an edge kept from the origin. best: of a cache that forgets nothing, same trace."""

    good: int
    keys: int
    origin: int

    @property
    def share(self) -> float:
        """Return 1 - origin requests / good requests."""
        return 1 - self.origin / self.good

    @property
    def best(self) -> float:
        """Return the same when each key is fetched once."""
        return 1 - self.keys / self.good

    @property
    def per_key(self) -> float:
        """Return the requests for each derivative."""
        return self.good / self.keys


def offload_of(rows: Iterable[Row], record: Record) -> Offload:
    """Return the offload of a run at an edge."""
    good = [row.key for row in rows if row.is_good]
    return Offload(len(good), len(set(good)), sum(record.origin.values()))


def quantile_ms(rows: Iterable[Row], share: float) -> float:
    """Return a quantile of the times, ms; 0 of nothing."""
    times = sorted(row.ms for row in rows)
    return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def wrong_digests(rows: Iterable[Row]) -> list[Row]:
    """Return the good answers whose body is not what its ETag or its key's first answer says."""
    first: dict[str, str] = {}
    return [
        row
        for row in rows
        if row.is_good
        and not (row.is_own_digest and first.setdefault(row.key, row.digest) == row.digest)
    ]


def growth_mb_per_1000(samples: Sequence[Sample], rows: Sequence[Row]) -> float:
    """Return how the memory grows after warm-up: MB for each thousand requests (Theil and Sen)."""
    warm = after_warm_up(samples)
    per_second = [
        (later.pss_bytes - early.pss_bytes) / (later.at_s - early.at_s)
        for place, early in enumerate(warm)
        for later in warm[place + len(warm) // 2 :]
    ]
    seconds = warm[-1].at_s - warm[0].at_s
    requests = sum(warm[0].at_s <= row.at_s <= warm[-1].at_s for row in rows)
    return statistics.median(per_second) * seconds / 1e6 / (requests / 1_000)


def after_warm_up(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples after the first part of a soak; the last one is after its end."""
    during = samples[:-1]
    return list(during[int(WARM_UP * len(during)) :])


def halves(values: Sequence[int]) -> tuple[float, float]:
    """Return the medians of the first and the second half."""
    middle = len(values) // 2
    return statistics.median(values[:middle]), statistics.median(values[middle:])
