"""Scene: a dahlia in soft garden light, upright; petals by phyllotaxis, drawn back to front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgeproof.samples.canvas import (
    Picture,
    Plane,
    Scene,
    blend,
    blur,
    noise,
    ramp,
    random,
    read_at,
    smoothstep,
    softened,
    to_size,
)

GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
PETALS = 260
SQUASH = 0.93  # the flower looks a little upwards


@dataclass(frozen=True, slots=True)
class _Petal:
    x: float
    y: float
    angle: float
    length: float
    width: float
    age: float  # 0 the innermost, 1 the outermost


def paint(width_px: int, height_px: int, seed: int) -> Scene:
    """Return the scene in linear light."""
    dice = random(seed)
    picture = _garden(width_px, height_px, dice)
    centre = (0.50 * width_px, 0.425 * height_px)
    _lay_stem(picture, centre)
    radius = 0.445 * width_px
    veins = noise((256, 1024), (5, 500), 4, dice)
    mottle = noise((256, 1024), (70, 70), 4, dice)
    heart = (int(centre[0]), int(centre[1] - 0.05 * radius))
    cv2.circle(picture, heart, int(0.2 * radius), (0.05, 0.002, 0.008), -1)
    for petal in _arrangement(centre, radius, dice):
        _lay_petal(picture, petal, veins, mottle)
    _lay_drops(picture, centre, radius, dice)
    return Scene(picture, np.full(picture.shape[:2], 0.025, np.float32))


def _garden(width_px: int, height_px: int, dice: np.random.Generator) -> Picture:
    shape = (height_px // 4, width_px // 4)
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] * np.ones(shape, np.float32)
    large = noise(shape, (shape[0] / 4, shape[1] / 3), 3, dice)
    garden = ramp(
        [
            (-1.2, (0.006, 0.022, 0.012)),
            (0.0, (0.030, 0.085, 0.028)),
            (0.7, (0.13, 0.23, 0.055)),
            (1.6, (0.46, 0.52, 0.16)),
        ],
        large + 0.75 - 1.25 * rows,
    )
    for _ in range(70):
        r = dice.uniform(0.02, 0.085) * shape[1]
        x, y = dice.uniform(0, 1) * shape[1], dice.beta(1.1, 2.0) * shape[0]
        tone = np.array([0.75, 0.82, 0.30]) if dice.random() < 0.7 else np.array([0.95, 0.45, 0.50])
        layer = np.zeros(shape, np.float32)
        cv2.circle(layer, (int(x * 8), int(y * 8)), int(r * 8), 1.0, -1, cv2.LINE_AA, 3)
        garden = blend(
            garden,
            tuple(tone * dice.uniform(0.25, 1.15)),
            layer * np.float32(dice.uniform(0.06, 0.38)),
        )
    garden = softened(garden, shape[1] / 130)
    return to_size(garden, (width_px, height_px))


def _lay_stem(picture: Picture, centre: tuple[float, float]) -> None:
    full_size = (picture.shape[1], picture.shape[0])
    height, width = picture.shape[0] // 3, picture.shape[1] // 3  # it is out of focus anyway
    centre = (centre[0] / 3, centre[1] / 3)
    layer = np.zeros((height, width, 3), np.float32)
    cover = np.zeros((height, width), np.float32)
    down = np.linspace(0, 1, 60)
    x = centre[0] + 0.05 * width * down**1.7
    y = centre[1] + (height * 1.03 - centre[1]) * down
    half = width * (0.017 + 0.006 * down)
    outline = np.concatenate([np.stack([x - half, y], 1), np.stack([x + half, y], 1)[::-1]]).astype(
        np.int32
    )
    cv2.fillPoly(cover, [outline], 1.0, cv2.LINE_8)
    across = (np.arange(width)[None, :] - np.interp(np.arange(height), y, x)[:, None]) / (
        0.024 * width
    )
    shine = np.clip(
        0.35 + 0.75 * np.exp(-(((across + 0.35) / 0.4) ** 2)) - 0.25 * across, 0.05, 1.3
    )
    layer[:] = shine[..., None] * np.array([0.085, 0.15, 0.030], np.float32)
    for side, at, long in ((-1, 0.70, 0.46), (1, 0.80, 0.52), (-1, 0.92, 0.40)):
        t = np.linspace(0, 1, 80)
        spine_x = centre[0] + 0.03 * width + side * long * width * t
        spine_y = at * height - 0.085 * height * np.sin(t * 2.2) + 0.03 * height * t**2
        blade = 0.085 * width * np.sin(np.pi * t**0.75) ** 0.9 * (1 + 0.05 * np.sin(t * 60))
        leaf = np.concatenate(
            [
                np.stack([spine_x, spine_y - blade], 1),
                np.stack([spine_x, spine_y + blade * 0.8], 1)[::-1],
            ]
        )
        patch = np.zeros((height, width), np.float32)
        cv2.fillPoly(patch, [leaf.astype(np.int32)], 1.0, cv2.LINE_8)
        spine = np.interp(np.arange(width), spine_x[::side], spine_y[::side])[None, :]
        off = (np.arange(height)[:, None] - spine) / (0.085 * width)
        rib = np.exp(-((off / 0.035) ** 2))
        lateral = 0.5 + 0.5 * np.cos(
            (np.arange(width)[None, :] * side - np.abs(off) * 0.05 * width) / width * 210
        )
        tone = np.clip(0.55 - 0.42 * off, 0.12, 1.2) * (0.85 + 0.22 * lateral) + 0.45 * rib
        green = tone[..., None] * np.array([0.060, 0.135, 0.032], np.float32)
        layer = blend(layer, green.astype(np.float32), patch)
        cover = np.maximum(cover, patch)
    layer, cover = blur(layer, width / 330), blur(cover, width / 330)
    grown = [to_size(plane, full_size) for plane in (layer, cover)]
    picture[:] = blend(picture, grown[0], grown[1])


def _arrangement(
    centre: tuple[float, float], radius: float, dice: np.random.Generator
) -> list[_Petal]:
    petals = []
    for number in range(PETALS, 0, -1):
        age = number / PETALS
        out = np.sqrt(age)
        angle = number * GOLDEN_ANGLE + dice.normal(0, 0.05)
        root = radius * (0.50 * out**1.5)
        length = radius * (0.085 + 0.44 * out**1.15) * dice.uniform(0.95, 1.05)
        petals.append(
            _Petal(
                float(centre[0] + root * np.cos(angle)),
                float(centre[1] + root * np.sin(angle) * SQUASH - 0.05 * radius * (1 - age)),
                float(angle),
                float(length),
                float(length * (0.26 + 0.05 * (1 - out))),
                age,
            )
        )
    return petals


def _lay_petal(picture: Picture, petal: _Petal, veins: Plane, mottle: Plane) -> None:
    height, width = picture.shape[:2]
    cosine, sine = float(np.cos(petal.angle)), float(np.sin(petal.angle))
    middle_x = petal.x + 0.55 * petal.length * cosine
    middle_y = petal.y + 0.55 * petal.length * sine * SQUASH
    half_x = 0.62 * petal.length * abs(cosine) + 1.5 * petal.width * abs(sine) + 3
    half_y = 0.62 * petal.length * abs(sine) + 1.5 * petal.width * abs(cosine) + 3
    left, right = max(0, int(middle_x - half_x)), min(width, int(middle_x + half_x) + 1)
    top, bottom = max(0, int(middle_y - half_y)), min(height, int(middle_y + half_y) + 1)
    if right - left < 2 or bottom - top < 2:
        return
    dy = (np.arange(top, bottom, dtype=np.float32)[:, None] - petal.y) / SQUASH
    dx = np.arange(left, right, dtype=np.float32)[None, :] - petal.x
    along = ((dx * cosine + dy * sine) / petal.length).astype(np.float32)
    across = ((dy * cosine - dx * sine) / petal.width).astype(np.float32)
    inside = np.clip(along, 0.0, 1.0)
    profile = np.clip(np.sin(np.pi * inside**0.78), 0, 1) ** 0.72 * (1 - 0.18 * inside) + 0.02
    side = across / profile
    edge_px = (1 - np.abs(side)) * profile * petal.width
    end_px = np.minimum(along, 1 - along) * petal.length + 1
    cover = np.clip(np.minimum(edge_px, end_px) + 0.5, 0, 1)
    box = (slice(top, bottom), slice(left, right))
    patch = picture[box]
    wide = np.abs(across) / np.maximum(profile, 0.22)
    shade = (
        0.74
        * smoothstep(1.6, 0.5, wide)
        * smoothstep(1.14, 0.80, along)
        * smoothstep(-0.05, 0.2, along)
    )
    patch *= 1 - shade[..., None]
    vein_y = np.clip((side * 0.5 + 0.5) * 255, 0, 255).astype(np.float32)
    vein_x = (inside * 900 + (petal.age * 7919) % 90).astype(np.float32)
    streak = read_at(veins, vein_x, vein_y)
    spots = read_at(mottle, vein_x, vein_y)
    colour = ramp(
        [
            (0.0, (0.20, 0.004, 0.035)),
            (0.30, (0.55, 0.018, 0.085)),
            (0.62, (0.86, 0.055, 0.115)),
            (0.86, (1.0, 0.20, 0.17)),
            (1.05, (1.0, 0.50, 0.36)),
        ],
        np.clip(inside + 0.05 * spots + 0.10 * (petal.age - 0.6) + 0.06 * np.abs(side), 0, 1.05),
    )
    # A petal is a gutter: its flanks turn towards or away from a light at the upper left.
    flank = side * (0.8 - 0.25 * inside)
    normal_x = -sine * flank - 0.55 * cosine * (inside - 0.55)
    normal_y = cosine * flank - 0.55 * sine * (inside - 0.55)
    light = 0.72 - 0.62 * (0.52 * normal_x + 0.80 * normal_y)
    deep = 0.30 + 0.70 * smoothstep(0.0, 0.55, inside)
    rim = 0.28 * smoothstep(0.80, 0.985, np.abs(side)) * smoothstep(0.25, 0.6, inside)
    tone = light * deep * (1 + 0.13 * streak) + rim
    tone *= 0.60 + 0.42 * np.sqrt(petal.age)
    petal_light = colour * (tone * 0.98)[..., None]
    picture[box] = blend(patch, petal_light.astype(np.float32), cover.astype(np.float32))


def _lay_drops(
    picture: Picture, centre: tuple[float, float], radius: float, dice: np.random.Generator
) -> None:
    for _ in range(46):
        far, angle = radius * np.sqrt(dice.uniform(0.12, 0.74)), dice.uniform(0, 2 * np.pi)
        x, y = centre[0] + far * np.cos(angle), centre[1] + far * np.sin(angle) * SQUASH
        r = radius * dice.uniform(0.006, 0.017)
        top, left = int(y - 1.6 * r), int(x - 1.6 * r)
        patch = picture[top : int(y + 1.6 * r), left : int(x + 1.6 * r)]
        ys = (np.arange(top, top + patch.shape[0], dtype=np.float32)[:, None] - y) / r
        xs = (np.arange(left, left + patch.shape[1], dtype=np.float32)[None, :] - x) / r
        far2 = xs**2 + ys**2
        patch *= 1 - 0.45 * np.exp(-(((xs - 0.25) ** 2 + (ys - 0.35) ** 2) / 0.9))[..., None]
        lens = 0.72 + 0.75 * np.clip(0.5 * (xs + ys) + 0.35, 0, 1.2)
        inner = blend(
            patch * lens[..., None], (1.0, 0.8, 0.8), 0.16 * smoothstep(0.55, 1.0, far2) + 0 * far2
        )
        cover = np.clip((1 - np.sqrt(far2)) * r + 0.5, 0, 1)
        spark = np.exp(-(((xs + 0.36) ** 2 + (ys + 0.40) ** 2) / 0.028))
        inner = blend(inner, (3.2, 3.2, 3.2), np.clip(spark, 0, 1))
        patch[:] = blend(patch, inner, cover)
