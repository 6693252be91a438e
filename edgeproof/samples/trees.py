"""Spruces as silhouettes: a spire with drooping, uneven branches."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeproof.samples.canvas import Plane

SUBPIXEL_BITS = 4


def forest(
    mask: Plane,
    places_px: NDArray[np.floating],
    roots_px: NDArray[np.floating],
    heights_px: NDArray[np.floating],
    dice: np.random.Generator,
) -> None:
    """Draw one spruce per place into ``mask`` (0..1), each with its own branches."""
    ink = np.zeros(mask.shape, np.uint8)
    for place, root, height in zip(places_px, roots_px, heights_px, strict=True):
        outline = _spruce(float(place), float(root), float(height), dice)
        points = np.round(outline * 2**SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(ink, [points], 255, cv2.LINE_AA, SUBPIXEL_BITS)
    np.maximum(mask, ink.astype(np.float32) / 255, out=mask)


def _spruce(
    place: float, root: float, height: float, dice: np.random.Generator
) -> NDArray[np.float64]:
    whorls = int(np.clip(height / 5, 5, 34))
    slender = dice.uniform(0.15, 0.23)
    down = np.linspace(0.03, 0.97, whorls) ** 1.05
    sides = []
    for side in (-1, 1):
        reach = slender * down**0.85 * dice.uniform(0.55, 1.2, whorls)
        tip_y = down + 0.030 * dice.uniform(0.3, 1.6, whorls)
        notch = reach * dice.uniform(0.25, 0.6, whorls)
        notch_y = down + 0.012
        tips = np.stack([side * reach, tip_y], axis=-1)
        notches = np.stack([side * notch, notch_y], axis=-1)
        sides.append(np.stack([tips, notches], axis=1).reshape(-1, 2))
    lean = dice.normal(0, 0.012)
    outline = np.concatenate([[[0.0, 0.0]], sides[1], [[0.02, 1.0], [-0.02, 1.0]], sides[0][::-1]])
    x = place + (outline[:, 0] + lean * (1 - outline[:, 1])) * height
    return np.stack([x, root - (1 - outline[:, 1]) * height], axis=-1)
