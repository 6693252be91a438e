"""Brings the samples of any source to 8 or 16 bits, so that later steps know just these two."""

from __future__ import annotations

from typing import Final

from origin.decode.libvips import pyvips
from origin.render.plan import Plan

LAB: Final = ("lab", "labs", "labq")
"""Spaces that keep their own samples until they are converted."""
_WHITE: Final = {
    "char": 127,
    "short": 32_767,
    "uint": 4_294_967_295,
    "int": 2_147_483_647,
    "float": 1,
    "double": 1,
}
"""The sample that is white: the largest of an integer type, 1 of a float. Below 0 is black."""


def to_plain_depth(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Return uint8 or uint16 samples; masters and most sources have them already."""
    del plan
    return plain_depth(image)


def plain_depth(image: pyvips.Image) -> pyvips.Image:
    """Return uint8 as it is and everything else as uint16; Lab is left alone."""
    if image.format in ("uchar", "ushort") or image.interpretation in LAB:
        return image
    if image.interpretation == "scrgb":
        return image.colourspace("rgb16")
    white = _WHITE[str(image.format)]
    if image.format == "char":
        return (image * (255 / white)).rint().cast("uchar")
    deep = (image * (65_535 / white)).rint().cast("ushort")
    if image.interpretation == "cmyk":
        return deep
    return deep.copy(interpretation="grey16" if image.bands < 3 else "rgb16")


def to_8_bit(image: pyvips.Image) -> pyvips.Image:
    """Return uint16 samples as uint8, rounded (libvips' own way truncates)."""
    if image.format == "uchar":
        return image
    assert image.format == "ushort", image.format
    return (image / 257).rint().cast("uchar")
