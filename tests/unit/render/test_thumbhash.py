"""ThumbHash, by a decoder written here from the format's own description."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from origin.render.thumbhash import SIDE_PX_MAX, thumbhash


def decoded(text: str, width: int, height: int) -> NDArray[np.float64]:
    """Return (h, w, 3) in 0..1 from the hash of an opaque picture."""
    content = base64.b64decode(text)
    head, shape = int.from_bytes(content[:3], "little"), int.from_bytes(content[3:5], "little")
    assert not head >> 23, "no alpha"
    is_landscape, short = shape >> 15, shape & 7
    terms = (7, short) if is_landscape else (short, 7)
    sizes = [(max(3, terms[0]), max(3, terms[1])), (3, 3), (3, 3)]
    means = [(head & 63) / 63, (head >> 6 & 63) / 31.5 - 1, (head >> 12 & 63) / 31.5 - 1]
    scales = [(head >> 18 & 31) / 31, (shape >> 3 & 63) / 63, (shape >> 9 & 63) / 63]
    nibbles = iter([nibble for byte in content[5:] for nibble in (byte & 15, byte >> 4)])
    light, p, q = (
        channel(mean, scale, size, nibbles, (width, height))
        for mean, scale, size in zip(means, scales, sizes, strict=True)
    )
    blue = light - 2 / 3 * p
    red = (3 * light - blue + q) / 2
    return np.stack([red, red - q, blue], 2)


def channel(
    mean: float,
    scale: float,
    size: tuple[int, int],
    nibbles: Iterator[int],
    sides: tuple[int, int],
) -> NDArray[np.float64]:
    """Return one channel of the picture."""
    (nx, ny), (width, height) = size, sides
    found = np.full((height, width), mean)
    for cy in range(ny):
        for cx in range(nx):
            if (cx or cy) and cx * ny < nx * (ny - cy):
                term = (next(nibbles) / 7.5 - 1) * scale
                down = np.cos(math.pi / height * cy * (np.arange(height) + 0.5))
                across = np.cos(math.pi / width * cx * (np.arange(width) + 0.5))
                factor = (2 if cx else 1) * (2 if cy else 1)
                found += factor * term * np.outer(down, across)
    return found


def ramp(width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture that is red at the left, blue at the right, and lighter at the top."""
    x = np.linspace(0, 1, width)[np.newaxis, :].repeat(height, 0)
    y = np.linspace(1, 0, height)[:, np.newaxis].repeat(width, 1)
    return np.asarray(np.stack([200 * (1 - x), 60 * y, 200 * x], 2) + 20, np.uint8)


@pytest.mark.parametrize("sides", [(100, 75), (60, 100), (100, 100), (100, 9)])
def test_a_decoded_hash_looks_like_the_picture(sides: tuple[int, int]) -> None:
    pixels = ramp(*sides)
    found = decoded(thumbhash(pixels), *sides)
    assert np.abs(found - pixels / 255).mean() < 0.05


@pytest.mark.parametrize(("sides", "is_landscape"), [((100, 50), True), ((50, 100), False)])
def test_the_hash_knows_the_shape(sides: tuple[int, int], *, is_landscape: bool) -> None:
    content = base64.b64decode(thumbhash(ramp(*sides)))
    shape = int.from_bytes(content[3:5], "little")
    assert bool(shape >> 15) == is_landscape
    assert shape & 7 == 4  # 7 terms on the long side, half of them, rounded, on the short one


def test_a_flat_picture_has_the_plain_hash_of_its_colour() -> None:
    flat = np.full((10, 10, 3), (255, 0, 0), np.uint8)
    assert np.allclose(decoded(thumbhash(flat), 4, 4), [1, 0, 0], atol=0.04)


def test_more_than_a_hundred_px_are_not_hashed() -> None:
    with pytest.raises(AssertionError):
        thumbhash(np.zeros((1, SIDE_PX_MAX + 1, 3), np.uint8))
