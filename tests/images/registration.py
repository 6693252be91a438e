"""How well previews register with the photo: 200 random crops against a tenfold reference.

The reference is written from the geometry's text in plain floats and shares no code with it. A
picture comes from ``fetch(case)``: a function of the renderer here, or a real URL elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from origin.decode.libvips import pyvips
from tests.images.difference import delta_e, likeness

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float64]

TIMES = 10
TILE_PX = 48
WINDOW_PX = 144
"""The reference is made for a random window of at most this side; larger pictures cost too much."""
TEXTURE_MIN = 3.0
"""Root mean square slope, levels per px, in a tile's weakest direction, that counts as textured."""
WIDTHS_PX = (320, 320, 480, 480, 640, 640, 800, 960, 1280)
WHOLE = (0, 0, 100_000, 100_000)


@dataclass(frozen=True, slots=True)
class Case:
    """One picture to ask for. photo: index. crop: 1/100000. A tilt has to be asked as a design."""

    photo: int
    crop: tuple[int, int, int, int]
    turn: int
    tilt_mdeg: int
    flip: str
    width_px: int


@dataclass(frozen=True, slots=True)
class Score:
    """tile_px: errors of textured tiles, output px. The others compare sRGB pixels."""

    tile_px: Reals
    delta_e_mean: float
    delta_e_p99: float
    ssim: float


Fetch = Callable[[Case], Pixels]


def random_cases(sides_px: list[tuple[int, int]], count: int, seed: int = 1) -> list[Case]:
    """Return pictures to ask for of photos with these upright sides.

    Every third is tilted, every tenth shows the whole photo.
    """
    rng = np.random.default_rng(seed)
    cases = [_random_case(rng, sides_px, is_tilted=i % 3 == 0) for i in range(count)]
    return [
        replace(case, crop=WHOLE, tilt_mdeg=0) if i % 10 == 5 else case
        for i, case in enumerate(cases)
    ]


def _random_case(
    rng: np.random.Generator, sides_px: list[tuple[int, int]], *, is_tilted: bool
) -> Case:
    photo = int(rng.integers(len(sides_px)))
    width, height = sides_px[photo]
    turn = int(rng.choice([0, 90, 180, 270]))
    tilt = int(rng.integers(-12_000, 12_001)) if is_tilted else 0
    sine, cosine = abs(math.sin(math.radians(tilt / 1000))), math.cos(math.radians(tilt / 1000))
    while True:
        w, h = (int(v) for v in rng.integers(15_000, 90_001, 2))
        a, b = w * width / 1e5, h * height / 1e5
        if turn in (90, 270):
            a, b = b, a  # the frame's sides lie across the crop's own; only its corners matter here
        reach_x, reach_y = (cosine * a + sine * b) / width, (sine * a + cosine * b) / height
        if turn in (90, 270):
            reach_x = (cosine * b + sine * a) / width
            reach_y = (sine * b + cosine * a) / height
        if reach_x < 0.999 and reach_y < 0.999:
            break
    x = round(1e5 * rng.uniform(reach_x / 2, 1 - reach_x / 2) - w / 2)
    y = round(1e5 * rng.uniform(reach_y / 2, 1 - reach_y / 2) - h / 2)
    crop = (min(max(0, x), 100_000 - w), min(max(0, y), 100_000 - h), w, h)
    return Case(photo, crop, turn, tilt, str(rng.choice(["", "h"])), int(rng.choice(WIDTHS_PX)))


def measure(case: Case, picture: Pixels, source: pyvips.Image, seed: int = 0) -> Score:
    """Compare a picture with its reference in a random window. source: upright sRGB in memory."""
    height, width = picture.shape[:2]
    rng = np.random.default_rng(seed)
    w, h = min(width, WINDOW_PX), min(height, WINDOW_PX)
    left, top = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    wanted = reference(case, (width, height), (left, top, w, h), source)
    found = picture[top : top + h, left : left + w, :3].astype(np.float64)
    delta = delta_e(wanted, found)
    ssim = likeness(wanted.mean(axis=2), found.mean(axis=2))
    tiles = tile_errors(wanted.mean(axis=2), found.mean(axis=2))
    return Score(tiles, float(delta.mean()), float(np.percentile(delta, 99)), ssim)


def reference(
    case: Case, size_px: tuple[int, int], window: tuple[int, int, int, int], source: pyvips.Image
) -> Reals:
    """Return the window of the picture made at ten times the size from the source, averaged."""
    width, height = size_px
    left, top, w, h = window
    x, y, cw, ch = (share / 1e5 for share in case.crop)
    a, b = cw * source.width, ch * source.height
    frame = (b, a) if case.turn in (90, 270) else (a, b)
    angle = math.radians(case.turn + case.tilt_mdeg / 1000)
    c, s = math.cos(angle), math.sin(angle)
    sx, sy = frame[0] / width, frame[1] / height
    if "h" in case.flip:
        sx = -sx
    grid = pyvips.Image.xyz(w * TIMES, h * TIMES).cast("float")
    u = (grid[0] + 0.5) / TIMES + (left - width / 2)
    v = (grid[1] + 0.5) / TIMES + (top - height / 2)
    at_x = u * (c * sx) + v * (s * sy) + ((x + cw / 2) * source.width - 0.5)
    at_y = u * (-s * sx) + v * (c * sy) + ((y + ch / 2) * source.height - 0.5)
    fine = source.mapim(
        at_x.bandjoin(at_y), interpolate=pyvips.Interpolate.new("bicubic"), extend="copy"
    )
    return np.asarray(fine.cast("float").shrink(TIMES, TIMES).numpy(), dtype=np.float64)


def tile_errors(wanted: Reals, found: Reals) -> Reals:
    """Return how far each textured tile is shifted, px: least squares on the slopes."""
    down, across = (np.asarray(np.gradient(wanted, axis=axis)) for axis in (0, 1))
    errors = []
    for top in range(0, wanted.shape[0] - TILE_PX + 1, TILE_PX):
        for left in range(0, wanted.shape[1] - TILE_PX + 1, TILE_PX):
            tile = slice(top, top + TILE_PX), slice(left, left + TILE_PX)
            slopes = np.stack([across[tile].ravel(), down[tile].ravel(), np.ones(TILE_PX**2)], 1)
            weakest, _ = np.linalg.eigvalsh(slopes[:, :2].T @ slopes[:, :2] / TILE_PX**2).tolist()
            if weakest < TEXTURE_MIN**2:
                continue
            change = (wanted[tile] - found[tile]).ravel()
            shift_x, shift_y, _ = np.linalg.lstsq(slopes, change, rcond=None)[0].tolist()
            errors.append(math.hypot(shift_x, shift_y))
    return np.array(errors)


def failures(scores: Iterable[Score]) -> list[str]:
    """Return which limits do not hold, in words with numbers; empty when all hold."""
    scores = list(scores)
    tiles = np.concatenate([score.tile_px for score in scores])
    checks = {
        f"{len(tiles)} textured tiles": len(tiles) >= 4 * len(scores),
        f"tile error median {np.median(tiles):.4f} <= 0.01 px": np.median(tiles) <= 0.01,
        f"tile error p99 {np.percentile(tiles, 99):.4f} <= 0.05 px": (tiles <= 0.05).mean() >= 0.99,
    }
    worst = {
        "delta E mean": (max(score.delta_e_mean for score in scores), 0.9),
        "delta E p99": (max(score.delta_e_p99 for score in scores), 2.8),
        "delta E mean of all": (float(np.mean([score.delta_e_mean for score in scores])), 0.45),
        "1 - SSIM": (1 - min(score.ssim for score in scores), 0.01),
    }
    for name, (value, limit) in worst.items():
        checks[f"{name} {value:.4f} <= {limit}"] = value <= limit
    return [claim for claim, holds in checks.items() if not holds]


def summary(scores: Iterable[Score]) -> str:
    """Return the measured figures in one line."""
    scores = list(scores)
    tiles = np.concatenate([score.tile_px for score in scores])
    return (
        f"{len(scores)} crops, {len(tiles)} tiles: error px median {np.median(tiles):.4f},"
        f" p99 {np.percentile(tiles, 99):.4f}; delta E mean"
        f" {np.mean([score.delta_e_mean for score in scores]):.3f},"
        f" worst mean {max(score.delta_e_mean for score in scores):.3f},"
        f" worst p99 {max(score.delta_e_p99 for score in scores):.3f};"
        f" SSIM min {min(score.ssim for score in scores):.4f}"
    )
