"""Colour of a print: one transform from the source's own numbers to the product's.

Every conversion is LittleCMS by libvips with both profiles, the intent and the black point
compensation named; nothing is left to a default. What the source's numbers mean is a decision that
the recipe records (``InputProfile``).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from origin.decode.attached import attached_profile
from origin.decode.libvips import pyvips
from origin.decode.open import open_source
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
DEEP: Final = 16


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


def to_output(image: pyvips.Image, recipe: Recipe, profiles: Profiles) -> pyvips.Image:
    """Return the page's px in the product's space, 8 bit, its profile attached.

    image: px in the source's own space, uint8 or uint16 (Lab: its own), alpha last and not
    premultiplied. Transparency is laid on paper white. Filters are defined on sRGB, so a filtered
    photo goes through it; any other takes one transform.
    """
    profile = profiles.by_name(recipe.colour.profile)
    profile.content(recipe.colour.profile_sha256)  # the pinned bytes, or no print
    if not carries_alpha(recipe.photo):
        return _converted(image, recipe, profile, profiles)
    bands = image.bands - 1
    colours = image.extract_band(0, n=bands).copy(interpretation=image.interpretation)
    alpha = to_8_bit(image.extract_band(bands))
    rgb = as_srgb(colours, recipe, profiles, depth=8)
    laid = flattened(rgb.bandjoin(alpha).copy(interpretation="srgb"), "ffffff")
    return _from_srgb(_filtered(laid, recipe), recipe, profile)


def _converted(
    image: pyvips.Image, recipe: Recipe, profile: Profile, profiles: Profiles
) -> pyvips.Image:
    filters = recipe.look.photo.filters
    has_filters = filters != type(filters)()
    if has_filters:
        rgb = as_srgb(image, recipe, profiles, depth=DEEP)
        return _from_srgb(_filtered(rgb, recipe), recipe, profile)
    if recipe.input_profile.is_unchanged:
        return with_profile_of(to_8_bit(image), profile)
    return to_8_bit(transformed(image, recipe, profile, profiles, depth=_depth(image)))


def transformed(
    image: pyvips.Image, recipe: Recipe, profile: Profile, profiles: Profiles, *, depth: int
) -> pyvips.Image:
    """Return px of the source's space in another profile's, by the recipe's intent.

    depth: 8 or 16 bit of the result.
    """
    colour = recipe.colour
    if image.interpretation in LAB:
        lab = image.colourspace("lab").extract_band(0, n=3).copy(interpretation="lab")
        return lab.icc_export(
            output_profile=str(profile.path),
            intent=colour.intent,
            black_point_compensation=colour.has_bpc,
            depth=depth,
            pcs="lab",
        )
    source = recipe.input_profile
    is_own = source.status is ProfileStatus.EMBEDDED
    return _bands_of(image, recipe.photo).icc_transform(
        str(profile.path),
        embedded=is_own,
        **({} if is_own else {"input_profile": str(profiles.by_name(source.name).path)}),
        intent=colour.intent,
        black_point_compensation=colour.has_bpc,
        depth=depth,
    )


def as_srgb(image: pyvips.Image, recipe: Recipe, profiles: Profiles, *, depth: int) -> pyvips.Image:
    """Return px of the source's space as sRGB: relative, with black point compensation.

    That is what previews do, so filters see in a print what they saw there.
    """
    from dataclasses import replace

    plain = replace(recipe.colour, intent="relative", has_bpc=True)
    asked = replace(recipe, colour=plain)
    return transformed(image, asked, profiles.by_name("srgb"), profiles, depth=depth).copy(
        interpretation="srgb" if depth == 8 else "rgb16"
    )


def with_profile_of(image: pyvips.Image, profile: Profile) -> pyvips.Image:
    """Return the image with a profile of the registry attached; its numbers stay."""
    from origin.decode.attached import with_profile

    return with_profile(image, profile.content())


def _filtered(image: pyvips.Image, recipe: Recipe) -> pyvips.Image:
    return apply_filters(image, recipe.look.photo.filters)


def _from_srgb(image: pyvips.Image, recipe: Recipe, profile: Profile) -> pyvips.Image:
    """Return sRGB px in the product's space; sRGB itself is left alone."""
    if recipe.colour.space == "srgb" and profile.name == "srgb":
        return with_profile_of(to_8_bit(image), profile).copy(interpretation="srgb")
    converted = image.icc_transform(
        str(profile.path),
        input_profile="srgb",
        intent=recipe.colour.intent,
        black_point_compensation=recipe.colour.has_bpc,
        depth=_depth(image),
    )
    return to_8_bit(converted)


def _bands_of(image: pyvips.Image, photo: Photo) -> pyvips.Image:
    """Return the colour bands alone; grey without a grey profile becomes three equal ones."""
    is_grey = image.bands < 3
    if is_grey and photo.profile_status is not ProfileStatus.EMBEDDED:
        grey = image.extract_band(0)
        space = "rgb16" if image.format == "ushort" else "srgb"
        return grey.bandjoin(grey).bandjoin(grey).copy(interpretation=space)
    if image.interpretation != "cmyk" and image.bands > 3:
        return image.extract_band(0, n=3).copy(interpretation=image.interpretation)
    return image


def _depth(image: pyvips.Image) -> int:
    return DEEP if image.format == "ushort" else 8
