"""The arithmetic of alternating rounds: what one cell cost, how far it moved, what a ratio is."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Turn:
    """One contestant's turn in one round: so many pictures, CPU seconds of its tree, wall time."""

    pictures: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_ms_each(self) -> float:
        """Return CPU milliseconds per picture."""
        return 1_000 * self.cpu_s / self.pictures

    @property
    def per_s(self) -> float:
        """Return pictures per second."""
        return self.pictures / self.wall_s


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several rounds."""

    median: float
    least: float
    most: float

    def text(self, digits: int = 1) -> str:
        """Return ``median (least to most)``."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f})"

    def bar(self) -> tuple[float, float, float]:
        """Return it for a plot: median, least, most."""
        return self.median, self.least, self.most


def spread(values: Iterable[float]) -> Spread:
    """Return median, least and most of at least one value."""
    found = sorted(values)
    return Spread(statistics.median(found), found[0], found[-1])


def pooled(turns: Sequence[Turn]) -> Turn:
    """Return the turns of one round as one turn: sums, so that long cells weigh as they cost."""
    return Turn(
        sum(turn.pictures for turn in turns),
        sum(turn.cpu_s for turn in turns),
        sum(turn.wall_s for turn in turns),
    )


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return ours ÷ theirs, round by round: what moved both in a round cancels out."""
    return spread(a / b for a, b in zip(ours, theirs, strict=True))


def each_round(rounds: int) -> Iterator[int]:
    """Yield the numbers of the rounds, and say on standard error how long each took."""
    for number in range(rounds):
        started = time.monotonic()
        yield number
        sys.stderr.write(f"  round {number + 1} of {rounds}: {time.monotonic() - started:.0f} s\n")


def alternate(rounds: int, contestants: Mapping[str, Callable[[int], Any]]) -> dict[str, list[Any]]:
    """Give each contestant a turn in every round, in an order that is turned round each time.

    A contestant is called with the number of the round and returns what it measured.
    """
    names = list(contestants)
    found: dict[str, list[Any]] = {name: [] for name in names}
    for number in each_round(rounds):
        order = names if number % 2 == 0 else names[::-1]
        for name in order:
            found[name].append(contestants[name](number))
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was measured. ``is_least``: the figure has to be at least the target."""

    what: str
    measured: float
    target: float
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        """Return whether the figure keeps to the target."""
        if self.is_least:
            return self.measured >= self.target
        return self.measured <= self.target

    def row(self) -> tuple[str, str, str, str]:
        """Return a row of the page: what, target, measured, met or missed."""
        sign = "≥" if self.is_least else "≤"
        word = "met" if self.is_met else "**missed**"
        return self.what, f"{sign} {self.target:g}", f"{self.measured:.2f}", word
