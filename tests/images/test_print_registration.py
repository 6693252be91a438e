"""Prints lie where previews do, and look as they do: random crops, every turn, tilts to 45°.

A page is averaged down to the preview's px by this file's own map, written from docs/urls.md. Two
hundred crops with EDGEPROOF_FULL=1 (about ten minutes), a sample of every product here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.printing.colour import colouring_of
from origin.printing.page import render_page
from origin.printing.plan import plan_proof
from origin.printing.product import Product
from origin.printing.proof import proofed, to_display
from origin.printing.recipe import Recipe
from origin.render.pipeline import Clock
from tests.images import prints
from tests.images.difference import delta_e, likeness
from tests.images.photos import photo_jpeg
from tests.images.registration import TEXTURE_MIN, TILE_PX, TIMES, tile_errors
from tests.images.rendering import Kept

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float64]

SIDES_PX: Final = [(2903, 1933), (1471, 983), (1933, 2903)]
WIDTHS_PX: Final = (320, 400, 480, 640)
WINDOW_PX: Final = 192
"""Four by four tiles of each picture are compared, anywhere in it."""
SMALL: Final = ("photo-10x15~1", "postcard-a6~1", "mug-wrap~1", "card-a5~1")
LARGE: Final = ("canvas-60x40~1", "page-a4-tiff~1", "layflat-spread~1", "tile-20x20~1")
COUNTS: Final = (45, 5) if os.environ.get("EDGEPROOF_FULL") == "1" else (3, 1)
TEXTURED_SHARE_MIN: Final = 0.8


@dataclass(frozen=True)
class Case:
    """A print to make and its preview to compare."""

    photo: int
    product: Product
    look: DesignLook
    width_px: int
    seed: int


def cases() -> Iterator[Case]:
    """Return crops of each product's shape; every third is tilted."""
    seed = 0
    for references, count in zip((SMALL, LARGE), COUNTS, strict=True):
        for reference in references:
            for _ in range(count):
                yield case(prints.product(reference, dpi_floor=10), seed)
                seed += 1


def case(product: Product, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    photo = int(rng.integers(len(SIDES_PX)))
    turn = int(rng.choice([0, 90, 180, 270]))
    tilt = int(rng.integers(-45_000, 45_001)) if seed % 3 == 0 else 0
    trim = product.trim_for(is_landscape=bool(rng.integers(2)))
    crop = fitting_crop(rng, SIDES_PX[photo], trim, turn, tilt)
    look = PhotoLook(prints.ASSET, crop, turn, tilt, str(rng.choice(["", "h"])))
    return Case(photo, product, DesignLook(look, trim), int(rng.choice(WIDTHS_PX)), seed)


def fitting_crop(
    rng: np.random.Generator, sides: tuple[int, int], trim: tuple[int, int], turn: int, tilt: int
) -> tuple[int, int, int, int]:
    """Return a crop of the trim's shape whose turned and tilted frame lies in the photo."""
    width, height = sides
    frame_w, frame_h = trim if turn in (0, 180) else trim[::-1]
    sine, cosine = abs(math.sin(math.radians(tilt / 1e3))), math.cos(math.radians(tilt / 1e3))
    reach_w, reach_h = frame_w * cosine + frame_h * sine, frame_w * sine + frame_h * cosine
    # Turned by 90 the frame lies across the crop, and tilts with it the other way round.
    scale = min(width / reach_w, height / reach_h) * rng.uniform(0.5, 0.995)
    w, h = scale * frame_w / width, scale * frame_h / height
    room_x, room_y = 1 - scale * reach_w / width, 1 - scale * reach_h / height
    x = 0.5 + room_x * rng.uniform(-0.5, 0.5) - w / 2
    y = 0.5 + room_y * rng.uniform(-0.5, 0.5) - h / 2
    left, top = max(0, round(1e5 * x)), max(0, round(1e5 * y))
    return left, top, min(round(1e5 * w), 100_000 - left), min(round(1e5 * h), 100_000 - top)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> list[Kept]:
    kept = []
    for i, (width, height) in enumerate(SIDES_PX):
        path = tmp_path_factory.mktemp("photos") / f"{i}.jpg"
        path.write_bytes(photo_jpeg(width, height, i))
        kept.append(Kept(path))
    return kept


@dataclass(frozen=True)
class Score:
    tiles: Reals
    tile_count: int
    delta_mean: float
    delta_p99: float
    ssim: float


def test_prints_register_with_their_previews_and_look_like_them(
    stored: list[Kept], record_property: Callable[[str, object], None]
) -> None:
    scores = [score(one, stored[one.photo]) for one in cases()]
    tiles = np.concatenate([one.tiles for one in scores])
    said = (
        f"{len(scores)} crops, {len(tiles)} textured tiles of"
        f" {sum(one.tile_count for one in scores)} (slope {TEXTURE_MIN} levels/px):"
        f" error median {np.median(tiles):.4f}, p99 {np.percentile(tiles, 99):.4f} px; delta E"
        f" mean {np.mean([one.delta_mean for one in scores]):.3f},"
        f" worst {max(one.delta_mean for one in scores):.3f},"
        f" worst p99 {max(one.delta_p99 for one in scores):.3f},"
        f" SSIM min {min(one.ssim for one in scores):.4f}"
    )
    record_property("registration", said)
    assert len(tiles) >= TEXTURED_SHARE_MIN * sum(one.tile_count for one in scores), said
    assert (tiles <= 0.05).mean() >= 0.99, said
    assert max(one.delta_mean for one in scores) <= 0.9, said
    assert max(one.delta_p99 for one in scores) <= 2.8, said
    assert min(one.ssim for one in scores) >= 0.99, said
    assert np.mean([one.delta_mean for one in scores]) <= 0.5, said


@pytest.mark.parametrize("shift_um", [50, -50])
def test_the_measure_sees_a_page_that_is_off(stored: list[Kept], shift_um: int) -> None:
    """0.05 mm of the paper, 0.2 px of the preview: the same measure must not let it pass."""
    one = case(prints.product("photo-10x15~1", dpi_floor=10), 1)
    moved = score(one, stored[one.photo], shift_um=shift_um)
    preview_px_um = 152_000 / one.width_px
    assert np.median(moved.tiles) > 0.5 * abs(shift_um) / preview_px_um
    assert (moved.tiles > 0.05).all()


def score(one: Case, kept: Kept, shift_um: int = 0) -> Score:
    """Make the print and the preview, and compare them in a random window."""
    recipe = prints.recipe_of(kept.path, one.product, one.look)
    page = page_on_display(recipe, kept.path)
    preview = preview_of(one, recipe, kept)
    height, width = preview.shape[:2]
    rng = np.random.default_rng(one.seed)
    w, h = min(WINDOW_PX, width), min(WINDOW_PX, height)
    left, top = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    window = (left, top, w, h)
    found = averaged(page, recipe, (width, height), window, shift_um)
    wanted = preview[top : top + h, left : left + w, :3].astype(np.float64)
    delta = delta_e(wanted, found)
    return Score(
        tile_errors(wanted.mean(axis=2), found.mean(axis=2)),
        (w // TILE_PX) * (h // TILE_PX),
        float(delta.mean()),
        float(np.percentile(delta, 99)),
        likeness(wanted.mean(axis=2), found.mean(axis=2)),
    )


def page_on_display(recipe: Recipe, path: Path) -> pyvips.Image:
    """Return the px of a finished print file as a display shows them, in memory."""
    content = render_page(recipe, path, prints.PROFILES).content
    image = pyvips.Image.new_from_buffer(content, "")
    assert (image.width, image.height) == recipe.page_px
    if recipe.colour.space == "cmyk":
        profile = prints.PROFILES.by_name(recipe.colour.profile)
        image = to_display(image, profile, shows_paper=False)
    return image.copy_memory()


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


def averaged(
    page: pyvips.Image,
    recipe: Recipe,
    size_px: tuple[int, int],
    window: tuple[int, int, int, int],
    shift_um: int,
) -> Reals:
    """Return the window of the trimmed page at the preview's size: ten samples a px and side.

    From lengths alone: the page spans trim and bleed, the preview the trim.
    """
    left, top, w, h = window
    grid = pyvips.Image.xyz(w * TIMES, h * TIMES).cast("float")
    places = []
    for axis, start in ((0, left), (1, top)):
        trim_um, page_px = recipe.trim_um[axis], recipe.page_px[axis]
        px_per_um = page_px / (trim_um + 2 * recipe.bleed_um)
        preview_px = (grid[axis] + 0.5) / TIMES + start
        at_um = preview_px * (trim_um / size_px[axis]) + (recipe.bleed_um + shift_um)
        places.append(at_um * px_per_um - 0.5)
    fine = page.mapim(
        places[0].bandjoin(places[1]),
        interpolate=pyvips.Interpolate.new("bicubic"),
        extend="copy",
    )
    return np.asarray(fine.cast("float").shrink(TIMES, TIMES).numpy(), dtype=np.float64)
