"""ThumbHash of a small opaque picture: 24 bytes or so that a page can show before the picture.

The format is Evan Wallace's (https://evanw.github.io/thumbhash/, as of 2023): low cosine terms of
lightness and of two colour differences.
"""

from __future__ import annotations

import base64
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDE_PX_MAX: Final = 100
"""The format's limit on the picture that is hashed."""
_LIGHT_TERMS: Final = 7
_COLOUR_TERMS: Final = 3


def thumbhash(pixels: NDArray[np.uint8]) -> str:
    """Return the ThumbHash, base64. pixels: (h, w, 3) uint8 sRGB, each side 1..100."""
    height, width = pixels.shape[:2]
    assert max(height, width) <= SIDE_PX_MAX, pixels.shape
    red, green, blue = np.moveaxis(pixels.astype(np.float64) / 255, 2, 0)
    long = max(width, height)
    terms_x = max(1, _round(_LIGHT_TERMS * width / long))
    terms_y = max(1, _round(_LIGHT_TERMS * height / long))
    light = _channel((red + green + blue) / 3, max(3, terms_x), max(3, terms_y))
    yellow_blue = _channel((red + green) / 2 - blue, _COLOUR_TERMS, _COLOUR_TERMS)
    red_green = _channel(red - green, _COLOUR_TERMS, _COLOUR_TERMS)
    is_landscape = width > height
    head = (
        _round(63 * light[0])
        | _round(31.5 + 31.5 * yellow_blue[0]) << 6
        | _round(31.5 + 31.5 * red_green[0]) << 12
        | _round(31 * light[1]) << 18
    )
    shape = (
        (terms_y if is_landscape else terms_x)
        | _round(63 * yellow_blue[1]) << 3
        | _round(63 * red_green[1]) << 9
        | is_landscape << 15
    )
    nibbles = [_round(15 * term) for part in (light, yellow_blue, red_green) for term in part[2]]
    nibbles += [0] * (len(nibbles) % 2)
    body = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    content = head.to_bytes(3, "little") + shape.to_bytes(2, "little") + body
    return base64.b64encode(content).decode()


def _channel(
    values: NDArray[np.float64], terms_x: int, terms_y: int
) -> tuple[float, float, list[float]]:
    """Return the mean, the largest term, and the terms in 0..1 about one half."""
    height, width = values.shape
    across = np.cos(np.pi / width * np.outer(np.arange(terms_x), np.arange(width) + 0.5))
    down = np.cos(np.pi / height * np.outer(np.arange(terms_y), np.arange(height) + 0.5))
    table = (down @ values @ across.T) / (width * height)
    terms = [
        float(table[y, x])
        for y in range(terms_y)
        for x in range(terms_x)
        if (x or y) and x * terms_y < terms_x * (terms_y - y)
    ]
    scale = max(map(abs, terms))
    if scale:
        terms = [0.5 + 0.5 / scale * term for term in terms]
    return float(table[0, 0]), scale, terms


def _round(value: float) -> int:
    return math.floor(value + 0.5)
