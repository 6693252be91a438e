"""The shapes of load: how many visitors when."""

from __future__ import annotations

from typing import Final

from loadtests.plan import Stage

#: Fewer than the origin's queue has places (64) even when all six connections of each wait.
VISITORS: Final = 10
#: The first stage fills the caches with the few sessions of the ramp; the others find the capacity.
RAMP: Final = (Stage(24, VISITORS), Stage(4, 2), Stage(4, 4), Stage(4, 7), Stage(4, VISITORS))
RAMP_SESSIONS: Final = 150


def steady(seconds: float, visitors: int = VISITORS) -> tuple[Stage, ...]:
    """Return a gentle rise in the first sixth, then an even load."""
    rise = seconds / 12
    return (
        Stage(rise, max(1, visitors // 3)),
        Stage(rise, max(1, 2 * visitors // 3)),
        Stage(seconds - 2 * rise, visitors),
    )


def length_s(stages: tuple[Stage, ...]) -> float:
    """Return how long the stages are together."""
    return sum(stage.seconds for stage in stages)


def level_at(stages: tuple[Stage, ...], at_s: float) -> float | None:
    """Return the level at a time since the start; None after the end."""
    for stage in stages:
        if at_s < stage.seconds:
            return stage.level
        at_s -= stage.seconds
    return None
