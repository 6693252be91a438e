"""Prints lie where previews do, and look as they do: random crops, every turn, tilts to 45°.

A page is averaged down to the preview's px by this file's own map, written from docs/urls.md. Two
hundred crops with EDGEPROOF_FULL=1 (about ten minutes), a sample of every product here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.printing.colour import colouring_of
from origin.printing.page import render_page
from origin.printing.plan import plan_proof
from origin.printing.proof import proofed
from origin.printing.recipe import Recipe
from origin.render.pipeline import Clock
from tests.images import print_registration, prints
from tests.images.photos import photo_jpeg
from tests.images.print_registration import SMALL, Case, Pixels, Score, compared, on_display
from tests.images.rendering import Kept

SIDES_PX: Final = [(2903, 1933), (1471, 983), (1933, 2903)]
WIDTHS_PX: Final = (320, 400, 480, 640)
LARGE: Final = ("canvas-60x40~1", "page-a4-tiff~1", "layflat-spread~1", "tile-20x20~1")
COUNTS: Final = (45, 5) if os.environ.get("EDGEPROOF_FULL") == "1" else (3, 1)


def cases() -> Iterator[Case]:
    """Return crops of each product's shape; every third is tilted."""
    seed = 0
    for references, count in zip((SMALL, LARGE), COUNTS, strict=True):
        for reference in references:
            for _ in range(count):
                yield case_of(reference, seed)
                seed += 1


def case_of(reference: str, seed: int) -> Case:
    product = prints.product(reference, dpi_floor=10)
    return print_registration.case(product, seed, SIDES_PX, WIDTHS_PX)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> list[Kept]:
    kept = []
    for i, (width, height) in enumerate(SIDES_PX):
        path = tmp_path_factory.mktemp("photos") / f"{i}.jpg"
        path.write_bytes(photo_jpeg(width, height, i))
        kept.append(Kept(path))
    return kept


def test_prints_register_with_their_previews_and_look_like_them(
    stored: list[Kept], record_property: Callable[[str, object], None]
) -> None:
    scores = [score(one, stored[one.photo]) for one in cases()]
    said = print_registration.summary(scores)
    record_property("registration", said)
    assert print_registration.failures(scores) == [], said


@pytest.mark.parametrize("shift_um", [50, -50])
def test_the_measure_sees_a_page_that_is_off(stored: list[Kept], shift_um: int) -> None:
    """0.05 mm of the paper, 0.2 px of the preview: the same measure must not let it pass."""
    one = case_of("photo-10x15~1", 1)
    moved = score(one, stored[one.photo], shift_um=shift_um)
    preview_px_um = 152_000 / one.width_px
    assert np.median(moved.tiles) > 0.5 * abs(shift_um) / preview_px_um
    assert (moved.tiles > 0.05).all()
    assert print_registration.failures([moved])


def score(one: Case, kept: Kept, shift_um: int = 0) -> Score:
    """Make the print and the preview, and compare them."""
    recipe = prints.recipe_of(kept.path, one.product, one.look)
    page = page_on_display(recipe, one, kept.path)
    return compared(one, page, preview_of(one, recipe, kept), shift_um)


def page_on_display(recipe: Recipe, one: Case, path: Path) -> pyvips.Image:
    """Return the px of a finished print file as a display shows them, in memory."""
    content = render_page(recipe, path, prints.PROFILES).content
    image = pyvips.Image.new_from_buffer(content, "")
    assert (image.width, image.height) == recipe.page_px
    return on_display(image, one.product)


def preview_of(one: Case, recipe: Recipe, kept: Kept) -> Pixels:
    """Return the preview's px: a PNG of the design, or its soft proof where the print is CMYK."""
    photo = one.look.photo
    look = Look(
        "png",
        w=one.width_px,
        crop=photo.crop,
        turn=photo.turn,
        flip=photo.flip,
        design=one.look,
    )
    if recipe.colour.space == "srgb":
        return kept.pixels(look)
    plan = plan_proof(kept.photo, look)
    shown = proofed(
        plan, kept.path, colouring_of(recipe), prints.PROFILES, Clock(), shows_paper=False
    )
    return np.asarray(shown.numpy())
