"""Small finished pages for the tests of print PDFs: recipe, JPEG and PDF by the real functions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.encode import encode
from origin.printing.pdfx import wrap
from origin.printing.product import Colour
from origin.printing.profiles import Profiles
from origin.printing.recipe import InputProfile, Recipe
from origin.render.geometry import px_from_um
from origin.values import Photo, ProfileStatus

PRINT_ID = "k" * 26
DPI = 72
TRIM_UM = 40_001, 25_400
BLEED_UM = 3_175


def recipe(profile: str = "coated-fogra39", space: Literal["srgb", "cmyk"] = "cmyk") -> Recipe:
    """Return a recipe of a little card."""
    width, height = (px_from_um(side + 2 * BLEED_UM, DPI) for side in TRIM_UM)
    is_cmyk = space == "cmyk"
    return Recipe(
        engine="test",
        asset="a" * 26,
        source_digest="0" * 64,
        photo=Photo("jpeg", 400, 300, 1, 1, 3, 8, "srgb", False, ProfileStatus.ASSUMED, None),  # noqa: FBT003
        look=DesignLook(PhotoLook("a" * 26)),
        product="card~1",
        title="A card & a <title>",
        slot="front",
        dated_s=1_700_000_000,
        trim_um=TRIM_UM,
        bleed_um=BLEED_UM,
        safe_um=3_000,
        dpi=DPI,
        page_px=(width, height),
        bleed_fill="stretch",
        fill_colour="ffffff",
        input_profile=InputProfile(ProfileStatus.ASSUMED, "srgb", "0" * 64),
        colour=Colour(
            space=space,
            profile=profile,
            profile_sha256=Profiles().by_name(profile).sha256,
            output_condition="FOGRA39" if is_cmyk else "sRGB IEC61966-2-1",
            intent="relative",
            has_bpc=True,
            ink_limit_percent=330 if is_cmyk else None,
        ),
        file_format="pdfx4",
        jpeg_quality=95,
    )


def page_jpeg(of: Recipe, px: NDArray[np.uint8] | None = None) -> bytes:
    """Return the page's JPEG as the print lane encodes it.

    px: (h, w, bands) uint8 levels, 255 the most ink; random ones by default.
    """
    width, height = of.page_px
    bands = 4 if of.colour.space == "cmyk" else 3
    if px is None:
        px = np.random.default_rng(7).integers(0, 256, (height, width, bands), dtype=np.uint8)
    image = pyvips.Image.new_from_array(px, interpretation=of.colour.space)
    return encode(with_profile(image, profile_bytes(of)), of)


def profile_bytes(of: Recipe) -> bytes:
    """Return the bytes of the profile that the recipe pins."""
    return Profiles().by_name(of.colour.profile).content(of.colour.profile_sha256)


def tiny_press() -> bytes:
    """Return what rules read of a press profile: its header, and no tags."""
    head = bytearray(132)
    head[:4] = len(head).to_bytes(4, "big")
    head[8] = 2
    head[12:16], head[16:20], head[36:40] = b"prtr", b"CMYK", b"acsp"
    return bytes(head)


def tiny_recipe() -> Recipe:
    """Return the recipe of a card for that press."""
    of = recipe()
    digest = hashlib.sha256(tiny_press()).hexdigest()
    return replace(of, colour=replace(of.colour, profile_sha256=digest))


@cache
def tiny_pdf() -> bytes:
    """Return a whole PDF of 20 kB, for tests that write it over and over."""
    image = pyvips.Image.jpegload_buffer(page_jpeg(recipe()))
    jpeg = image.jpegsave_buffer(keep=0, Q=95)
    return wrap(jpeg, tiny_recipe(), tiny_press(), PRINT_ID)


@cache
def card_pdf(profile: str = "coated-fogra39") -> bytes:
    """Return a whole PDF of random px."""
    of = recipe(profile)
    if profile != "coated-fogra39":
        of = replace(of, colour=replace(of.colour, output_condition="CGATS TR 006"))
    return wrap(page_jpeg(of), of, profile_bytes(of), PRINT_ID)
