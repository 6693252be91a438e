"""Which masters are made in one pass over a photo, and from how small a decoding of it.

Decided from the photo alone, never from what is stored: a level has the same bytes whenever it is
made. (docs/adr/0010-masters-in-passes.md)
"""

from __future__ import annotations

from typing import Final

from origin.render.levels import levels_of
from origin.render.recipe import SHRINKS
from origin.values import Photo

LATE_LEVELS: Final = (2560, 1920)
"""Levels that wait for the first picture above 640 px where the smaller ones need less decoding."""


def passes_of(photo: Photo) -> tuple[tuple[int, ...], ...]:
    """Return the levels of each pass, largest first; intake makes the first pass.

    A baseline JPEG whose small levels can be decoded at 1/2 or less gives those alone at intake,
    each larger one in a pass of its own when it is asked for. Whatever is dear to decode again
    gives all levels at once.
    """
    levels = levels_of((photo.width_px, photo.height_px))
    small = tuple(level for level in levels if level not in LATE_LEVELS)
    if not small or photo.is_progressive or loaded_shrink(photo, levels[small[0]]) == 1:
        return (tuple(levels),)
    return (small, *((level,) for level in LATE_LEVELS if level in levels))


def pass_with(photo: Photo, level: int) -> tuple[int, ...]:
    """Return the levels that are made together with one."""
    return next(levels for levels in passes_of(photo) if level in levels)


def loaded_shrink(photo: Photo, size_px: tuple[int, int]) -> int:
    """Return the largest exact scale 1/N of a source that leaves at least those px (upright)."""
    if photo.format != "jpeg":
        return 1
    sides = photo.width_px, photo.height_px
    for n in SHRINKS:
        if all(side % n == 0 and side // n >= px for side, px in zip(sides, size_px, strict=True)):
            return n
    return 1
