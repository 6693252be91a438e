"""Transparency is laid on paper before colours are converted: unprinted is what clear px are.

Paper is white in the source's own space (no ink in CMYK), which every relative intent maps to the
bare sheet. The px are premultiplied, so this is one sum, rounded once.
"""

from __future__ import annotations

from typing import Final

from origin.decode.libvips import pyvips
from origin.render.alpha import carries_alpha
from origin.render.plan import Plan

EIGHT: Final = ("uchar", 255)
DEEP: Final = ("ushort", 65_535)
EIGHT_BITS: Final = 8


def lay_on_paper(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Return a premultiplied picture without its last band, on paper; others as they are.

    image: float, 0..255 or 0..65535 as the source has bits, alpha last. Returns uint8 or uint16.
    """
    if not carries_alpha(plan.photo):
        return image
    kind, opaque = DEEP if plan.photo.bits > EIGHT_BITS else EIGHT
    bands = image.bands - 1
    colours = image.extract_band(0, n=bands)
    if plan.photo.space != "cmyk":
        colours = colours + (opaque - image.extract_band(bands))
    return colours.rint().cast(kind).copy(interpretation=image.interpretation)
