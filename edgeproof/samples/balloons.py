"""Scene: hot-air balloons over misty hills at sunrise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgeproof.samples.canvas import Picture, Scene, blend, noise, ramp, random, smoothstep, to_size
from edgeproof.samples.trees import forest

LIGHT = np.array(
    [0.62, -0.42, 0.66], np.float32
)  # towards the sun: right, up, nearer than the balloon


@dataclass(frozen=True, slots=True)
class _Balloon:
    """Place and radius as shares of the width (y of the height); gores and their two colours."""

    x: float
    y: float
    radius: float
    gores: int
    one: tuple[float, float, float]
    two: tuple[float, float, float]
    haze: float


BALLOONS = (
    _Balloon(0.865, 0.360, 0.020, 12, (0.75, 0.30, 0.10), (0.90, 0.80, 0.60), 0.55),
    _Balloon(0.155, 0.405, 0.028, 14, (0.15, 0.30, 0.60), (0.90, 0.85, 0.75), 0.45),
    _Balloon(0.745, 0.215, 0.052, 16, (0.06, 0.36, 0.36), (0.95, 0.70, 0.18), 0.22),
    _Balloon(0.375, 0.300, 0.136, 20, (0.86, 0.075, 0.045), (1.0, 0.62, 0.09), 0.03),
)


def paint(width_px: int, height_px: int, seed: int) -> Scene:
    """Return the scene in linear light."""
    dice = random(seed)
    picture = _sky(width_px, height_px, dice)
    _lay_hills(picture, dice)
    for balloon in BALLOONS:
        _lay_balloon(picture, balloon)
    return Scene(picture, np.full(picture.shape[:2], 0.02, np.float32))


def _sky(width: int, height: int, dice: np.random.Generator) -> Picture:
    shape = (height // 2, width // 2)
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] * np.ones(shape, np.float32)
    across = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    sky = ramp(
        [
            (0, (0.13, 0.27, 0.50)),
            (0.30, (0.36, 0.50, 0.66)),
            (0.52, (0.92, 0.74, 0.56)),
            (0.66, (1.25, 0.82, 0.46)),
            (1, (1.2, 0.8, 0.5)),
        ],
        rows,
    )
    sky += (np.exp(-(((across - 0.86) / 0.30) ** 2) - ((rows - 0.60) / 0.25) ** 2))[
        ..., None
    ] * np.array([0.9, 0.55, 0.22], np.float32)
    sheet = noise(shape, (shape[0] / 14, shape[1] / 4), 6, dice)
    sky = blend(
        sky, (1.15, 0.82, 0.68), 0.75 * smoothstep(0.1, 1.3, sheet) * smoothstep(0.62, 0.2, rows)
    )
    return to_size(sky, (width, height))


def _lay_hills(picture: Picture, dice: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    for number in range(7):
        near = number / 6
        line = noise((1, width), (1, width / (2.2 + 1.0 * number)), 6 if number < 4 else 4, dice)[0]
        crest = (
            height * (0.575 + 0.060 * number + 0.012 * number**1.3)
            - height * (0.032 + 0.018 * (1 - near)) * line
        )
        cover = np.clip(rows - crest[None, :] + 0.5, 0, 1).astype(np.float32)
        below = np.clip((rows - crest[None, :]) / (0.16 * height), 0, 1).astype(np.float32)
        field = noise((height, width), (height / 22, width / 5), 5, dice)
        tint = np.clip(0.5 + 0.5 * field - 0.15 * below, 0, 1)
        land = ramp(
            [(0, (0.030, 0.050, 0.020)), (0.55, (0.085, 0.105, 0.032)), (1, (0.27, 0.20, 0.055))],
            tint,
        )
        land = blend(
            land, (0.80, 0.60, 0.48), np.full(below.shape, 0.86 * (1 - near) ** 0.8, np.float32)
        )
        mist = 0.78 * (0.25 + 0.75 * below) * (1 - near) ** 0.5 * np.clip(0.8 + 0.5 * field, 0, 1)
        land = blend(land, (1.10, 0.80, 0.56), np.clip(mist, 0, 0.95))
        picture[:] = blend(picture, land, cover)
        if number >= 2:
            count = int(90 + 46 * number)
            places = dice.uniform(0, width, count)
            roots = np.interp(places, np.arange(width), crest) + height * 0.004
            sizes = height * (0.010 + 0.020 * near**1.5) * dice.uniform(0.5, 1.2, count)
            crowd = dice.random(count) < 0.35 + 0.5 * np.sin(places / width * 9 + number) ** 2
            mask = np.zeros((height, width), np.float32)
            forest(mask, places[crowd], roots[crowd], sizes[crowd], dice)
            tone = (
                np.array([0.020, 0.030, 0.018]) * near
                + np.array([0.55, 0.42, 0.36]) * (1 - near) ** 1.1
            )
            picture[:] = blend(picture, tuple(tone), mask)


def _lay_balloon(picture: Picture, balloon: _Balloon) -> None:
    height, width = picture.shape[:2]
    r = balloon.radius * width
    x, y = balloon.x * width, balloon.y * height
    box = (
        slice(max(0, int(y - 1.15 * r)), int(y + 2.1 * r)),
        slice(max(0, int(x - 1.2 * r)), int(x + 1.2 * r)),
    )
    rows = (np.arange(box[0].start, min(box[0].stop, height), dtype=np.float32)[:, None] - y) / r
    columns = (np.arange(box[1].start, min(box[1].stop, width), dtype=np.float32)[None, :] - x) / r
    patch = picture[box]
    # Profile: a sphere above, drawn in towards the mouth below.
    t = np.clip((rows + 1) / 2.42, 0, 1)
    upper = np.sqrt(np.clip(1 - np.clip(rows, -1, 0) ** 2, 0, 1))
    drawn_in = np.clip(rows / 1.42, 0, 1)
    lower = 1 - 0.83 * drawn_in**1.75 * (1.18 - 0.18 * drawn_in)
    half = np.where(rows < 0, upper, lower) + 0 * t
    side = columns / np.maximum(half, 1e-3)
    bulge = np.sin(np.arccos(np.clip(np.abs(side), 0, 1)))
    angle = np.arcsin(np.clip(side, -1, 1)) + 0.35
    gore = angle * balloon.gores / np.pi
    seam = np.abs(gore - np.round(gore))
    puff = np.cos(np.pi * (gore - np.floor(gore) - 0.5))
    band = np.where((np.floor(gore) % 2 == 0) ^ ((rows > -0.28) & (rows < 0.08)), 1.0, 0.0).astype(
        np.float32
    )
    cloth = blend(
        np.broadcast_to(np.array(balloon.one, np.float32), (*side.shape, 3)), balloon.two, band
    )
    cloth = blend(cloth, balloon.one, smoothstep(1.20, 1.26, rows + 0 * columns))
    normal_y = np.where(rows < 0, rows, 0.55 * np.clip(rows, 0, 1.2))
    facing = side * half * LIGHT[0] + normal_y * LIGHT[1] + bulge * LIGHT[2]
    light = 0.17 + 1.25 * np.clip(facing, 0, None) ** 1.3 + 0.07 * puff
    light *= 1 - 0.30 * smoothstep(0.06, 0.0, seam.astype(np.float32))
    inner = 0.55 * np.exp(-(((rows - 1.25) / 0.5) ** 2)) * bulge  # the burner glows through
    shaded = cloth * (light + inner)[..., None] * np.array([1.12, 0.95, 0.80], np.float32)
    shaded = blend(
        shaded.astype(np.float32), (0.95, 0.74, 0.58), np.full(side.shape, balloon.haze, np.float32)
    )
    cover = (
        np.clip((1 - np.abs(side)) * half * r + 0.5, 0, 1)
        * np.clip((rows + 1) * r, 0, 1)
        * np.clip((1.42 - rows) * r, 0, 1)
    )
    patch[:] = blend(patch, shaded.astype(np.float32), cover.astype(np.float32))
    _hang_basket(picture, (x, y, r), balloon.haze)


def _hang_basket(picture: Picture, place: tuple[float, float, float], haze: float) -> None:
    x, y, r = place
    air = np.array([0.95, 0.74, 0.58]) * haze
    rope = tuple(np.array([0.05, 0.04, 0.035]) * (1 - haze) + air)
    wicker = tuple(np.array([0.12, 0.062, 0.026]) * (1 - haze) + air)
    bits = 4

    def at(dx: float, dy: float) -> tuple[int, int]:
        return int((x + dx * r) * 2**bits), int((y + dy * r) * 2**bits)

    for dx in (-0.15, -0.05, 0.05, 0.15):
        cv2.line(
            picture,
            at(dx, 1.40),
            at(dx * 0.72, 1.72),
            rope,
            max(1, int(r / 110)),
            cv2.LINE_AA,
            bits,
        )
    corners = np.array(
        [at(-0.125, 1.70), at(0.125, 1.70), at(0.105, 1.90), at(-0.105, 1.90)], np.int32
    )
    cv2.fillPoly(picture, [corners], wicker, cv2.LINE_8, bits)
    cv2.line(
        picture, at(-0.132, 1.70), at(0.132, 1.70), rope, max(1, int(r / 45)), cv2.LINE_AA, bits
    )
