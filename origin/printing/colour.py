"""Colour of a print: one transform from the source's own numbers to the product's.

Every conversion is LittleCMS by libvips with both profiles, the intent and the black point
compensation named; nothing is left to a default. What the source's numbers mean is a decision that
the recipe records (``InputProfile``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cache_keys.design_look import Filters
from origin.decode.attached import attached_profile, with_profile
from origin.decode.libvips import pyvips
from origin.decode.open import open_source
from origin.printing.product import Colour
from origin.printing.profiles import Profile, Profiles
from origin.printing.recipe import InputProfile, Recipe
from origin.render.alpha import carries_alpha, flattened
from origin.render.depth import LAB, to_8_bit
from origin.render.filters import apply_filters
from origin.values import Photo, ProfileStatus

CMYK_ASSUMED: Final = "coated-fogra39"
"""What untagged CMYK is read by: the commonest press condition of Europe. libvips' built-in one is
a chemical proof's and wrong for press files."""
RGB_ASSUMED: Final = "srgb"
PAPER: Final = "ffffff"
DEEP: Final = 16


@dataclass(frozen=True, slots=True)
class Colouring:
    """What a conversion must know: the photo, what its numbers mean, and where they go."""

    photo: Photo
    input_profile: InputProfile
    filters: Filters
    colour: Colour


def colouring_of(recipe: Recipe) -> Colouring:
    """Return the colour part of a recipe."""
    return Colouring(recipe.photo, recipe.input_profile, recipe.look.photo.filters, recipe.colour)


def input_profile_of(source: Path, photo: Photo, profiles: Profiles, target: str) -> InputProfile:
    """Decide what a source's numbers mean.

    target: SHA-256 of the product's profile; a CMYK source that carries that very profile keeps
    its numbers. Runs in a worker: it opens the source's header.
    """
    if photo.profile_status is ProfileStatus.EMBEDDED:
        embedded = attached_profile(open_source(source, photo.format))
        if embedded is not None:
            digest = hashlib.sha256(embedded).hexdigest()
            is_unchanged = photo.space == "cmyk" and digest == target
            return InputProfile(ProfileStatus.EMBEDDED, "", digest, is_unchanged)
    if photo.space == "lab":
        return InputProfile(ProfileStatus.ASSUMED, "lab-d50", "")
    fallback = profiles.by_name(CMYK_ASSUMED if photo.space == "cmyk" else RGB_ASSUMED)
    is_unchanged = photo.space == "cmyk" and fallback.sha256 == target
    status = photo.profile_status
    if status is ProfileStatus.EMBEDDED:  # it was there when the photo came in
        status = ProfileStatus.REJECTED
    return InputProfile(status, fallback.name, fallback.sha256, is_unchanged)


def to_output(
    image: pyvips.Image, how: Colouring, profiles: Profiles, *, depth: int = 8
) -> pyvips.Image:
    """Return px in the product's space, its profile attached.

    image: px in the source's own space, uint8 or uint16 (Lab: its own), alpha last and not
    premultiplied. Transparency is laid on paper white. Filters are defined on sRGB, so a filtered
    photo goes through it; any other takes one transform. depth: 8, or 16 for a soft proof.
    """
    profile = profiles.by_name(how.colour.profile)
    profile.content(how.colour.profile_sha256)  # the pinned bytes, or no print
    if carries_alpha(how.photo):
        return _from_srgb(_filtered(_on_paper(image, how, profiles), how), how, profile, depth)
    if how.filters != Filters():
        rgb = as_srgb(image, how, profiles, depth=DEEP)
        return _from_srgb(_filtered(rgb, how), how, profile, depth)
    if how.input_profile.is_unchanged:
        return with_profile(_to_depth(image, depth), profile.content())
    deep = max(depth, DEEP if image.format == "ushort" else 8)
    return _to_depth(transformed(image, how, profile, profiles, depth=deep), depth)


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
    named = {} if is_own else {"input_profile": str(profiles.by_name(source.name).path)}
    return _colour_bands(image, how.photo).icc_transform(
        str(profile.path),
        embedded=is_own,
        intent=intent,
        black_point_compensation=has_bpc,
        depth=depth,
        **named,
    )


def as_srgb(image: pyvips.Image, how: Colouring, profiles: Profiles, *, depth: int) -> pyvips.Image:
    """Return px of the source's space as sRGB: relative, with black point compensation.

    That is what previews do, so filters see in a print what they saw there.
    """
    plain = replace(how, colour=replace(how.colour, intent="relative", has_bpc=True))
    rgb = transformed(image, plain, profiles.by_name("srgb"), profiles, depth=depth)
    return rgb.copy(interpretation="srgb" if depth == 8 else "rgb16")


def _on_paper(image: pyvips.Image, how: Colouring, profiles: Profiles) -> pyvips.Image:
    """Return 8-bit sRGB px without transparency."""
    bands = image.bands - 1
    colours = image.extract_band(0, n=bands).copy(interpretation=image.interpretation)
    rgb = _to_depth(as_srgb(colours, how, profiles, depth=8), 8)
    alpha = to_8_bit(image.extract_band(bands))
    return flattened(rgb.bandjoin(alpha).copy(interpretation="srgb"), PAPER)


def _filtered(image: pyvips.Image, how: Colouring) -> pyvips.Image:
    return apply_filters(image, how.filters)


def _from_srgb(image: pyvips.Image, how: Colouring, profile: Profile, depth: int) -> pyvips.Image:
    """Return sRGB px in the product's space; a product in sRGB leaves them alone."""
    if profile.name == RGB_ASSUMED:
        return with_profile(_to_depth(image, depth), profile.content())
    converted = image.icc_transform(
        str(profile.path),
        input_profile="srgb",
        intent=how.colour.intent,
        black_point_compensation=how.colour.has_bpc,
        depth=max(depth, DEEP if image.format == "ushort" else 8),
    )
    return _to_depth(converted, depth)


def _colour_bands(image: pyvips.Image, photo: Photo) -> pyvips.Image:
    """Return the colour bands alone; grey without a grey profile becomes three equal ones."""
    if image.bands < 3 and photo.profile_status is not ProfileStatus.EMBEDDED:
        grey = image.extract_band(0)
        space = "rgb16" if image.format == "ushort" else "srgb"
        return grey.bandjoin(grey).bandjoin(grey).copy(interpretation=space)
    if image.interpretation != "cmyk" and image.bands > 3:
        return image.extract_band(0, n=3).copy(interpretation=image.interpretation)
    return image


def _to_depth(image: pyvips.Image, depth: int) -> pyvips.Image:
    """Return uint8 or uint16 samples; the space keeps its name."""
    if depth == 8:
        space = {"rgb16": "srgb", "grey16": "b-w"}.get(str(image.interpretation))
        plain = to_8_bit(image)
        return plain.copy(interpretation=space) if space else plain
    if image.format == "ushort":
        return image
    space = "rgb16" if image.bands == 3 else str(image.interpretation)
    return (image.cast("ushort") * 257).cast("ushort").copy(interpretation=space)
