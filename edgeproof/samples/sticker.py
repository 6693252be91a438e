"""Scene: a die-cut sticker on nothing: a round badge with sun, ridges, stars and soft shadow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeproof.samples.canvas import Plane, noise, random, softened

BITS = 4  # sub-pixel bits of OpenCV's drawing


def paint(side_px: int, seed: int) -> NDArray[np.uint8]:
    """Return ``(side, side, 4) uint8`` sRGB with straight alpha, transparent outside the badge."""
    dice = random(seed)
    ys, xs = np.mgrid[0:side_px, 0:side_px].astype(np.float32)
    x, y = (xs + 0.5) / side_px * 2 - 1, (ys + 0.5) / side_px * 2 - 1
    radius = np.hypot(x, y)
    edge = 2 / side_px

    def disc(size: float) -> Plane:
        return np.asarray(np.clip((size - radius) / edge + 0.5, 0, 1), np.float32)

    badge = _landscape(x, y, dice)
    ring = disc(0.80) - disc(0.765)
    face = np.where(disc(0.765)[..., None] > 0.5, badge, np.float32(0))
    picture = np.empty((side_px, side_px, 3), np.float32)
    picture[:] = (248, 245, 236)  # the white border of a cut sticker
    for size, ink in ((0.865, (24, 46, 66)), (0.80, (244, 196, 92))):
        picture += (np.array(ink, np.float32) - picture) * disc(size)[..., None]
    picture += (face - picture) * disc(0.765)[..., None]
    picture += (np.array((244, 196, 92), np.float32) - picture) * ring[..., None]
    _studs(picture, side_px)
    # Light falls on the vinyl from the upper left; the edge is a little raised.
    picture *= (1.02 - 0.06 * (x + y))[..., None]
    picture += 9 * np.exp(-(((x + y + 0.75) / 0.10) ** 2))[..., None] * disc(0.93)[..., None]
    alpha = disc(0.93)
    shadow = softened(alpha, side_px / 70)
    shadow = np.roll(shadow, int(side_px / 90), axis=0) * 0.42
    whole = alpha + shadow * (1 - alpha)
    straight = picture * (alpha / np.maximum(whole, 1e-4))[..., None]
    return np.dstack([np.clip(straight + 0.5, 0, 255), whole * 255 + 0.5]).astype(np.uint8)


def _landscape(x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    dusk = np.clip((y + 0.75) / 1.2, 0, 1)[..., None]
    sky = (
        np.array((22, 70, 104), np.float32) * (1 - dusk)
        + np.array((246, 150, 96), np.float32) * dusk
    )
    sun = np.hypot(x - 0.02, y - 0.02)
    for size, colour in ((0.46, (250, 172, 104)), (0.36, (252, 196, 118)), (0.26, (255, 228, 158))):
        cover = np.clip((size - sun) * x.shape[1] / 2 + 0.5, 0, 1)[..., None]
        sky += (np.array(colour, np.float32) - sky) * cover
    tones = ((150, 92, 104), (98, 70, 98), (52, 58, 86), (24, 46, 66))
    for number, tone in enumerate(tones):
        line = noise(
            (1, x.shape[1]), (1, x.shape[1] / (3.2 + 1.6 * number)), 5 - number // 2, dice
        )[0]
        crest = (0.08 + 0.165 * number - 0.20 * line * (1 - 0.14 * number)).astype(np.float32)
        cover = np.clip((y - crest[None, :]) * x.shape[1] / 2 + 0.5, 0, 1)[..., None]
        sky += (np.array(tone, np.float32) - sky) * cover
    return np.asarray(sky, np.float32)


def _studs(picture: Plane, side_px: int) -> None:
    """Set 48 small stars into the dark ring."""
    for number in range(48):
        angle = 2 * np.pi * number / 48
        middle = side_px / 2 * np.array([1 + 0.8325 * np.cos(angle), 1 + 0.8325 * np.sin(angle)])
        turns = angle + np.pi * np.arange(10) / 5
        reach = side_px * np.where(np.arange(10) % 2 == 0, 0.0105, 0.0045)
        star = middle + np.stack([np.cos(turns), np.sin(turns)], axis=1) * reach[:, None]
        points = np.round(star * 2**BITS).astype(np.int32)
        cv2.fillPoly(picture, [points], (244, 196, 92), cv2.LINE_8, BITS)
