"""The tone filters of a design: those of CSS, so that a shop's editor can show them live.

Formulas: W3C Filter Effects Module Level 1, "Filter Primitive Representations" of grayscale(),
sepia(), saturate(), brightness() and contrast(), which work on gamma-coded sRGB; the value is
clamped after each filter as there, and rounded once at the end.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from cache_keys.design_look import Filters
from origin.decode.libvips import pyvips

Matrix = tuple[tuple[int, int, int], ...]  # 1/10000
ONE: Final = 10_000
UNIT: Final = 1_000
"""Filters count in 1/1000."""
IDENTITY: Final[Matrix] = ((ONE, 0, 0), (0, ONE, 0), (0, 0, ONE))
GREY: Final[Matrix] = ((2126, 7152, 722),) * 3
SEPIA: Final[Matrix] = ((3930, 7690, 1890), (3490, 6860, 1680), (2720, 5340, 1310))
LUMA: Final[Matrix] = ((2130, 7150, 720),) * 3
"""What saturate(0) leaves (SVG's feColorMatrix type saturate has three digits, grayscale four)."""


def apply_filters(image: pyvips.Image, filters: Filters) -> pyvips.Image:
    """Return the picture filtered: grey, sepia, saturation, brightness, contrast, in this order.

    image: 3 bands sRGB, 8 or 16 bit, or 4 with alpha, which stays. Same format out.
    """
    if filters == Filters():
        return image
    top = full_scale(image)
    share = image.extract_band(0, n=3) / top
    for matrix in _matrices(filters):
        share = share.recomb(pyvips.Image.new_from_array(matrix)).clamp()  # to 0..1
    for gain, offset in _lines(filters):
        share = share.linear([float(gain)], [float(offset)]).clamp()
    colour = (share * top).rint().cast(image.format)
    return colour.bandjoin(image.extract_band(3)) if image.hasalpha() else colour


def full_scale(image: pyvips.Image) -> int:
    """Return the largest value of an 8- or 16-bit picture."""
    return {"uchar": 255, "ushort": 65_535}[str(image.format)]


def _matrices(filters: Filters) -> list[list[list[float]]]:
    """Return the filters that mix the bands, each as a matrix of floats."""
    steps = [
        _mixed(IDENTITY, GREY, Fraction(filters.grey, UNIT)),
        _mixed(IDENTITY, SEPIA, Fraction(filters.sepia, UNIT)),
        _mixed(IDENTITY, LUMA, Fraction(-filters.saturation, UNIT)),
    ]
    amounts = (filters.grey, filters.sepia, filters.saturation)
    return [step for step, amount in zip(steps, amounts, strict=True) if amount]


def _lines(filters: Filters) -> list[tuple[Fraction, Fraction]]:
    """Return the filters that act on each band alone, each as gain and offset (of full scale)."""
    brighter = 1 + Fraction(filters.brightness, UNIT)
    steeper = 1 + Fraction(filters.contrast, UNIT)
    lines = [(brighter, Fraction(0)), (steeper, (1 - steeper) / 2)]
    amounts = (filters.brightness, filters.contrast)
    return [line for line, amount in zip(lines, amounts, strict=True) if amount]


def _mixed(start: Matrix, end: Matrix, share: Fraction) -> list[list[float]]:
    """Return start + share · (end - start); a share below 0 goes the other way."""
    return [
        [float((a + share * (b - a)) / ONE) for a, b in zip(*rows, strict=True)]
        for rows in zip(start, end, strict=True)
    ]
