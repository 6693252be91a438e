"""Colours laid on a picture through masks whose edges lie between pixels.

A mask is one band of 8 bit: 255 where the colour covers a pixel wholly. Pixel i spans [i, i + 1),
so a mask at 160 px and one at 2560 px cover the same part of the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from origin.decode.libvips import pyvips
from origin.render.filters import full_scale
from origin.render.inks import levels
from origin.render.sheet import Box

Coverage = NDArray[np.float64]
FULL: Final = 255
SLICES: Final = 8
"""Of a row of pixels at a rounded corner: then no pixel is off by more than 2 %."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The pixels of one picture and where its sheet lies on them.

    um_per_px: µm of the sheet per px, per axis. origin_px: the sheet's top left corner.
    """

    width_px: int
    height_px: int
    um_per_px: tuple[Fraction, Fraction]
    origin_px: tuple[Fraction, Fraction]

    def x_px(self, x_um: Fraction) -> Fraction:
        """Return where a place across the sheet falls."""
        return self.origin_px[0] + x_um / self.um_per_px[0]

    def y_px(self, y_um: Fraction) -> Fraction:
        """Return where a place down the sheet falls."""
        return self.origin_px[1] + y_um / self.um_per_px[1]


@dataclass(frozen=True, slots=True)
class Edges:
    """A rectangle in px."""

    left: float
    top: float
    right: float
    bottom: float


def lay(image: pyvips.Image, mask: pyvips.Image, paint: str | pyvips.Image) -> pyvips.Image:
    """Return the picture with a colour (rrggbb, sRGB) or a 3-band picture laid over it by a mask.

    image: 3 bands sRGB of 8 or 16 bit, or 4 with alpha (not premultiplied), or CMYK with its
    profile attached. Same format out.
    """
    over = paint if isinstance(paint, pyvips.Image) else plain(image, paint)
    if not image.hasalpha():
        return mask.ifthenelse(over, image, blend=True)
    alpha = (mask.cast("ushort") * (full_scale(image) // FULL)).cast(image.format)
    return image.composite2(over.bandjoin(alpha), "over").rint().cast(image.format)


def plain(image: pyvips.Image, colour: str) -> pyvips.Image:
    """Return a picture of one colour (rrggbb, sRGB), in the size, space and format of another."""
    return image.new_from_image(levels(image, colour)).copy(interpretation=image.interpretation)


def rectangle(surface: Surface, box: Box, radius_um: int = 0) -> Coverage:
    """Return how much of each pixel a rectangle covers, 0..1, with rounded corners if asked."""
    edges = Edges(
        left=float(surface.x_px(box.left)),
        top=float(surface.y_px(box.top)),
        right=float(surface.x_px(box.right)),
        bottom=float(surface.y_px(box.bottom)),
    )
    columns = _spans(surface.width_px, np.array([edges.left]), np.array([edges.right]))
    rows = _spans(surface.height_px, np.array([edges.top]), np.array([edges.bottom]))
    coverage: Coverage = np.outer(rows, columns)
    radius = min(Fraction(radius_um), (box.right - box.left) / 2, (box.bottom - box.top) / 2)
    if radius:
        rx, ry = (float(radius / um) for um in surface.um_per_px)
        _round_corners(coverage, edges, rx, ry)
    return coverage


def mask_of(coverage: Coverage) -> pyvips.Image:
    """Return coverage 0..1 as an 8-bit mask, halves rounded up."""
    return pyvips.Image.new_from_array(np.floor(coverage * FULL + 0.5).astype(np.uint8))


def middles(pixels: int) -> Coverage:
    """Return the middle of each pixel of one axis."""
    return np.arange(pixels, dtype=np.float64) + 0.5


def _round_corners(coverage: Coverage, edges: Edges, rx: float, ry: float) -> None:
    """Cover the rows that meet a rounded corner anew: each row in SLICES, each exact across.

    rx, ry: the radius in px per axis (a circle on the sheet).
    """
    row = np.arange(len(coverage), dtype=np.float64)
    rounded = np.flatnonzero((row < edges.top + ry) | (row + 1 > edges.bottom - ry))
    coverage[rounded] = 0
    for part in range(SLICES):
        low = np.maximum(row[rounded] + part / SLICES, edges.top)
        high = np.minimum(row[rounded] + (part + 1) / SLICES, edges.bottom)
        middle = (low + high) / 2
        into = np.maximum(edges.top + ry - middle, middle - edges.bottom + ry) / ry
        inset = rx * (1 - np.sqrt(1 - np.clip(into, 0, 1) ** 2))
        across = _spans(coverage.shape[1], edges.left + inset, edges.right - inset)
        coverage[rounded] += across * np.maximum(high - low, 0)[:, np.newaxis]


def _spans(pixels: int, low: Coverage, high: Coverage) -> Coverage:
    """Return how much of each pixel of one axis lies between each low and its high, a row each."""
    edge: Coverage = np.arange(pixels, dtype=np.float64)
    covered: Coverage = np.minimum.outer(high, edge + 1) - np.maximum.outer(low, edge)
    return np.clip(covered, 0, 1)
