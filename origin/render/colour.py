"""Colour of any source to 8-bit sRGB: its profile, relative with black point compensation.

A source with an embedded profile is read by it (intake has checked that it fits the pixels); one
whose profile was rejected counts as untagged. Untagged RGB and grey are sRGB. Untagged CMYK is
read by libvips' built-in CMYK profile: good for previews, never for press. Lab is ICC's, D50.
"""

from __future__ import annotations

from typing import Final

from origin.decode.libvips import pyvips
from origin.render.alpha import carries_alpha
from origin.render.depth import LAB, to_8_bit
from origin.render.plan import Plan
from origin.values import Photo, ProfileStatus

INTENT: Final = "relative"
CMYK_ASSUMED: Final = "cmyk"
"""The profile of untagged CMYK; a word of libvips."""


def to_srgb(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Convert the sampled px; masters are sRGB already."""
    return image if plan.level is not None else source_to_srgb(image, plan.photo)


def source_to_srgb(image: pyvips.Image, photo: Photo) -> pyvips.Image:
    """Return (h, w, 3) uint8 sRGB, or RGBA where the photo has alpha, from a source's own px.

    image: any space, uint8 or uint16 (Lab: its own), alpha last and not premultiplied.
    """
    if not carries_alpha(photo):
        return _coloured(image, photo)
    bands = image.bands - 1
    colours = image.extract_band(0, n=bands).copy(interpretation=image.interpretation)
    alpha = to_8_bit(image.extract_band(bands))
    return _coloured(colours, photo).bandjoin(alpha).copy(interpretation="srgb")


def _coloured(image: pyvips.Image, photo: Photo) -> pyvips.Image:
    if image.interpretation in LAB:
        lab = image.colourspace("lab").extract_band(0, n=3).copy(interpretation="lab")
        return lab.icc_export(
            output_profile="srgb", intent=INTENT, black_point_compensation=True, depth=8, pcs="lab"
        )
    if photo.profile_status is ProfileStatus.EMBEDDED and image.get_typeof("icc-profile-data"):
        return image.icc_transform(
            "srgb", embedded=True, intent=INTENT, black_point_compensation=True, depth=8
        )
    if image.interpretation == "cmyk":
        return image.icc_transform(
            "srgb",
            input_profile=CMYK_ASSUMED,
            intent=INTENT,
            black_point_compensation=True,
            depth=8,
        )
    return _as_srgb(to_8_bit(image))


def _as_srgb(image: pyvips.Image) -> pyvips.Image:
    """Take untagged px as sRGB; grey becomes three equal bands, bands beyond three are dropped."""
    if image.bands < 3:
        grey = image.extract_band(0)
        image = grey.bandjoin(grey).bandjoin(grey)
    elif image.bands > 3:
        image = image.extract_band(0, n=3)
    return image.copy(interpretation="srgb")
