"""Colour of a print: one transform from the source's own numbers to the product's.

Every conversion is LittleCMS by libvips with both profiles, the intent and the black point
compensation named; nothing is left to a default. Sources of 8 bit are converted at 8 bit (LittleCMS
rounds once, from 16), deeper ones at 16 until the file is written (docs/adr/0009-print-colour.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from cache_keys.design_look import Filters
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.input_profile import RGB_ASSUMED
from origin.printing.product import Colour
from origin.printing.profiles import Profile, Profiles
from origin.printing.recipe import InputProfile, Recipe
from origin.render.depth import LAB, to_8_bit
from origin.render.filters import apply_filters
from origin.render.inks import with_intent
from origin.values import Photo, ProfileStatus

EIGHT: Final = 8
DEEP: Final = 16
EIGHT_TO_DEEP: Final = 257
GREY: Final = {"b-w": 1, "grey16": 1}
"""Spaces of one colour band."""


@dataclass(frozen=True, slots=True)
class Colouring:
    """What a conversion must know: the photo, what its numbers mean, and where they go."""

    photo: Photo
    input_profile: InputProfile
    filters: Filters
    colour: Colour


@dataclass(frozen=True, slots=True)
class Way:
    """From one profile (None: the image's own) to another, and how."""

    source: Profile | None
    target: Profile
    intent: str
    has_bpc: bool


def colouring_of(recipe: Recipe) -> Colouring:
    """Return the colour part of a recipe."""
    return Colouring(recipe.photo, recipe.input_profile, recipe.look.photo.filters, recipe.colour)


def to_output(
    image: pyvips.Image, how: Colouring, profiles: Profiles, *, depth: int = EIGHT
) -> pyvips.Image:
    """Return px in the product's space, its profile and intent attached.

    image: px in the source's own space, uint8 or uint16 (Lab: its own), no alpha. Filters are
    defined on sRGB, so a filtered photo goes through it; any other takes one transform, or none
    when its numbers are the product's already. depth: 8, or 16 for a soft proof.
    Raises BadDocument 422 "profile.digest": the pinned bytes, or no print.
    """
    colour = how.colour
    profile = profiles.by_name(colour.profile)
    content = profile.content(colour.profile_sha256)
    if how.filters != Filters():
        image = apply_filters(as_srgb(image, how, profiles), how.filters)
        if profile.name != RGB_ASSUMED:
            way = Way(profiles.by_name(RGB_ASSUMED), profile, colour.intent, colour.has_bpc)
            image = converted(image, way, depth=DEEP)
    elif how.input_profile.is_unchanged:
        image = _colour_bands(image, how)
    else:
        deep = DEEP if image.format == "ushort" else depth
        image = transformed(image, how, profile, profiles, depth=deep)
    return with_intent(
        with_profile(to_depth(image, depth), content), colour.intent, has_bpc=colour.has_bpc
    )


def transformed(
    image: pyvips.Image, how: Colouring, profile: Profile, profiles: Profiles, *, depth: int
) -> pyvips.Image:
    """Return px of the source's space in a profile's, by the product's intent.

    depth: 8 or 16 bit of the result.
    """
    intent, has_bpc = how.colour.intent, how.colour.has_bpc
    if image.interpretation in LAB:
        lab = image.colourspace("lab").extract_band(0, n=3).copy(interpretation="lab")
        return lab.icc_export(
            output_profile=str(profile.path),
            intent=intent,
            black_point_compensation=has_bpc,
            depth=depth,
            pcs="lab",
        )
    source = how.input_profile
    is_own = source.status is ProfileStatus.EMBEDDED
    own = None if is_own else profiles.by_name(source.name)
    way = Way(own, profile, intent, has_bpc)
    return converted(_colour_bands(image, how), way, depth=depth)


def converted(image: pyvips.Image, way: Way, *, depth: int) -> pyvips.Image:
    """Return px in the target's space, uint8 or uint16 by ``depth``.

    8 bit to 8 bit is LittleCMS' own fast way, byte for byte what Pillow makes. Beyond, its 16-bit
    tables would be off by up to ΔE00 1.2; through floats of XYZ it is 0.02, at most 0.7 (measured
    against double precision; Lab in between would cut ProPhoto off).
    """
    named: dict[str, Any] = {} if way.source is None else {"input_profile": str(way.source.path)}
    is_own = way.source is None
    how: dict[str, Any] = {"intent": way.intent, "black_point_compensation": way.has_bpc}
    if image.format == "uchar" and depth == EIGHT:
        return image.icc_transform(
            str(way.target.path), embedded=is_own, depth=depth, **how, **named
        )
    floats = image.icc_import(embedded=is_own, pcs="xyz", **how, **named)
    return floats.icc_export(output_profile=str(way.target.path), pcs="xyz", depth=depth, **how)


def as_srgb(
    image: pyvips.Image, how: Colouring, profiles: Profiles, *, depth: int = DEEP
) -> pyvips.Image:
    """Return px of the source's space as sRGB: relative, with black point compensation.

    That is what previews do, so filters see in a print what they saw there. depth: 8 or 16 bit.
    """
    srgb = profiles.by_name(RGB_ASSUMED)
    if how.input_profile.name == srgb.name:
        return to_depth(_colour_bands(image, how), depth)
    plain = replace(how, colour=replace(how.colour, intent="relative", has_bpc=True))
    rgb = transformed(image, plain, srgb, profiles, depth=depth)
    return rgb if depth == EIGHT else rgb.copy(interpretation="rgb16")


def to_depth(image: pyvips.Image, depth: int) -> pyvips.Image:
    """Return uint8 or uint16 samples; the space keeps its name."""
    if depth == EIGHT:
        space = {"rgb16": "srgb", "grey16": "b-w"}.get(str(image.interpretation))
        plain = to_8_bit(image)
        return plain.copy(interpretation=space) if space else plain
    if image.format == "ushort":
        return image
    space = "rgb16" if image.bands == 3 else str(image.interpretation)
    return (image.cast("ushort") * EIGHT_TO_DEEP).cast("ushort").copy(interpretation=space)


def _colour_bands(image: pyvips.Image, how: Colouring) -> pyvips.Image:
    """Return the colour bands alone; grey without a grey profile becomes three equal ones."""
    is_grey = image.bands < 3 or str(image.interpretation) in GREY  # which may have bands beside
    if is_grey and how.input_profile.status is not ProfileStatus.EMBEDDED:
        grey = image.extract_band(0)
        space = "rgb16" if image.format == "ushort" else "srgb"
        return grey.bandjoin(grey).bandjoin(grey).copy(interpretation=space)
    bands = {"cmyk": 4, **GREY}.get(str(image.interpretation), 3)
    if image.bands > bands:
        return image.extract_band(0, n=bands).copy(interpretation=image.interpretation)
    return image
