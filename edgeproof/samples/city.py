"""Scene: a city at night over its river: towers, windows, a bridge, long exposure water."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgeproof.samples.canvas import (
    Picture,
    Scene,
    blend,
    blur,
    noise,
    ramp,
    random,
    read_at,
    smeared,
    smoothstep,
    to_size,
)

WARM = ((1.0, 0.62, 0.26), (1.0, 0.74, 0.42), (1.0, 0.50, 0.17))
COOL = ((0.80, 0.92, 1.0), (0.60, 0.82, 1.0), (1.0, 0.93, 0.80))
SIGNS = ((1.6, 0.16, 0.22), (0.15, 0.85, 1.7), (0.30, 1.5, 0.80), (1.5, 0.35, 1.5))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One depth of buildings; sizes as shares of the frame's height and width."""

    tall: float
    wide: tuple[float, float]
    lit: float
    haze: float
    cell_px: float  # of a window at 1500 rows


LAYERS = (
    _Layer(0.42, (0.016, 0.034), 0.30, 0.62, 4.0),
    _Layer(0.34, (0.022, 0.046), 0.42, 0.30, 5.5),
    _Layer(0.19, (0.030, 0.070), 0.46, 0.06, 7.5),
)


def paint(width_px: int, height_px: int, seed: int) -> Scene:
    """Return the scene in linear light."""
    dice = random(seed)
    shore = int(0.640 * height_px)
    above = _sky(width_px, shore, dice)
    for layer in LAYERS:
        _lay_buildings(above, layer, height_px, dice)
        _mist(above, layer.haze, height_px)
    _lay_quay(above, height_px, dice)
    _lay_bridge(above, height_px, dice)
    bloom = blur(np.clip(above - 0.55, 0, 4), width_px / 420) * 0.55
    bloom += blur(np.clip(above - 0.55, 0, 4), width_px / 60) * 0.75
    above += bloom
    return Scene(np.concatenate([above, _river(above, height_px - shore, dice)]))


def _sky(width: int, rows: int, dice: np.random.Generator) -> Picture:
    shape = (rows // 2, width // 2)
    down = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] * np.ones(shape, np.float32)
    across = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    sky = ramp(
        [
            (0, (0.0045, 0.008, 0.026)),
            (0.4, (0.014, 0.022, 0.062)),
            (0.75, (0.075, 0.058, 0.105)),
            (1.0, (0.34, 0.17, 0.12)),
        ],
        down,
    )
    sky *= (1.0 - 0.30 * (across - 0.15) ** 2)[..., None]
    sheet = noise(shape, (shape[0] / 4, shape[1] / 3), 7, dice)
    veil = smoothstep(0.0, 1.5, sheet) * (0.20 + 0.80 * down)
    sky = blend(sky, (0.17, 0.105, 0.135), np.clip(0.55 * veil, 0, 1))
    moon_x, moon_y, moon_r = 0.235 * shape[1], 0.20 * shape[0], 0.0125 * shape[1]
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    far = np.hypot(xs - moon_x, ys - moon_y) / moon_r
    seas = noise(shape, (moon_r * 1.1, moon_r * 1.1), 4, dice)
    sky = blend(
        sky,
        np.clip(1.5 + 0.42 * seas, 0.6, 2.2)[..., None] * np.array([1.0, 0.95, 0.84], np.float32),
        np.clip((1 - far) * moon_r, 0, 1) * (1 - 0.3 * veil),
    )
    halo = 0.20 / (1 + (far / 1.9) ** 2) + 0.05 / (1 + (far / 9) ** 2)
    sky += halo[..., None] * np.array([0.85, 0.85, 1.0], np.float32)
    sky = to_size(sky, (width, rows))
    for _ in range(240):
        x, y = dice.integers(2, width - 2), int(dice.beta(1, 2.4) * rows * 0.75)
        sky[y, x] += np.float32(dice.pareto(2.2) * 0.09)

    return sky


def _lay_buildings(above: Picture, layer: _Layer, tall_px: int, dice: np.random.Generator) -> None:
    width = above.shape[1]
    x = -0.02 * width
    while x < width:
        wide = dice.uniform(*layer.wide) * width
        at = (x + wide / 2) / width
        envelope = (
            0.30
            + 0.85 * np.exp(-(((at - 0.64) / 0.17) ** 2))
            + 0.42 * np.exp(-(((at - 0.22) / 0.10) ** 2))
        )
        height = layer.tall * tall_px * envelope * dice.uniform(0.55, 1.08)
        _lay_tower(above, (x, wide, height), layer, tall_px, dice)
        x += wide * dice.uniform(0.80, 1.12)


def _lay_tower(
    above: Picture,
    place: tuple[float, float, float],
    layer: _Layer,
    tall_px: int,
    dice: np.random.Generator,
) -> None:
    rows, width = above.shape[:2]
    x, wide, height = place
    cell = max(2.0, layer.cell_px * tall_px / 1500 * dice.uniform(0.8, 1.25))
    palette = WARM if dice.random() < 0.62 else COOL
    lit = layer.lit * dice.uniform(0.3, 1.35)
    tiers = (
        [(1.0, 1.0)]
        if dice.random() < 0.5
        else [(1.0, dice.uniform(0.62, 0.85)), (dice.uniform(0.55, 0.75), 1.0)]
    )
    body = np.array([0.020, 0.021, 0.030], np.float32) * dice.uniform(0.5, 1.9)
    for share, reach in tiers:
        left = int(max(0, x + wide * (1 - share) / 2))
        right = int(min(width, x + wide * (1 + share) / 2))
        top = int(max(0, rows - height * reach))
        if right - left < 4 or rows - top < 4:
            continue
        face = _face((rows - top, right - left), cell, lit, palette, dice)
        fade = np.linspace(0.75, 1.25, rows - top, dtype=np.float32)[:, None, None]
        above[top:rows, left:right] = body * fade + face
        flank = max(1, int((right - left) * 0.18))
        above[top:rows, right - flank : right] *= 0.36
        above[top : top + max(1, int(cell / 3)), left:right] += body * 1.5
    crown = dice.random()
    top = int(max(0, rows - height))
    middle, thin = int(x + wide / 2), max(1, int(tall_px / 1100))
    if crown < 0.16 and 0 < middle < width - 2:
        mast = int(height * dice.uniform(0.10, 0.20))
        above[max(0, top - mast) : top, middle : middle + thin] = (0.03, 0.03, 0.04)
        cv2.circle(
            above,
            (middle, max(0, top - mast)),
            max(1, tall_px // 620),
            (3.2, 0.16, 0.10),
            -1,
            cv2.LINE_AA,
        )
    elif crown < 0.34:
        sign = np.array(SIGNS[dice.integers(len(SIGNS))], np.float32)
        left, right = int(max(0, x + wide * 0.08)), int(min(width, x + wide * 0.80))
        above[top + 2 : top + 2 + max(2, int(cell * 0.7)), left:right] = sign * 0.95


def _face(
    shape: tuple[int, int],
    cell: float,
    lit: float,
    palette: tuple[tuple[float, float, float], ...],
    dice: np.random.Generator,
) -> Picture:
    floors, bays = max(2, int(shape[0] / cell)), max(2, int(shape[1] / (cell * 0.78)))
    busy = np.clip(lit * dice.lognormal(0, 0.55, (floors, 1)), 0, 0.97)
    on = dice.random((floors, bays)) < busy
    strength = on * dice.lognormal(-0.55, 0.62, (floors, bays)) + 0.012
    hues = np.array(palette, np.float32)[dice.integers(0, len(palette), (floors, bays))]
    grid = (strength[..., None] * hues).astype(np.float32)
    rows = (np.arange(shape[0]) + 0.5) / shape[0] * floors
    columns = (np.arange(shape[1]) + 0.5) / shape[1] * bays
    face = grid[rows.astype(int)][:, columns.astype(int)]
    open_rows = smoothstep(0.18, 0.34, (rows % 1).astype(np.float32)) * smoothstep(
        0.98, 0.80, (rows % 1).astype(np.float32)
    )
    open_columns = smoothstep(0.10, 0.28, (columns % 1).astype(np.float32)) * smoothstep(
        0.95, 0.78, (columns % 1).astype(np.float32)
    )
    glass = open_rows[:, None] * open_columns[None, :]
    return np.asarray(face * glass[..., None] * np.float32(0.95), np.float32)


def _mist(above: Picture, share: float, tall_px: int) -> None:
    rows, width = above.shape[:2]
    depth = (rows - np.arange(rows, dtype=np.float32)) / tall_px
    veil = share * (0.20 + 0.80 * np.exp(-depth / 0.16))
    above[:] = blend(above, (0.155, 0.085, 0.075), np.repeat(veil[:, None] * 0.55, width, axis=1))


def _lay_quay(above: Picture, tall_px: int, dice: np.random.Generator) -> None:
    rows, width = above.shape[:2]
    wall = int(0.020 * tall_px)
    crowns = noise((wall * 2, width), (wall, tall_px / 40), 4, dice)
    height = np.linspace(1, 0, wall * 2, dtype=np.float32)[:, None]
    trees = smoothstep(0.02, -0.02, height - 0.52 - 0.25 * crowns)
    above[rows - wall * 2 :] = blend(above[rows - wall * 2 :], (0.010, 0.013, 0.013), trees)
    above[rows - wall // 2 :] = (0.055, 0.040, 0.032)
    for x in np.arange(0.006, 1, 0.0165) * width:
        lamp = (int(x + dice.normal(0, 0.001) * width), int(rows - wall * 0.78))
        cv2.circle(above, lamp, max(1, int(tall_px / 560)), (3.6, 2.1, 0.85), -1, cv2.LINE_AA)


def _lay_bridge(above: Picture, tall_px: int, dice: np.random.Generator) -> None:
    """Hang a suspension bridge in the left half, its cables set with lamps."""
    rows, width = above.shape[:2]
    deck = rows - int(0.058 * tall_px)
    towers, tower_top = (0.085 * width, 0.405 * width), rows - int(0.235 * tall_px)
    thick = max(1, tall_px // 420)
    cv2.rectangle(
        above, (0, deck), (int(0.515 * width), deck + 3 * thick), (0.035, 0.030, 0.034), -1
    )
    for x in towers:
        for side in (-1, 1):
            cv2.rectangle(
                above,
                (int(x + side * 4.2 * thick) - thick, tower_top),
                (int(x + side * 4.2 * thick) + thick, rows),
                (0.16, 0.12, 0.11),
                -1,
            )
        for share in (0.02, 0.34, 0.62):
            y = int(tower_top + share * (deck - tower_top))
            cv2.rectangle(
                above,
                (int(x - 5 * thick), y),
                (int(x + 5 * thick), y + thick),
                (0.20, 0.145, 0.12),
                -1,
            )
    spans = [
        (towers[0], towers[1], tower_top, tower_top),
        (towers[1], 0.515 * width, tower_top, deck),
        (-0.09 * width, towers[0], deck - 0.02 * tall_px, tower_top),
    ]
    for left, right, start, end in spans:
        t = np.linspace(0, 1, 44)
        sag = (
            (deck - 0.012 * tall_px - 0.5 * (start + end)) * 4
            if start == end
            else 0.045 * tall_px * 4 * 0.4
        )
        x = left + (right - left) * t
        y = start + (end - start) * t + sag * t * (1 - t)
        line = np.stack([x, y], axis=1).astype(np.int32)
        cv2.polylines(
            above,
            [line],
            isClosed=False,
            color=(0.11, 0.085, 0.075),
            thickness=max(1, thick // 2),
            lineType=cv2.LINE_AA,
        )
        for px, py in line:
            if py < deck:
                cv2.line(
                    above,
                    (int(px), int(py)),
                    (int(px), deck),
                    (0.045, 0.036, 0.034),
                    1,
                    cv2.LINE_AA,
                )
            cv2.circle(
                above, (int(px), int(py)), max(1, thick // 2), (2.6, 2.3, 1.7), -1, cv2.LINE_AA
            )
    trail = deck - 2 * thick
    for x in dice.uniform(0, 0.515, 60) * width:
        long = dice.uniform(0.004, 0.02) * width
        tone = (2.6, 0.22, 0.10) if dice.random() < 0.5 else (2.4, 2.2, 1.7)
        cv2.line(
            above, (int(x), trail), (int(min(x + long, 0.513 * width)), trail), tone, 1, cv2.LINE_AA
        )


def _river(above: Picture, rows: int, dice: np.random.Generator) -> Picture:
    shore, width = above.shape[:2]
    down = np.arange(1, rows + 1, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    z = 1.25 * width / (down + 6)
    x = (columns - width / 2) * z / width
    sea = noise((1024, 1024), (20, 34), 5, dice)
    flow = read_at(sea, x * 26 + 512, z * 30, wraps=True)
    slow = read_at(sea, x * 3 + 300, z * 3.5, wraps=True)
    tall = np.float32(shore + rows)
    # Long exposure: lights are drawn out downwards, far more than sideways.
    drawn = smeared(above, (max(1, width // 700), max(3, int(tall / 26))))
    drawn = (
        0.30 * above
        + 0.42 * drawn
        + 0.28 * smeared(above, (max(1, width // 300), max(3, int(tall / 9))))
    )
    wobble = (0.004 * tall + 0.085 * down) * flow
    row = np.clip(shore - 1 - 1.12 * down + wobble, 0, shore - 1)
    water = read_at(drawn, columns + 0.012 * down * flow, row)
    glint = np.clip(0.70 - 0.22 * down / rows + 0.20 * flow + 0.10 * slow, 0.10, 1.15)
    depth = np.array([0.004, 0.006, 0.012], np.float32)
    return np.asarray(water * glint[..., None] + depth, np.float32)
