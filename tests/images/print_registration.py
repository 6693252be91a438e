"""How well a print lies on its preview: random crops, and the page averaged onto the preview's px.

The map from page to preview is written from docs/urls.md and shares no code with the renderer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.decode.libvips import pyvips
from origin.printing.product import Product
from origin.printing.proof import to_display
from tests.images import prints
from tests.images.difference import delta_e, likeness
from tests.images.registration import TEXTURE_MIN, TILE_PX, TIMES, tile_errors

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float64]

SMALL: Final = ("photo-10x15~1", "postcard-a6~1", "mug-wrap~1", "card-a5~1")
LARGE: Final = (
    "canvas-60x40~1", "page-a4~1", "page-a4-tiff~1", "layflat-spread~1", "tile-20x20~1",
    "book-page-us-trade~1", "calendar-a3~1", "poster-50x70~1",
)  # fmt: skip
WINDOW_PX: Final = 192
"""Four by four tiles of each picture are compared, anywhere in it."""
TEXTURED_SHARE_MIN: Final = 0.8
UM_PER_INCH: Final = 25_400
TRIES: Final = 10_000


@dataclass(frozen=True)
class Case:
    """A print to make and its preview to compare. trim_um: as the sheet lies."""

    photo: int
    product: Product
    look: DesignLook
    trim_um: tuple[int, int]
    width_px: int
    seed: int


@dataclass(frozen=True)
class Score:
    """tiles: errors of the textured tiles, preview px, of tile_count. The others compare sRGB."""

    tiles: Reals
    tile_count: int
    delta_mean: float
    delta_p99: float
    ssim: float


def case(
    product: Product, seed: int, sides_px: list[tuple[int, int]], widths_px: tuple[int, ...]
) -> Case:
    """Return a crop of the product's shape with px enough for it; every third is tilted.

    sides_px: of the photos, upright. widths_px: of previews.
    """
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        found = _drawn(rng, product, seed, sides_px, widths_px)
        width, height = sides_px[found.photo]
        crop = found.look.photo.crop
        assert crop is not None
        least_px = min(found.trim_um) * product.dpi_floor / UM_PER_INCH
        if min(crop[2] * width, crop[3] * height) / 1e5 >= least_px + 1:
            return found
    raise AssertionError(f"no photo has px enough for {product.reference}")


def _drawn(
    rng: np.random.Generator,
    product: Product,
    seed: int,
    sides_px: list[tuple[int, int]],
    widths_px: tuple[int, ...],
) -> Case:
    photo = int(rng.integers(len(sides_px)))
    turn = int(rng.choice([0, 90, 180, 270]))
    tilt = int(rng.integers(-45_000, 45_001)) if seed % 3 == 0 else 0
    trim = product.trim_for(is_landscape=bool(rng.integers(2)))
    crop = fitting_crop(rng, sides_px[photo], trim, turn, tilt)
    look = PhotoLook(prints.ASSET, crop, turn, tilt, str(rng.choice(["", "h"])))
    return Case(photo, product, DesignLook(look, trim), trim, int(rng.choice(widths_px)), seed)


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


def on_display(page: pyvips.Image, product: Product) -> pyvips.Image:
    """Return a print file's px as a display shows them, in memory; press px as their proof does."""
    if product.colour.space == "cmyk":
        profile = prints.PROFILES.by_name(product.colour.profile)
        page = to_display(page, profile, shows_paper=False)
    return page.copy_memory()


def compared(one: Case, page: pyvips.Image, preview: Pixels, shift_um: int = 0) -> Score:
    """Compare a page, as a display shows it, with its preview in a random window.

    shift_um: moves the page on purpose, to see that it is seen.
    """
    height, width = preview.shape[:2]
    rng = np.random.default_rng(one.seed)
    w, h = min(WINDOW_PX, width), min(WINDOW_PX, height)
    left, top = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    found = averaged(page, one, (width, height), (left, top, w, h), shift_um)
    wanted = preview[top : top + h, left : left + w, :3].astype(np.float64)
    delta = delta_e(wanted, found)
    return Score(
        tile_errors(wanted.mean(axis=2), found.mean(axis=2)),
        (w // TILE_PX) * (h // TILE_PX),
        float(delta.mean()),
        float(np.percentile(delta, 99)),
        likeness(wanted.mean(axis=2), found.mean(axis=2)),
    )


def averaged(
    page: pyvips.Image,
    one: Case,
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
    for axis, (start, page_px) in enumerate(
        zip((left, top), (page.width, page.height), strict=True)
    ):
        trim_um = one.trim_um[axis]
        px_per_um = page_px / (trim_um + 2 * one.product.bleed_um)
        preview_px = (grid[axis] + 0.5) / TIMES + start
        at_um = preview_px * (trim_um / size_px[axis]) + (one.product.bleed_um + shift_um)
        places.append(at_um * px_per_um - 0.5)
    fine = page.mapim(
        places[0].bandjoin(places[1]),
        interpolate=pyvips.Interpolate.new("bicubic"),
        extend="copy",
    )
    return np.asarray(fine.cast("float").shrink(TIMES, TIMES).numpy(), dtype=np.float64)


def summary(scores: Iterable[Score]) -> str:
    """Return the measured figures in one line."""
    scores = list(scores)
    tiles = np.concatenate([one.tiles for one in scores])
    return (
        f"{len(scores)} crops, {len(tiles)} textured tiles of"
        f" {sum(one.tile_count for one in scores)} (slope {TEXTURE_MIN} levels/px):"
        f" error median {np.median(tiles):.4f}, p99 {np.percentile(tiles, 99):.4f} px; delta E"
        f" mean {np.mean([one.delta_mean for one in scores]):.3f},"
        f" worst {max(one.delta_mean for one in scores):.3f},"
        f" worst p99 {max(one.delta_p99 for one in scores):.3f},"
        f" SSIM min {min(one.ssim for one in scores):.4f}"
    )


def failures(scores: Iterable[Score]) -> list[str]:
    """Return which limits do not hold, with numbers; empty when all hold."""
    scores = list(scores)
    tiles = np.concatenate([one.tiles for one in scores])
    share = len(tiles) / sum(one.tile_count for one in scores)
    near = float((tiles <= 0.05).mean())
    mean_of_all = float(np.mean([one.delta_mean for one in scores]))
    claims = {
        f"{share:.3f} of the tiles have texture": share >= TEXTURED_SHARE_MIN,
        f"{near:.4f} of the tiles are within 0.05 px": near >= 0.99,
        "delta E mean of every crop": max(one.delta_mean for one in scores) <= 0.9,
        "delta E p99 of every crop": max(one.delta_p99 for one in scores) <= 2.8,
        "SSIM of every crop": min(one.ssim for one in scores) >= 0.99,
        f"delta E mean of all {mean_of_all:.3f}": mean_of_all <= 0.5,
    }
    return [claim for claim, holds in claims.items() if not holds]
