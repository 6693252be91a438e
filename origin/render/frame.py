"""The frame styles: bands, lines and bevels over the edge of the sheet, as masks and colours.

Whatever lies outside the sheet (a print's bleed) is band too, so a cut that is a little off shows
no rim.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from cache_keys.design_look import Frame
from origin.decode.libvips import pyvips
from origin.render.paint import Coverage, Surface, lay, mask_of, middles, plain, rectangle
from origin.render.sheet import Box, window

SHADE_UNIT: Final = 100
SIDES_SHADE: Final = 88
"""The left and right slopes of a mat's bevel, in 1/100 of its colour: light falls from above."""
TOP_SHADE: Final = 74
"""The upper slope looks down and lies in its own shadow; the lower one catches the light."""


def draw_frame(
    image: pyvips.Image, frame: Frame, sheet_um: tuple[int, int], surface: Surface
) -> pyvips.Image:
    """Return the picture (3 or 4 bands sRGB, 8 or 16 bit) with its frame.

    Drawn from the inside out, each part under the next one's edge, so that no photo shows between.
    """
    opening = window(frame, sheet_um)
    beyond = 1 - rectangle(surface, opening, frame.radius_um)
    if frame.line_um:
        inner = rectangle(surface, opening.inset(frame.line_um, frame.line_um))
        line = 1 - inner if frame.colour else 1 - inner - beyond
        paint = (
            _bevel(image, frame, opening, surface) if frame.style == "mat" else frame.line_colour
        )
        image = lay(image, mask_of(line), paint)
    return lay(image, mask_of(beyond), frame.colour) if frame.colour else image


def _bevel(image: pyvips.Image, frame: Frame, opening: Box, surface: Surface) -> pyvips.Image:
    """Return the cut edge of a mat: four slopes that meet in mitres, lit from above."""
    x, y = middles(surface.width_px), middles(surface.height_px)
    top, bottom = y - float(surface.y_px(opening.top)), float(surface.y_px(opening.bottom)) - y
    left, right = x - float(surface.x_px(opening.left)), float(surface.x_px(opening.right)) - x
    across: Coverage = np.minimum(left, right)
    slopes = plain(image, _shaded(frame.line_colour, SIDES_SHADE))
    slopes = lay(slopes, mask_of(_nearer(top, across)), _shaded(frame.line_colour, TOP_SHADE))
    return lay(slopes, mask_of(_nearer(bottom, across)), frame.line_colour)


def _nearer(down: Coverage, across: Coverage) -> Coverage:
    """Return the part of each pixel that is nearer to an upper or lower side than to the others."""
    distance: Coverage = np.subtract.outer(-down, -across) / math.sqrt(2)
    return np.clip(distance + 0.5, 0, 1)


def _shaded(colour: str, share: int) -> str:
    levels = (int(colour[i : i + 2], 16) * share // SHADE_UNIT for i in (0, 2, 4))
    return "".join(f"{level:02x}" for level in levels)
