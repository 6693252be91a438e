"""What workers run for prints: decide the recipe, make the file. Pixel code is imported inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cache_keys.design_look import DesignLook, Filters
from origin.errors import BadDocument, RenderFailed
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.product import Product
from origin.printing.recipe import read_recipe, recipe_json
from origin.printing.values import Check, Page, ProofPictures, Severity
from origin.values import Asset, Rendered

if TYPE_CHECKING:
    from origin.printing.profiles import Profiles
    from origin.render.plan import Plan


@dataclass(frozen=True, slots=True)
class SoftProof:
    """What a preview shows besides its look: a product's print, with the paper's white or not."""

    product: Product
    shows_paper: bool


@dataclass(frozen=True, slots=True)
class ProofSheet:
    """A page on a display, and what preflight found."""

    pictures: ProofPictures
    checks: tuple[Check, ...]


def load() -> None:
    """Import what print jobs need; no pixel is touched and no thread begins."""
    import origin.printing.decide
    import origin.printing.page
    import origin.printing.preflight.run
    import origin.printing.sheet  # noqa: F401
    from origin.flow.jobs import load as load_previews

    load_previews()


def decide_print(
    asset: Asset,
    look: DesignLook,
    product: Product,
    engine: str,
    source: Path,
    added_profile: Path | None,
) -> bytes:
    """Return the canonical recipe of a print.

    added_profile: the file of the product's profile where it is not one that comes along.
    Raises DesignError, BadDocument, NotFound, PhotoRefused: it cannot be printed so.
    """
    from origin.printing.decide import Subject, make_recipe

    subject = Subject(asset.asset, asset.source_digest, asset.created_at_s, asset.photo)
    profiles = _profiles(product.colour.profile, added_profile)
    return recipe_json(make_recipe(subject, look, product, source, profiles, engine))


def make_print(
    document: bytes,
    print_id: str,
    source: Path,
    added_profile: Path | None,
    limits: PreflightLimits,
) -> Page:
    """Return the finished file of a recipe.

    Raises what ``render_page`` raises, and BadDocument 422 "print.preflight" when a check blocks.
    """
    from origin.printing.page import render_page
    from origin.printing.preflight.run import preflight

    recipe = read_recipe(document)
    profiles = _profiles(recipe.colour.profile, added_profile)
    found = preflight(recipe, source, profiles, limits)
    refuse_blocked(found)
    page = render_page(recipe, source, profiles, print_id)
    page = replace(page, checks=_merged(found, page.checks))
    refuse_blocked(page.checks)
    return page


def render_proof(
    plan: Plan, proof: SoftProof, source: Path, source_digest: str, added_profile: Path | None
) -> Rendered:
    """Return a preview that shows how a print would look.

    Raises what a render of the source raises, and BadDocument 422 "profile.refused",
    "profile.digest".
    """
    from origin.printing.colour import Colouring
    from origin.printing.input_profile import input_profile_of
    from origin.printing.proof import proofed
    from origin.render.encode import encode
    from origin.render.opening import verify_source
    from origin.render.pipeline import Clock

    clock = Clock()
    verify_source(source, source_digest)
    clock.note("verify")
    product = proof.product
    profiles = _profiles(product.colour.profile, added_profile)
    meaning = input_profile_of(source, plan.photo, profiles, product)
    filters = plan.elements.design.photo.filters if plan.elements else Filters()
    how = Colouring(plan.photo, meaning, filters, product.colour)
    with vips_failure():
        image = proofed(plan, source, how, profiles, clock, shows_paper=proof.shows_paper)
        content = encode(image, plan)
    clock.note("encode")
    return Rendered(content, image.width, image.height, clock.steps_ms)


@contextmanager
def vips_failure() -> Iterator[None]:
    """Raise RenderFailed "render.failed" for what libvips could not do."""
    from origin.decode.libvips import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise RenderFailed("render.failed", log=" ".join(str(error).split())[:500]) from error


def make_proof_sheet(
    document: bytes,
    side_px: int,
    source: Path,
    added_profile: Path | None,
    limits: PreflightLimits,
) -> ProofSheet:
    """Return the whole page of a print, bleed included, for a display.

    side_px: of the page's longer side, about. Raises what ``make_print`` raises, but no check
    refuses it: the sheet shows what they found.
    """
    from origin.printing.preflight.run import preflight
    from origin.printing.sheet import proof_pictures

    recipe = read_recipe(document)
    profiles = _profiles(recipe.colour.profile, added_profile)
    checks = preflight(recipe, source, profiles, limits)
    with vips_failure():
        pictures = proof_pictures(recipe, source, profiles, side_px)
    return ProofSheet(pictures, checks)


def _merged(first: tuple[Check, ...], then: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the checks of both, each once: what the finished page said counts."""
    return tuple(({one.code: one for one in first} | {one.code: one for one in then}).values())


def refuse_blocked(checks: tuple[Check, ...]) -> None:
    """Raise BadDocument "print.preflight" with the words of the checks that block."""
    blocks = [check for check in checks if check.severity is Severity.BLOCK]
    if blocks:
        words = " ".join(check.words for check in blocks)
        raise BadDocument("print.preflight", words, field=blocks[0].code)


def _profiles(name: str, added: Path | None) -> Profiles:
    from origin.printing.profiles import Profiles

    return Profiles(lent={} if added is None else {name: added})
