"""Scene: a mountain lake at dusk: alpenglow, mist in the valleys, spruces, a jetty, reflections."""

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
    smeared,
    smoothstep,
    softened,
    stacked,
    to_size,
)
from edgeproof.samples.terrain import Camera, Ground, look, normals, sunlit
from edgeproof.samples.trees import forest

MAP_SIDE = 1536  # cells
CELL_M = 9.0
SUN = np.array([-0.80, 0.30, -0.52], np.float32)
NIGHT_WATER = (0.012, 0.026, 0.045)


@dataclass(frozen=True, slots=True)
class _Frame:
    width_px: int
    height_px: int
    shore_px: int  # the row where water meets land


def paint(width_px: int, height_px: int, seed: int) -> Scene:
    """Return the scene in linear light."""
    dice = random(seed)
    frame = _Frame(width_px, height_px, int(0.585 * height_px))
    above = _sky(frame, dice)
    _lay_mountains(above, frame, dice)
    _lay_far_forest(above, frame, dice)
    picture = _water(above, frame, dice)
    _lay_headland(picture, frame, dice)
    _lay_jetty(picture, frame, dice)
    return Scene(picture, np.full(picture.shape[:2], 0.02, np.float32))


def _sky(frame: _Frame, dice: np.random.Generator) -> Picture:
    shape = (frame.shore_px // 2, frame.width_px // 2)
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] * np.ones(shape, np.float32)
    columns = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    sky = ramp(
        [
            (0.0, (0.035, 0.065, 0.19)),
            (0.30, (0.11, 0.14, 0.33)),
            (0.55, (0.36, 0.25, 0.40)),
            (0.75, (0.92, 0.44, 0.31)),
            (0.92, (1.30, 0.72, 0.33)),
            (1.0, (1.35, 0.80, 0.40)),
        ],
        rows,
    )
    glow = np.exp(-(((columns - 0.60) / 0.30) ** 2) - ((rows - 0.95) / 0.40) ** 2)
    sky += glow[..., None] * np.array([0.75, 0.36, 0.11], np.float32)
    # Cloud streets: noise on a plane overhead, so that they shrink towards the horizon.
    height = 1.12 - rows
    x = (columns - 0.5) / height * 520 + 900
    z = 1 / height * 330
    sheet = noise((1024, 2048), (90, 210), 7, dice)
    cloud = read_at(sheet, x, z)
    nearer = read_at(sheet, x + 7, z + 3)
    body = smoothstep(0.08, 0.95, cloud) * smoothstep(1.02, 0.70, rows)
    lit = np.clip(0.5 + 1.4 * (cloud - nearer) + 0.5 * rows, 0, 1.4)
    fire = ramp(
        [(0.0, (0.10, 0.085, 0.17)), (0.6, (0.75, 0.28, 0.26)), (1.4, (1.9, 0.80, 0.42))], lit
    )
    sky = blend(sky, fire, np.clip(0.86 * body, 0, 1))
    return to_size(sky, (frame.width_px, frame.shore_px))


def _heights(dice: np.random.Generator) -> Plane:
    shape = (MAP_SIDE, MAP_SIDE)
    rows, columns = np.mgrid[0:MAP_SIDE, 0:MAP_SIDE].astype(np.float32)
    x, z = (columns - MAP_SIDE / 2) * CELL_M, rows * CELL_M
    ridged = np.zeros(shape, np.float32)
    cell, tall, carry = 250.0, 1.0, np.ones(shape, np.float32)
    for _ in range(8):
        crest = (1 - np.abs(noise(shape, (cell, cell), 1, dice)) * 1.35).clip(0, 1) ** 2
        ridged += tall * crest * carry
        carry = np.clip(crest * 1.35, 0.15, 1)
        cell, tall = cell / 2.05, tall * 0.56
    ridged = 1.25 * np.tanh(ridged / 1.25)
    shore_z = 2500 + 520 * np.sin(x / 1300 + 0.6)
    valley = np.clip((np.abs(x - 350 - 0.10 * z) - 240) / 2600, 0, 1)
    rise = smoothstep(0, 3600, z - shore_z) * (0.30 + 0.70 * valley)
    far = smoothstep(5200, 9500, z)
    heights = 900 * ridged * np.maximum(rise, far) + 260 * valley * rise - 14
    return np.asarray(heights, np.float32)


def _lay_mountains(above: Picture, frame: _Frame, dice: np.random.Generator) -> None:
    ground = Ground(_heights(dice), CELL_M)
    camera = Camera(
        frame.width_px,
        frame.shore_px,
        0.98 * frame.width_px,
        frame.shore_px - 3,
        6.0,
        1500.0,
        13500.0,
        1400,
    )
    z, x = look(ground, camera)
    is_sky = np.isinf(z)
    z[is_sky] = camera.far_m
    across, away = normals(ground)
    lit_map = sunlit(ground, -33.0, 0.24, 30.0)
    rough = noise((MAP_SIDE, MAP_SIDE), (26, 26), 5, dice)
    read = ground.at(stacked(across, away, lit_map, ground.heights_m), x, z)
    slope_x, slope_z, lit, height = (np.ascontiguousarray(read[..., i]) for i in range(4))
    grain = ground.at(rough, x, z)
    fine = ground.at(rough, x * 7.3, z * 7.3)
    slope_x = slope_x + 0.25 * fine
    steep = np.sqrt(1 + slope_x**2 + slope_z**2)
    facing = np.clip((-SUN[0] * slope_x + SUN[1] - SUN[2] * slope_z) / steep, 0, None) * lit
    rock = ramp([(-1.5, (0.055, 0.050, 0.058)), (1.5, (0.17, 0.145, 0.14))], grain + 0.8 * fine)
    wood = smoothstep(400, 250, height + 120 * grain)
    surface = blend(rock, (0.018, 0.030, 0.020), wood)
    snow = smoothstep(330, 620, height + 150 * grain) * smoothstep(2.0, 1.25, steep + 0.25 * fine)
    surface = blend(surface, (0.78, 0.80, 0.86), snow)
    sun = facing[..., None] * np.array([4.3, 1.75, 0.90], np.float32)
    shade = surface * (sun + np.array([0.13, 0.17, 0.33], np.float32))
    # Air gets bluer with distance; mist lies in the valleys and thins with height.
    air = 1 - np.exp(-z / 21000)
    shade = blend(shade, (0.42, 0.33, 0.44), air)
    drift = noise(
        (frame.shore_px, frame.width_px), (frame.shore_px / 18, frame.width_px / 7), 5, dice
    )
    mist = np.exp(-np.maximum(height, 0) / 120 + 0.9 * drift) * smoothstep(2100, 5200, z) * 0.62
    shade = blend(shade, (0.78, 0.52, 0.47), np.clip(mist, 0, 0.93))
    edge = softened(is_sky.astype(np.float32), 0.6)
    above[:] = blend(shade, above, edge)


def _lay_far_forest(above: Picture, frame: _Frame, dice: np.random.Generator) -> None:
    bottom = frame.shore_px
    for depth, tall, colour in (
        (0, 0.020, (0.105, 0.095, 0.125)),
        (1, 0.027, (0.040, 0.044, 0.058)),
    ):
        roots = bottom - (1 - depth) * int(0.010 * frame.height_px)
        count = int(560 - 60 * depth)
        mask = np.zeros(above.shape[:2], np.float32)
        places = np.sort(dice.uniform(0, frame.width_px, count))
        wave = 0.75 + 0.55 * np.sin(places / frame.width_px * 11 + 2 * depth) ** 2
        sizes = frame.height_px * tall * wave * dice.uniform(0.5, 1.15, count)
        forest(mask, places, np.full(count, roots, np.float32), sizes, dice)
        mask[max(0, roots - int(0.004 * frame.height_px)) :] = 1
        above[:] = blend(above, colour, mask)
    fog = np.exp(
        -(((np.arange(bottom, dtype=np.float32) - bottom + 4) / (0.014 * frame.height_px)) ** 2)
    )
    veil = np.repeat(fog[:, None], frame.width_px, axis=1) * 0.34
    above[:] = blend(above, (0.74, 0.50, 0.44), veil)


def _water(above: Picture, frame: _Frame, dice: np.random.Generator) -> Picture:
    rows = frame.height_px - frame.shore_px
    down = np.arange(1, rows + 1, dtype=np.float32)[:, None]
    columns = np.arange(frame.width_px, dtype=np.float32)[None, :]
    z = 3.2 * frame.width_px / down
    x = (columns - frame.width_px / 2) * z / frame.width_px
    waves = noise((1024, 1024), (26, 52), 5, dice)
    flow = read_at(waves, x * 10 + 512, z * 13, wraps=True)
    breeze = read_at(waves, x * 0.4 + 300, z * 0.22, wraps=True)
    flow *= smoothstep(240, 22, z * np.ones_like(flow)) * (
        0.55 + 0.45 * smoothstep(-0.6, 0.5, breeze)
    )
    tall = frame.height_px
    mirror_row = frame.shore_px - 1 - down * 0.97 - (0.0022 * tall + 0.055 * down) * flow
    mirror_row = np.clip(mirror_row, 0, frame.shore_px - 1)
    mirrored = read_at(
        above, columns + 0.012 * down * flow, np.clip(mirror_row, 0, frame.shore_px - 1)
    )
    mirrored = 0.6 * mirrored + 0.4 * smeared(mirrored, (1, max(3, tall // 130)))
    near = (down / rows).astype(np.float32)
    fresnel = np.clip(0.90 - 0.42 * near**0.9 + 0.13 * flow, 0.12, 0.95)
    water = blend(
        np.broadcast_to(np.array(NIGHT_WATER, np.float32), mirrored.shape), mirrored, fresnel
    )
    ruffled = smoothstep(0.25, 0.9, breeze) * smoothstep(25, 160, z * np.ones_like(breeze)) * 0.42
    water = blend(water, (0.40, 0.30, 0.36), ruffled)
    return np.concatenate([above, water]).astype(np.float32)


def _lay_headland(picture: Picture, frame: _Frame, dice: np.random.Generator) -> None:
    """Put spruces on both banks, nearer than the far shore, with their own reflection."""
    width, height = frame.width_px, frame.height_px
    shape = picture.shape[:2]
    for side, reach, tall, roots_at in ((-1, 0.20, 0.30, 0.598), (1, 0.13, 0.21, 0.594)):
        mask = np.zeros(shape, np.float32)
        count = int(reach * 170)
        away = dice.uniform(0, 1, count) ** 0.8
        places = (0 if side < 0 else width) - side * (away * reach * width)
        sizes = tall * height * (1.02 - 0.72 * away) * dice.uniform(0.55, 1.05, count)
        bank = roots_at * height
        order = np.argsort(sizes)
        forest(mask, places[order], np.full(count, bank, np.float32), sizes[order], dice)
        edge = np.abs((0 if side < 0 else width) - np.arange(width)) / (reach * 1.08 * width)
        lift = np.clip(1 - edge, 0, 1) ** 0.6 * 0.016 * height
        ground_rows = np.arange(shape[0])[:, None]
        mask = np.maximum(
            mask, ((ground_rows > bank - lift[None, :]) & (ground_rows <= bank)).astype(np.float32)
        )
        base = int(bank)
        depth = min(shape[0] - base, base)
        below = mask[base - depth : base][::-1]
        shake = (
            noise(below.shape, (height / 160, width / 30), 3, dice)
            * np.linspace(0.6, 9, depth, dtype=np.float32)[:, None]
            * height
            / 1500
        )
        grid_y, grid_x = np.mgrid[0:depth, 0:width].astype(np.float32)
        below = read_at(below, grid_x + shake, grid_y / 0.97 + shake)
        mask[base : base + depth] = np.maximum(mask[base : base + depth], 0.93 * below)
        green = np.array([0.012, 0.017, 0.017], np.float32)
        picture[:] = blend(picture, np.broadcast_to(green, picture.shape), mask)


def _lay_jetty(picture: Picture, frame: _Frame, dice: np.random.Generator) -> None:
    """Lay planks out over the water: the deck is 0.55 m above it, the eye 1.75 m."""
    width, height = frame.width_px, frame.height_px
    focal, middle = 0.98 * width, 0.40 * width
    horizon = frame.shore_px - 3
    drop_m, half_m = 1.35, 0.95

    def at(x_m: float, z_m: float, below_m: float = drop_m) -> tuple[float, float]:
        return middle + (x_m + 0.030 * z_m) * focal / z_m, horizon + below_m * focal / z_m

    layer = np.zeros_like(picture)
    cover = np.zeros(picture.shape[:2], np.float32)
    posts = [(s * (half_m - 0.02), z) for z in np.arange(3.4, 13.0, 2.3) for s in (-1, 1)]
    for x_m, z_m in sorted(posts, key=lambda post: -post[1]):
        _fill(
            layer,
            cover,
            [
                at(x_m - 0.08, z_m, 1.9),
                at(x_m + 0.08, z_m, 1.9),
                at(x_m + 0.08, z_m, 1.02),
                at(x_m - 0.08, z_m, 1.02),
            ],
            (0.035, 0.027, 0.026),
        )
    far_m = 12.6
    shade = [
        at(-half_m, 2.0, 1.5),
        at(half_m, 2.0, 1.5),
        at(half_m, far_m, 1.5),
        at(-half_m, far_m, 1.5),
    ]
    _fill(layer, cover, shade, (0.014, 0.012, 0.014))
    z_m = far_m
    while z_m > 1.9:
        deep = 0.135
        lean = dice.normal(0, 0.006)
        ends = half_m + dice.normal(0, 0.014)
        tone = (
            np.array([0.118, 0.088, 0.082], np.float32)
            * dice.uniform(0.66, 1.3)
            * np.array([1, dice.uniform(0.94, 1.04), dice.uniform(0.9, 1.1)])
        )
        corners = [
            at(-ends, z_m - deep + lean),
            at(ends, z_m - deep - lean),
            at(ends, z_m - 0.012 - lean),
            at(-ends, z_m - 0.012 + lean),
        ]
        _fill(layer, cover, corners, (float(tone[0]), float(tone[1]), float(tone[2])))
        z_m -= deep + 0.016
    grain = noise(picture.shape[:2], (height / 900, width / 24), 4, dice)
    sheen = np.linspace(1.7, 0.75, height - horizon, dtype=np.float32)[:, None]
    layer[horizon:] *= sheen[..., None]
    layer *= np.clip(1 + 0.30 * grain, 0.4, 1.8)[..., None]
    picture[:] = blend(picture, layer, blur(cover, 0.5))


def _fill(
    layer: Picture,
    cover: Plane,
    corners: list[tuple[float, float]],
    tone: tuple[float, float, float],
) -> None:
    points = np.round(np.array(corners) * 16).astype(np.int32)
    cv2.fillPoly(layer, [points], tone, cv2.LINE_8, 4)
    cv2.fillPoly(cover, [points], 1.0, cv2.LINE_8, 4)
