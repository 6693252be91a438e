"""What can be said of a photo at a glance: its ThumbHash and its dominant colour."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from origin.decode.libvips import pyvips
from origin.render.resample import resized
from origin.render.thumbhash import SIDE_PX_MAX, thumbhash

BIN_BITS: Final = 3
"""Colours are counted in 8 x 8 x 8 boxes of sRGB."""


def glance(image: pyvips.Image) -> tuple[str, str]:
    """Return the ThumbHash (base64) and the dominant colour (rrggbb) of an opaque sRGB picture."""
    long = max(image.width, image.height)
    if long > SIDE_PX_MAX:
        width, height = (max(1, side * SIDE_PX_MAX // long) for side in (image.width, image.height))
        image = resized(image, (width, height))
    pixels: NDArray[np.uint8] = image.numpy()
    return thumbhash(pixels), dominant(pixels)


def dominant(pixels: NDArray[np.uint8]) -> str:
    """Return the mean of the fullest box of colours as rrggbb. pixels: (h, w, 3) uint8 sRGB."""
    flat = pixels.reshape(-1, 3)
    boxes = (flat >> (8 - BIN_BITS)).astype(np.int64) @ [1 << 2 * BIN_BITS, 1 << BIN_BITS, 1]
    fullest = np.bincount(boxes).argmax()
    mean = flat[boxes == fullest].mean(axis=0)
    return bytes(np.floor(mean + 0.5).astype(np.uint8)).hex()
