"""Photos made by code for the image tests: detailed at every scale, band-limited as by a lens."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from origin.decode.libvips import pyvips

Pixels = NDArray[np.uint8]

BLUR_SIGMA_PX = 0.8
"""A good lens and sensor blur about this much."""


def noise(rng: np.random.Generator, size: tuple[int, int], cell_px: float) -> pyvips.Image:
    """Return smooth one-band noise, about -1..1, that varies over ``cell_px``."""
    width, height = size
    columns, rows = int(width / cell_px) + 6, int(height / cell_px) + 6
    grid = pyvips.Image.new_from_array(rng.standard_normal((rows, columns)).astype(np.float32))
    return grid.affine(
        [cell_px, 0, 0, cell_px],
        interpolate=pyvips.Interpolate.new("bicubic"),
        oarea=[int(2 * cell_px), int(2 * cell_px), width, height],
    )


@cache
def photo_pixels(width: int, height: int, seed: int) -> Pixels:
    """Return (h, w, 3) uint8 sRGB: soft light, then leaves, pebbles and grain, some hard edges."""
    rng = np.random.default_rng(seed)
    size = width, height
    light = noise(rng, size, max(size) / 3) * 30 + 118
    texture = sum(
        (noise(rng, size, cell) * level for cell, level in ((40, 16), (12, 14), (4, 14), (2.5, 8))),
        light,
    )
    edges = (noise(rng, size, 90) > 0.4).cast("float") / 255 * 34
    tones = texture + edges
    tint = [noise(rng, size, max(size) / 5) * 16 for _ in range(2)]
    bands = [tones + tint[0], tones, tones + tint[1]]
    image = bands[0].bandjoin(bands[1]).bandjoin(bands[2]).gaussblur(BLUR_SIGMA_PX, min_ampl=0.02)
    return np.asarray(image.rint().cast("uchar").numpy())


@cache
def photo_jpeg(width: int, height: int, seed: int) -> bytes:
    """Return such a photo as a camera writes it: JPEG, quality 95, 4:2:0."""
    image = pyvips.Image.new_from_array(photo_pixels(width, height, seed), interpretation="srgb")
    content = image.jpegsave_buffer(Q=95, subsample_mode="on", keep=0)
    assert isinstance(content, bytes)
    return content
