"""The levels of a colour in a picture's own space: sRGB as written, CMYK through its profile."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from origin.decode.attached import attached_profile, with_profile
from origin.decode.libvips import pyvips
from origin.render.filters import full_scale

BLACK: Final = "000000"
FULL: Final = 255
INTENT: Final = "edgeproof-intent"
"""The field of a libvips image that says how sRGB colours come into its space."""


def with_intent(image: pyvips.Image, intent: str, *, has_bpc: bool) -> pyvips.Image:
    """Return the image with the intent that colours laid on it take, as its photo did."""
    image = image.copy()
    words: Any = f"{intent} {has_bpc:d}"  # the stubs know no text
    image.set_type(pyvips.GValue.gstr_type, INTENT, words)
    return image


def levels(image: pyvips.Image, colour: str) -> list[int]:
    """Return rrggbb (sRGB) as the levels of an 8- or 16-bit picture, one per colour band.

    Black on CMYK is the black plate alone: text and lines of four inks would need four plates to
    meet within a hair (ISO 12647-2 allows them 0.08 to 0.12 mm).
    """
    scale = full_scale(image) // FULL
    if image.interpretation != "cmyk":
        return [int(colour[i : i + 2], 16) * scale for i in (0, 2, 4)]
    if colour == BLACK:
        return [0, 0, 0, FULL * scale]
    profile = attached_profile(image)
    assert profile is not None, "a CMYK picture has its profile attached"
    assert image.get_typeof(INTENT), "a CMYK picture says how colours come to it"
    intent, has_bpc = str(image.get(INTENT)).split()
    return [level * scale for level in _inks(profile, colour, intent, has_bpc == "1")]


@lru_cache(maxsize=256)
def _inks(profile: bytes, colour: str, intent: str, has_bpc: bool) -> tuple[int, ...]:  # noqa: FBT001 - a key of the cache
    """Return sRGB rrggbb as 8-bit CMYK."""
    rgb = [int(colour[i : i + 2], 16) for i in (0, 2, 4)]
    px = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb") + rgb
    lab = (
        px.cast("uchar")
        .copy(interpretation="srgb")
        .icc_import(
            input_profile="srgb", intent=intent, black_point_compensation=has_bpc, pcs="lab"
        )
    )
    inks = with_profile(lab, profile).icc_export(
        intent=intent, black_point_compensation=has_bpc, depth=8, pcs="lab"
    )
    return tuple(int(level) for level in inks(0, 0))
