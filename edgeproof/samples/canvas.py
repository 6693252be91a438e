"""The dark room of the sample scenes: noise, blending, vignette, grain and the way to 8 bits.

Pictures are ``(h, w, 3) float32``, linear light, 1.0 = white before the tone curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Plane = NDArray[np.float32]
Picture = NDArray[np.float32]
Pixels = NDArray[np.uint8]

STRIP_ROWS = 256  # rows finished at a time: the temporaries stay in the processor's cache
GRAIN_SIDE = 1021  # px, a prime, so that no row of the picture repeats the row above it


def random(seed: int) -> np.random.Generator:
    """Return the one kind of generator that every scene draws from: same seed, same picture."""
    return np.random.Generator(np.random.PCG64(seed))


def noise(
    shape: tuple[int, int], cell_px: tuple[float, float], octaves: int, dice: np.random.Generator
) -> Plane:
    """Return smooth noise of mean 0 and about -1..1 whose largest blobs span ``cell_px`` (y, x)."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    gain = 0.5
    for octave in range(octaves):
        rows = int(np.clip(height / cell_px[0] * 2**octave, 1, height)) + 3
        columns = int(np.clip(width / cell_px[1] * 2**octave, 1, width)) + 3
        grid = dice.standard_normal((rows, columns), np.float32)
        total += gain * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        gain *= 0.5
    return total


def smoothstep(low: float, high: float, value: Floats) -> Plane:
    """Return 0 below ``low``, 1 above ``high`` (or the reverse), an S between."""
    t = np.clip((value - low) / (high - low), 0, 1).astype(np.float32)
    eased: Plane = t * t * (3 - 2 * t)
    return eased


def ramp(stops: list[tuple[float, tuple[float, float, float]]], at: Floats) -> Picture:
    """Return colours between stops ``(position, linear rgb)`` for each position in ``at``."""
    places = [place for place, _ in stops]
    curve = np.stack(
        [
            np.interp(np.linspace(places[0], places[-1], 1024), places, [c[i] for _, c in stops])
            for i in range(3)
        ],
        axis=-1,
    ).astype(np.float32)
    scaled = (at - places[0]) * (1023 / (places[-1] - places[0]))
    return np.asarray(curve[np.clip(scaled, 0, 1023).astype(np.int32)], np.float32)


def blend(below: Floats, above: Floats | tuple[float, ...], share: Floats) -> Picture:
    """Return ``above`` laid over ``below`` with opacity ``share`` 0..1."""
    opacity = np.asarray(share, np.float32)[..., None]
    return np.asarray(below + (np.asarray(above, np.float32) - below) * opacity, np.float32)


def to_size(picture: Floats, size: tuple[int, int]) -> Picture:
    """Return the picture enlarged to (width, height)."""
    grown = cv2.resize(np.asarray(picture, np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown, np.float32)


def softened(picture: Floats, sigma_px: float) -> Picture:
    """Return a Gaussian blur."""
    source = np.asarray(picture, np.float32)
    return np.asarray(cv2.GaussianBlur(source, (0, 0), sigma_px), np.float32)


def smeared(picture: Floats, box: tuple[int, int]) -> Picture:
    """Return the mean over a box of (width, height) px."""
    return np.asarray(cv2.blur(np.asarray(picture, np.float32), box), np.float32)


def stacked(*planes: Floats) -> Plane:
    """Return planes as the bands of one, so that they are read together."""
    return np.dstack(planes).astype(np.float32, copy=False)


def read_at(plane: Floats, x: Floats, y: Floats, *, wraps: bool = False) -> Plane:
    """Return the plane (1 to 4 bands) at fractional places; past its edge it mirrors, or wraps."""
    places = [np.ascontiguousarray(p, np.float32) for p in np.broadcast_arrays(x, y)]
    beyond = cv2.BORDER_WRAP if wraps else cv2.BORDER_REFLECT_101
    source = np.asarray(plane, np.float32)
    return np.asarray(
        cv2.remap(source, places[0], places[1], cv2.INTER_LINEAR, borderMode=beyond), np.float32
    )


def blur(picture: Floats, sigma_px: float) -> Picture:
    """Return a Gaussian blur; a wide one is made small, blurred and enlarged: 1/16 of the work."""
    if sigma_px < 0.3:
        return np.asarray(picture, np.float32)
    if sigma_px <= 6:
        return softened(picture, sigma_px)
    height, width = picture.shape[:2]
    step = int(sigma_px / 3)
    small_size = (max(1, width // step), max(1, height // step))
    small = cv2.resize(np.asarray(picture, np.float32), small_size, interpolation=cv2.INTER_AREA)
    small = np.asarray(small, np.float32)
    return to_size(softened(np.asarray(small, np.float32), sigma_px / step), (width, height))


@dataclass(frozen=True, slots=True)
class Scene:
    """A painted picture and, if it has any, how rough its surfaces are (0..1, px by px)."""

    light: Picture
    roughness: Plane | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """How a scene becomes a photo.

    exposure: factor before the shoulder. grain: deviation of the noise, 0..0.1 of full scale, in
    the shadows; mid grey has two thirds of it. vignette: share of light lost in the corners, 0..1.
    contrast: power over the shoulder, 1 is none. enlarge: whole number of photo px per painted px.
    """

    exposure: float = 1.0
    grain: float = 0.012
    vignette: float = 0.35
    contrast: float = 1.16
    enlarge: int = 1


def develop(scene: Scene, width_px: int, height_px: int, film: Film, seed: int) -> Pixels:
    """Return ``(height, width, 3) uint8`` sRGB-curve pixels: vignette, shoulder, texture, grain."""
    tile = random(seed).standard_normal((GRAIN_SIDE, GRAIN_SIDE), np.float32)
    tile = 0.75 * tile + 1.1 * cv2.GaussianBlur(tile, (0, 0), 0.9)
    across = np.linspace(-1, 1, width_px, dtype=np.float32)[None, :] ** 2
    down = np.linspace(-1, 1, height_px, dtype=np.float32)[:, None] ** 2
    out = np.empty((height_px, width_px, 3), np.uint8)
    columns = np.arange(width_px)
    for top in range(0, height_px, STRIP_ROWS):
        rows = slice(top, min(top + STRIP_ROWS, height_px))
        numbers = np.arange(rows.start, rows.stop)[:, None]
        # The tile is moved sideways each time it starts again, so that nothing lines up.
        moved = (columns[None, :] + (numbers // GRAIN_SIDE) * 397) % GRAIN_SIDE
        speck = tile[numbers % GRAIN_SIDE, moved]
        light = _enlarged(scene.light, rows, width_px, film.enlarge)
        falloff = film.exposure * (1 - film.vignette * ((across + down[rows]) / 2) ** 1.5)
        if scene.roughness is not None:
            rough = _enlarged(scene.roughness, rows, width_px, film.enlarge)
            falloff = falloff * np.exp(rough * speck[::-1])
        # The shoulder 1 - exp(-x): highlights roll off as film does.
        light = 1 - np.exp(np.maximum(light, 0) * (falloff * -1.15)[..., None])
        encoded = _encoding(film.contrast)[(np.sqrt(light) * 4095).astype(np.uint16)]
        encoded += (speck * (film.grain * 255))[..., None] * (1.15 - encoded / 255)
        out[rows] = np.clip(encoded + 0.5, 0, 255).astype(np.uint8)
    return out


def _enlarged(plane: Picture | Plane, rows: slice, width_px: int, factor: int) -> Picture:
    """Return photo rows of a painted plane; a margin makes the strips meet without a seam."""
    if factor == 1:
        return plane[rows, :width_px]
    margin = 3
    first, last = rows.start // factor, -(-rows.stop // factor)
    taken = np.clip(np.arange(first - margin, last + margin), 0, len(plane) - 1)
    part = plane[taken]
    size = (part.shape[1] * factor, part.shape[0] * factor)
    whole = to_size(part, size)
    start = margin * factor + rows.start - first * factor
    return whole[start : start + rows.stop - rows.start, :width_px]


@lru_cache(maxsize=8)
def _encoding(contrast: float) -> NDArray[np.float32]:
    """Return the sRGB curve (IEC 61966-2-1) in 0..255 over 4096 steps of the root of the light.

    The root spreads the steps where the curve is steep.
    """
    light = (np.linspace(0, 1, 4096) ** 2) ** contrast
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (srgb * 255).astype(np.float32)
