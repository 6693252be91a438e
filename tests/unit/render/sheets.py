"""Sheets to draw on: one colour, any size, and their pixels back as arrays."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cache_keys.design import read_design
from cache_keys.design_look import DesignLook
from origin.decode.libvips import pyvips
from origin.render.elements import apply_elements

PHOTO = (40, 90, 140)


def look(sheet_um: tuple[int, int] = (150_000, 100_000), **fields: Any) -> DesignLook:
    document = {"photos": [{"asset": "a" * 52}], "sheet_um": sheet_um, **fields}
    return read_design(json.dumps(document).encode()).look


def blank(
    width: int, height: int, colour: tuple[int, ...] = PHOTO, format_: str = "uchar"
) -> pyvips.Image:
    kind = np.uint8 if format_ == "uchar" else np.uint16
    pixels = np.full((height, width, len(colour)), colour, dtype=kind)
    space = "srgb" if format_ == "uchar" else "rgb16"
    return pyvips.Image.new_from_array(pixels).copy(interpretation=space)


def drawn(
    design: DesignLook, width: int, height: int, origin_px: tuple[float, float] = (0, 0)
) -> NDArray[np.uint8]:
    """Draw on a picture whose sheet is width x height px."""
    assert design.sheet_um is not None
    um_per_px = (Fraction(design.sheet_um[0], width), Fraction(design.sheet_um[1], height))
    origin = (Fraction(origin_px[0]), Fraction(origin_px[1]))
    return np.asarray(apply_elements(blank(width, height), design, um_per_px, origin).numpy())


def averaged(pixels: NDArray[np.uint8], times: int) -> NDArray[np.float64]:
    """Bring a picture down by whole boxes."""
    height, width, bands = pixels.shape
    boxes = pixels.reshape(height // times, times, width // times, times, bands)
    return np.asarray(boxes.astype(np.float64).mean(axis=(1, 3)))
