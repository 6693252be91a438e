"""The masters' sizes, and which raster a picture is made from."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from origin.render.geometry import Matrix, Vector, rdiv

LEVELS: Final = (2560, 1920, 960, 640)
"""Long edges of the masters in px, largest first. A change is a change of engine."""
DENSITY_MIN: Final = Fraction(3, 2)
"""px of a level per output px that make it good enough (measured, docs/adr/0004-encoders.md)."""
SOURCE_GAIN_MIN: Final = Fraction(11, 10)
"""How many times finer than the master the source must be to be worth opening."""


def level_size(sides_px: tuple[int, int], level: int) -> tuple[int, int]:
    """Return a master's sides in px for an upright source.

    The source's own sides where its long edge is within the level; else multiples of 8, so that a
    later shrink-on-load by 2, 4 or 8 drops nothing.
    """
    long_px = max(sides_px)
    if long_px <= level:
        return sides_px
    width, height = (max(8, 8 * rdiv(level * side, 8 * long_px)) for side in sides_px)
    return width, height


def levels_of(sides_px: tuple[int, int]) -> dict[int, tuple[int, int]]:
    """Return the levels that exist for an upright source and their sides in px, largest first.

    2560 always; a smaller one where the source's long edge is above it.
    """
    return {
        level: level_size(sides_px, level)
        for level in LEVELS
        if level == LEVELS[0] or max(sides_px) > level
    }


def smallest_level(sides_px: tuple[int, int]) -> int:
    """Return the smallest level that exists: what a focus is found in."""
    return min(levels_of(sides_px))


def raster_scale(sides_px: tuple[int, int], raster_px: tuple[int, int]) -> Vector:
    """Return rx, ry: raster px per px of the upright source."""
    return Fraction(raster_px[0], sides_px[0]), Fraction(raster_px[1], sides_px[1])


def density_squared(matrix: Matrix, scale: Vector) -> Fraction:
    """Return r²: squared raster px per output px, along the output's coarser-sampled axis.

    r is the length of the shorter column of diag(rx, ry)·B; squared, it stays rational.
    """
    (a, b), (c, d) = matrix
    rx, ry = scale
    return min((rx * a) ** 2 + (ry * c) ** 2, (rx * b) ** 2 + (ry * d) ** 2)


def choose_level(sides_px: tuple[int, int], matrix: Matrix, *, has_alpha: bool) -> int | None:
    """Return the level that a picture is made from, or None for the source.

    matrix: the view's B. Decided from sides, alpha and ops alone, never from what is stored.
    """
    if has_alpha:
        return None
    levels = levels_of(sides_px)
    for level in reversed(levels):
        scale = raster_scale(sides_px, levels[level])
        if density_squared(matrix, scale) >= DENSITY_MIN**2:
            return level
    scale = raster_scale(sides_px, levels[LEVELS[0]])
    return None if 1 / min(scale) > SOURCE_GAIN_MIN else LEVELS[0]
