"""A print's way from the untouched source to its file: the literal list of steps, in a worker.

verify ▸ open ▸ window ▸ upright ▸ depth ▸ one affine ▸ paper ▸ one colour transform ▸ fill ▸
elements ▸ checks ▸ encode ▸ read back ▸ PDF/X wrap. libvips is lazy, so time is taken per stage.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused
from origin.errors import RenderFailed
from origin.printing.bleed import lay_fill, place
from origin.printing.colour import colouring_of, to_output
from origin.printing.elements import draw_elements
from origin.printing.encode import MEDIA_TYPES, PDF, encode
from origin.printing.ink import check_ink
from origin.printing.input_profile import check_profile
from origin.printing.paper import lay_on_paper
from origin.printing.pdfx import as_pdf
from origin.printing.plan import plan_page
from origin.printing.profiles import Profiles
from origin.printing.read_back import read_back
from origin.printing.recipe import Recipe
from origin.printing.values import Page
from origin.render.alpha import premultiply
from origin.render.depth import to_plain_depth
from origin.render.opening import open_raster, read_window, verify_source
from origin.render.pipeline import Clock
from origin.render.plan import Plan
from origin.render.resample import stand_upright


def render_page(
    recipe: Recipe, source: Path, profiles: Profiles, print_id: str | None = None
) -> Page:
    """Make one page. Runs in a worker; the same recipe gives the same bytes.

    print_id: names a PDF to the print house; without one its page stays the JPEG that goes in.
    Raises StoreUnavailable ("store.damaged", "store.unavailable"), PhotoRefused ("photo.damaged",
    "photo.decode_bytes"), DesignError ("print.aspect", "design.crop_outside"), BadDocument
    ("profile.digest"), NotFound ("profile.unknown"), RenderFailed.
    """
    clock = Clock()
    verify_source(source, recipe.source_digest)
    clock.note("verify")
    plan = plan_page(recipe)
    try:
        image = finished(recipe, plan, source, profiles, clock)
        checks = (check_profile(recipe), *check_ink(image, recipe))
        clock.note("checks")
        content = encode(image, recipe)
        clock.note("encode")
        read_back(content, recipe, image)
        clock.note("read_back")
        if recipe.file_format == PDF and print_id is not None:
            profile = profiles.by_name(recipe.colour.profile).content(recipe.colour.profile_sha256)
            content = as_pdf(content, recipe, profile, print_id)
            clock.note("wrap")
    except pyvips.Error as error:
        raise RenderFailed("render.failed", log=" ".join(str(error).split())[:500]) from error
    return Page(
        content=content,
        media_type=MEDIA_TYPES[recipe.file_format],
        sha256=hashlib.sha256(content).hexdigest(),
        width_px=image.width,
        height_px=image.height,
        checks=checks,
        steps_ms=clock.steps_ms,
    )


def finished(
    recipe: Recipe, plan: Plan, source: Path, profiles: Profiles, clock: Clock
) -> pyvips.Image:
    """Return the page before it is encoded: uint8 sRGB or CMYK, profile attached, in memory."""
    photo = developed(plan, source, clock, bleed_fill=recipe.bleed_fill)
    image = coloured(photo, recipe, plan, profiles)
    clock.note("develop")
    return image


def coloured(photo: pyvips.Image, recipe: Recipe, plan: Plan, profiles: Profiles) -> pyvips.Image:
    """Return developed px as the recipe's page: in its colour, with what is drawn, in memory."""
    image = to_output(photo, colouring_of(recipe), profiles)
    image = lay_fill(image, plan, recipe)
    return draw_elements(image, plan, recipe).copy_memory()


def developed(plan: Plan, source: Path, clock: Clock, bleed_fill: str = "stretch") -> pyvips.Image:
    """Return the photo's px, in its own space, where they lie: all that reads the source is done.

    uint8 or uint16 (Lab: its own), without transparency.
    """
    with damage_refused():
        image = read_window(open_raster(plan, source), plan)
    clock.note("open")
    for step in (stand_upright, to_plain_depth, premultiply):
        image = step(image, plan)
    return lay_on_paper(place(image, plan, bleed_fill), plan)
