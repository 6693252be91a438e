"""Lines of text as masks, set large once and then brought to any size: the same letters at each.

Pango rounds advances to whole pixels, so setting a text anew at each size would move its letters.
Here it is set at 256 px an em always, and sampled down by the same rules as a photo.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Final

from cache_keys.design_schema import DEFAULT_LOCALE
from origin.decode.libvips import pyvips
from origin.render.fonts import FONTS
from origin.render.paint import Surface

EM_PX: Final = 256
"""Sharp up to capitals of 180 px; a line of 200 ems stays below libvips' longest side."""
ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text at 256 px an em: its ink (1 band, 8 bit) and where the baseline is.

    baseline_px: from the ink's top, down.
    """

    ink: pyvips.Image
    baseline_px: int


def set_line(text: str, font: str, locale: str | None) -> Line:
    """Set one line; every character must be in the font, some of it must be visible.

    locale: a language tag, which chooses between letter shapes of one character.
    """
    ink = _ink(text, font, locale)
    return Line(ink, _baseline_px(font) - _top_px(ink))


def place_line(
    line: Line, surface: Surface, size_um: int, left_um: Fraction, baseline_um: Fraction
) -> pyvips.Image:
    """Return the mask of a line whose ink begins at left_um and stands on baseline_um.

    size_um: the em on the sheet. The mask is as large as the surface.
    """
    scale = [Fraction(size_um, EM_PX) / um for um in surface.um_per_px]
    top_um = baseline_um - Fraction(line.baseline_px * size_um, EM_PX)
    start = surface.x_px(left_um), surface.y_px(top_um)
    spans = [
        _pixels(low, low + step * side, limit)
        for low, step, side, limit in zip(
            start,
            scale,
            (line.ink.width, line.ink.height),
            (surface.width_px, surface.height_px),
            strict=True,
        )
    ]
    (x, width), (y, height) = spans
    if width < 1 or height < 1:
        return pyvips.Image.black(surface.width_px, surface.height_px)
    sampled = _sampled(line.ink, scale, (start[0] - x, start[1] - y), (width, height))
    return sampled.embed(x, y, surface.width_px, surface.height_px)


def ink_um(line: Line, size_um: int) -> Fraction:
    """Return the width of a line's ink on the sheet."""
    return Fraction(line.ink.width * size_um, EM_PX)


def _pixels(low: Fraction, high: Fraction, limit: int) -> tuple[int, int]:
    """Return the first pixel and the number of pixels that low..high touches, within 0..limit.

    One more on each side: bicubic sampling reaches over the edge.
    """
    first = max(0, math.floor(low) - 1)
    return first, min(limit, math.ceil(high) + 1) - first


def _sampled(
    ink: pyvips.Image,
    scale: list[Fraction],
    start: tuple[Fraction, Fraction],
    size_px: tuple[int, int],
) -> pyvips.Image:
    """Map ink to px: ``out = scale · ink + start`` for pixel edges, with the photo's recipe.

    vips counts integers as pixel middles, hence the halves.
    """
    n, interpolate = _recipe(1 / max(scale))
    x_scale, y_scale = (n * step for step in scale)
    fine = ink.affine(
        [float(x_scale), 0, 0, float(y_scale)],
        odx=float((x_scale - 1) / 2 + n * start[0]),
        ody=float((y_scale - 1) / 2 + n * start[1]),
        oarea=[0, 0, size_px[0] * n, size_px[1] * n],
        interpolate=pyvips.Interpolate.new(interpolate),
        extend="background",
        background=[0],
    )
    if n == 1:
        return fine
    # 8-bit shrink is biased by up to 2/3 of a level (measured), so the box is 16 bit.
    return (fine.cast("ushort") << 8).shrink(n, n).linear([1 / 256], [0.5], uchar=True)


def _recipe(ratio: Fraction) -> tuple[int, str]:
    """Return the oversampling and interpolation for ink px per output px (GRAMMAR's recipe)."""
    if ratio <= 1:
        return 1, "bicubic"
    if ratio < Fraction(24, 10):
        return 2, "bicubic"
    if ratio <= 8:
        return 4, "bilinear"
    return math.ceil(ratio / 2), "bilinear"


def _ink(text: str, font: str, locale: str | None) -> pyvips.Image:
    """Set a text; a language is always named, since Pango would take the host's otherwise."""
    _close_fontconfig()
    pinned = FONTS[font]
    return pyvips.Image.text(
        f'<span lang="{locale or DEFAULT_LOCALE}">{text.translate(ESCAPES)}</span>',
        font=f"{pinned.description} {EM_PX}",
        fontfile=str(pinned.path),
        dpi=72,  # a point is a px then
    )


@cache
def _baseline_px(font: str) -> int:
    """Return how far the baseline is below a line's top, measured on H, which stands on it."""
    letter = _ink("H", font, None)
    return _top_px(letter) + letter.height


def _top_px(ink: pyvips.Image) -> int:
    """Return how far ink begins below the top of its line."""
    offset = ink.get("yoffset")
    assert isinstance(offset, int)
    return offset


@cache
def _close_fontconfig() -> None:
    """Keep the system's fonts out: fontconfig reads this once, when the first text is set."""
    os.environ["FONTCONFIG_FILE"] = str(files("origin.render") / "fonts.conf")  # noqa: TID251
