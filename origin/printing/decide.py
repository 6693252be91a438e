"""Decides all about a print before any pixel is touched: asset, design and product to a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cache_keys.design_look import DesignLook
from origin.errors import BadDocument
from origin.printing.input_profile import input_profile_of
from origin.printing.plan import effective_dpi
from origin.printing.product import Product
from origin.printing.profiles import Profiles
from origin.printing.recipe import SLOT, Recipe, sheet_of
from origin.render.fonts import check_caption
from origin.render.geometry import px_from_um
from origin.values import Photo


@dataclass(frozen=True, slots=True)
class Subject:
    """The photo of a print. ``source_digest``: BLAKE3-256 of its bytes, hex."""

    asset: str
    source_digest: str
    created_at_s: int
    photo: Photo


def make_recipe(
    subject: Subject,
    look: DesignLook,
    product: Product,
    source: Path,
    profiles: Profiles,
    engine: str,
) -> Recipe:
    """Return the recipe of one print. Opens the source's header, so it runs in a worker.

    Raises DesignError 422 ("print.aspect", "design.crop_outside", "design.caption_*"), BadDocument
    422 ("print.pixels", "profile.digest", "profile.refused"), NotFound ("profile.unknown"),
    PhotoRefused.
    """
    photo = subject.photo
    trim_um = sheet_of(product, look, photo)
    if look.caption is not None:
        check_caption(look)
    dpi = effective_dpi(photo, look, trim_um)
    if dpi < product.dpi_floor:
        words = f"The crop has {int(dpi)} px per inch; {product.title} needs {product.dpi_floor}."
        raise BadDocument("print.pixels", words, field="/photos/0/crop")
    colour = product.colour
    profiles.by_name(colour.profile).content(colour.profile_sha256)
    page_um = trim_um[0] + 2 * product.bleed_um, trim_um[1] + 2 * product.bleed_um
    return Recipe(
        engine=engine,
        asset=subject.asset,
        source_digest=subject.source_digest,
        photo=photo,
        look=look,
        product=product.reference,
        title=product.title,
        slot=SLOT,
        dated_s=subject.created_at_s,
        trim_um=trim_um,
        bleed_um=product.bleed_um,
        safe_um=product.safe_um,
        dpi=product.dpi_target,
        page_px=(
            px_from_um(page_um[0], product.dpi_target),
            px_from_um(page_um[1], product.dpi_target),
        ),
        bleed_fill=product.bleed_fill,
        fill_colour=product.fill_colour,
        input_profile=input_profile_of(source, photo, profiles, product),
        colour=colour,
        file_format=product.file_format,
        jpeg_quality=product.jpeg_quality,
    )
