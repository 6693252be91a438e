"""A whole page for a display: the print's own steps at a display's resolution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from origin.decode.libvips import pyvips
from origin.printing.colour import colouring_of
from origin.printing.page import coloured, developed
from origin.printing.plan import plan_page
from origin.printing.product import Colour
from origin.printing.profiles import Profiles
from origin.printing.proof import gamut_alarm, to_display
from origin.printing.recipe import Recipe
from origin.printing.values import ProofPictures
from origin.render.geometry import px_from_um
from origin.render.opening import verify_source
from origin.render.pipeline import Clock

UM_PER_INCH: Final = 25_400
QUALITY: Final = 88
"""A proof is looked at closely; SSIMULACRA2 above 85 on photos (docs/rendering.md)."""
ALARM: Final = (255, 0, 170)
"""Magenta: the colour that photos have least of."""
FULL: Final = 255


def proof_pictures(recipe: Recipe, source: Path, profiles: Profiles, side_px: int) -> ProofPictures:
    """Return a page as its photo looks, as its print will look, and where colours are lost.

    side_px: of the page's longer side, about: the resolution is a whole number of px per inch.
    Raises what ``render_page`` raises.
    """
    verify_source(source, recipe.source_digest)
    small = at_display_size(recipe, side_px)
    plan, clock = plan_page(small), Clock()
    profile = profiles.by_name(small.colour.profile)
    photo = developed(plan, source, clock, bleed_fill=small.bleed_fill).copy_memory()
    page = coloured(photo, small, plan, profiles)
    after = to_display(page, profile, shows_paper=False)
    plain = replace(small, colour=_plain_srgb(small, profiles))
    before = coloured(photo, plain, plan, profiles)
    mask = gamut_alarm(photo, colouring_of(small), profiles).cast("uchar").copy_memory()
    share = float(mask.avg()) / FULL
    return ProofPictures(
        before=_jpeg(before),
        after=_jpeg(after),
        alarm=_overlay(mask) if share else None,
        alarm_share=share,
        width_px=page.width,
        height_px=page.height,
    )


def at_display_size(recipe: Recipe, side_px: int) -> Recipe:
    """Return the recipe of the same page with fewer px."""
    page_um = [side + 2 * recipe.bleed_um for side in recipe.trim_um]
    dpi = max(1, min(recipe.dpi, side_px * UM_PER_INCH // max(page_um)))
    return replace(
        recipe, dpi=dpi, page_px=(px_from_um(page_um[0], dpi), px_from_um(page_um[1], dpi))
    )


def _plain_srgb(recipe: Recipe, profiles: Profiles) -> Colour:
    """Return the colour of a preview: sRGB, relative, with black point compensation."""
    srgb = profiles.by_name("srgb")
    return replace(
        recipe.colour,
        space="srgb",
        profile=srgb.name,
        profile_sha256=srgb.sha256,
        intent="relative",
        has_bpc=True,
        ink_limit_percent=None,
    )


def _jpeg(image: pyvips.Image) -> bytes:
    jpeg: Any = image.jpegsave_buffer(
        Q=QUALITY, optimize_coding=True, keep=pyvips.enums.ForeignKeep.NONE
    )
    return bytes(jpeg)


def _overlay(mask: pyvips.Image) -> bytes:
    paint = mask.new_from_image(list(ALARM)).cast("uchar").copy(interpretation="srgb")
    png: Any = paint.bandjoin(mask).pngsave_buffer(
        compression=6, keep=pyvips.enums.ForeignKeep.NONE
    )
    return bytes(png)
