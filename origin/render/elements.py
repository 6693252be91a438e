"""Everything that a design draws: filters on the photo, then the frame, then the caption."""

from __future__ import annotations

from fractions import Fraction

from cache_keys.design_look import DesignLook
from origin.decode.libvips import pyvips
from origin.render.caption import draw_caption
from origin.render.filters import apply_filters
from origin.render.frame import draw_frame
from origin.render.paint import Surface


def apply_elements(
    image: pyvips.Image,
    design: DesignLook,
    um_per_px: tuple[Fraction, Fraction],
    origin_px: tuple[Fraction, Fraction],
) -> pyvips.Image:
    """Return the finished photo with its design on it, in the same size and format.

    image: the photo's own pixels, nothing padded yet; 3 bands sRGB of 8 or 16 bit, or 4 with
    alpha. um_per_px: µm of the sheet per px, per axis. origin_px: the sheet's top left corner.
    """
    image = apply_filters(image, design.photo.filters)
    if design.sheet_um is None:
        return image
    surface = Surface(image.width, image.height, um_per_px, origin_px)
    if design.frame is not None:
        image = draw_frame(image, design.frame, design.sheet_um, surface)
    if design.caption is not None:
        image = draw_caption(image, design, surface)
    return image
