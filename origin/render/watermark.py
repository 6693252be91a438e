"""A preset's watermark: one text over a preview, in one place or all over."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from cache_keys.presets import TILE, Watermark
from origin.decode.libvips import pyvips
from origin.render.letters import Line, ink_um, place_line, set_line
from origin.render.paint import Surface, lay

UNIT: Final = 1_000
"""Sizes and opacities count in 1/1000; so do the pixels that a text is placed by here."""
SHADOW: Final = "000000"
SHADOW_EMS: Final = Fraction(1, 20)
"""A dark copy, this far below and right of the text, keeps it readable on a light photo."""
SHADOW_SHARE: Final = Fraction(7, 10)
"""Of the text's opacity."""
GAP_EMS: Final = (Fraction(2), Fraction(2))
"""Between two copies of a tiled text: beside and below."""
MARGIN_EMS: Final = Fraction(1, 2)
"""Between a single text and the picture's edge."""
CAP_EMS: Final = Fraction(714, 1000)
"""The height of a capital in all fonts of the pinned list (their OS/2 tables)."""


def apply_watermark(image: pyvips.Image, watermark: Watermark) -> pyvips.Image:
    """Return the finished picture (3 or 4 bands sRGB, 8 or 16 bit) with a preset's watermark.

    Its em is ``size`` / 1000 of the picture's shorter side, at least 1 px, so that it looks the
    same at every size of a picture.
    """
    em_px = max(Fraction(1), Fraction(watermark.size * min(image.width, image.height), UNIT))
    line = set_line(watermark.text, watermark.font, None)
    opacity = Fraction(watermark.opacity, UNIT)
    layers = (
        (SHADOW, SHADOW_EMS, opacity * SHADOW_SHARE),
        (watermark.colour, Fraction(0), opacity),
    )
    arrange = _spread if watermark.place == TILE else _placed
    for colour, offset_ems, share in layers:
        stamp = _stamp(line, em_px, offset_ems, is_tile=watermark.place == TILE)
        fainter = (pyvips.Image.identity() * float(share)).rint().cast("uchar")
        image = lay(image, arrange(stamp, image, watermark).maplut(fainter), colour)
    return image


def _stamp(line: Line, em_px: Fraction, offset_ems: Fraction, *, is_tile: bool) -> pyvips.Image:
    """Return one copy of the text with room around it: half a gap, or the margin."""
    beside, below = (gap / 2 for gap in GAP_EMS) if is_tile else (MARGIN_EMS, MARGIN_EMS)
    size = round(em_px * UNIT)
    width_px = math.ceil(ink_um(line, size) / UNIT + 2 * beside * em_px)
    height_px = math.ceil((CAP_EMS + 2 * below) * em_px)
    surface = Surface(width_px, height_px, (Fraction(UNIT), Fraction(UNIT)), (Fraction(0),) * 2)
    left = (width_px * UNIT - ink_um(line, size)) / 2 + offset_ems * size
    baseline = (height_px * UNIT + CAP_EMS * size) / 2 + offset_ems * size
    return place_line(line, surface, size, left, baseline)


def _placed(stamp: pyvips.Image, image: pyvips.Image, watermark: Watermark) -> pyvips.Image:
    """Return a mask of the picture's size with one turned copy at a compass point."""
    turned = _turned(stamp, watermark.turn_deg)
    x = (image.width - turned.width) * _half_steps(watermark.place, "w", "e") // 2
    y = (image.height - turned.height) * _half_steps(watermark.place, "n", "s") // 2
    return turned.embed(x, y, image.width, image.height)


def _half_steps(place: str, first: str, last: str) -> int:
    """Return 0, 1 or 2 halves of the way from one edge to the other."""
    return 0 if first in place else 2 if last in place else 1


def _spread(stamp: pyvips.Image, image: pyvips.Image, watermark: Watermark) -> pyvips.Image:
    """Return a mask of the picture's size, full of turned copies, every second row shifted."""
    reach = math.isqrt(image.width**2 + image.height**2) + 2
    pair = stamp.join(stamp.wrap(x=stamp.width // 2, y=0), "vertical")
    sheet = pair.replicate(reach // pair.width + 2, reach // pair.height + 2)
    turned = _turned(sheet, watermark.turn_deg)
    left, top = (turned.width - image.width) // 2, (turned.height - image.height) // 2
    return turned.crop(left, top, image.width, image.height)


def _turned(mask: pyvips.Image, turn_deg: int) -> pyvips.Image:
    if turn_deg == 0:
        return mask
    bilinear = pyvips.Interpolate.new("bilinear")
    return mask.similarity(angle=turn_deg, interpolate=bilinear, background=[0])
