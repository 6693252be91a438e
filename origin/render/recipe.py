"""How pixels are sampled: shrink-on-load, interpolation and oversampling for a map, per raster.

The table was measured: previews and prints made by it register within 0.01 px (docs/rendering.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from origin.render.geometry import HALF, Matrix, Vector, View, apply, inverse
from origin.render.levels import density_squared, raster_scale

SHRINKS: Final = (8, 4, 2)
"""The scales at which a JPEG can be decoded, largest first."""
SHRINK_DENSITY_MIN: Final = 3
"""Raster px per output px that must remain after shrink-on-load."""
MARGIN_PX: Final = 4
"""Raster px around a window that bicubic sampling may touch."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of whole px of a loaded raster."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """One call of the exact affine, in the words of libvips.

    window: what is read of the upright raster as loaded. matrix, odx, ody: window px to output px
    times n, integers being pixel centres. n: the side of the box that averages the samples.
    """

    window: Window
    interpolator: str
    n: int
    matrix: tuple[float, float, float, float]
    odx: float
    ody: float


def load_shrink(density2: Fraction, raster_px: tuple[int, int]) -> int:
    """Return the scale 1/N at which to load a JPEG of that size; 1 where none fits.

    density2: squared raster px per output px before. N must divide both sides (the scale is then
    exact) and leave 3 px per output px.
    """
    for n in SHRINKS:
        fits = raster_px[0] % n == 0 and raster_px[1] % n == 0
        if fits and density2 >= (SHRINK_DENSITY_MIN * n) ** 2:
            return n
    return 1


def oversampling(density2: Fraction) -> tuple[int, str]:
    """Return n and the interpolator for squared px of the loaded raster per output px."""
    if density2 <= 1:
        return 1, "bicubic"
    if density2 < Fraction(24, 10) ** 2:
        return 2, "bicubic"
    if density2 <= 8**2:
        return 4, "bilinear"
    return _half_root_up(density2), "bilinear"


def _half_root_up(density2: Fraction) -> int:
    """Return the smallest n with 2n >= sqrt(density2), exactly."""
    n = math.isqrt(math.ceil(density2 / 4))
    return n if 4 * n * n >= density2 else n + 1


def sampling(view: View, sides_px: tuple[int, int], loaded_px: tuple[int, int]) -> Sampling:
    """Return the affine that makes a view from an upright raster.

    sides_px: the upright source. loaded_px: the upright raster as it is loaded.
    """
    rx, ry = raster_scale(sides_px, loaded_px)
    (a, b), (c, d) = view.matrix
    step = (rx * a, rx * b), (ry * c, ry * d)
    corner = rx * view.offset[0], ry * view.offset[1]
    n, interpolator = oversampling(density_squared(view.matrix, (rx, ry)))
    window = _window(corner, step, view, loaded_px)
    fine = _scaled(step, Fraction(1, n))
    half = apply(fine, (HALF, HALF))
    first = corner[0] - window.left + half[0] - HALF, corner[1] - window.top + half[1] - HALF
    back = inverse(fine)
    odx, ody = apply(back, first)
    matrix = (float(back[0][0]), float(back[0][1]), float(back[1][0]), float(back[1][1]))
    return Sampling(window, interpolator, n, matrix, float(-odx), float(-ody))


def _window(corner: Vector, step: Matrix, view: View, loaded_px: tuple[int, int]) -> Window:
    """Return the rectangle of the raster that a view looks at, with room for interpolation."""
    (a, b), (c, d) = step
    width, height = view.width_px, view.height_px
    left, right = _span(corner[0], a * width, b * height, loaded_px[0])
    top, bottom = _span(corner[1], c * width, d * height, loaded_px[1])
    return Window(left, top, right - left, bottom - top)


def stored_window(window: Window, orientation: int, upright_px: tuple[int, int]) -> Window:
    """Return where a window of the upright raster lies in the raster as it is stored.

    orientation: EXIF 1..8 of the stored pixels. upright_px: the upright raster's sides.
    """
    left, top = window.left, window.top
    right = upright_px[0] - left - window.width
    bottom = upright_px[1] - top - window.height
    column, row = {
        1: (left, top),
        2: (right, top),
        3: (right, bottom),
        4: (left, bottom),
        5: (top, left),
        6: (top, right),
        7: (bottom, right),
        8: (bottom, left),
    }[orientation]
    if orientation > 4:
        return Window(column, row, window.height, window.width)
    return Window(column, row, window.width, window.height)


def _span(start: Fraction, along: Fraction, across: Fraction, side_px: int) -> tuple[int, int]:
    nothing = Fraction(0)
    low = start + min(along, nothing) + min(across, nothing)
    high = start + max(along, nothing) + max(across, nothing)
    first = min(max(0, math.floor(low) - MARGIN_PX), side_px - 1)
    last = min(max(first + 1, math.ceil(high) + MARGIN_PX), side_px)
    return first, last


def _scaled(matrix: Matrix, factor: Fraction) -> Matrix:
    (a, b), (c, d) = matrix
    return (a * factor, b * factor), (c * factor, d * factor)
