"""Scene: glass baubles on a polished table before a sea of blurred lights, in Display P3."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeproof.samples.canvas import (
    Floats,
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
    to_size,
)

Vectors = Picture  # (n, 3) float32, unit length where they are directions

EYE = np.array([0.0, 1.55, -7.2], np.float32)
LUMINANCE = np.array([0.2290, 0.6917, 0.0793], np.float32)  # of the Display P3 primaries
PURITY = np.float32(1.18)
PITCH = -0.075  # radians, looking slightly down
LIGHTS = (
    (2.6, 1.25, 0.35),
    (2.8, 0.65, 0.12),
    (2.4, 0.16, 0.10),
    (0.20, 1.3, 0.75),
    (0.25, 0.55, 2.4),
    (2.3, 0.30, 1.25),
    (2.6, 1.9, 1.2),
)


@dataclass(frozen=True, slots=True)
class _Bauble:
    x: float
    z: float
    radius: float
    colour: tuple[float, float, float]
    glitter: float  # 0: mirror, up to 0.5: rough
    y: float = 0.0

    @property
    def centre(self) -> Vectors:
        return np.array([self.x, self.radius + self.y, self.z], np.float32)


BAUBLES = (
    _Bauble(-1.42, 0.55, 1.02, (0.93, 0.010, 0.030), 0.0),
    _Bauble(0.62, -0.15, 0.86, (1.00, 0.62, 0.16), 0.0),
    _Bauble(2.30, 0.85, 0.74, (0.00, 0.62, 0.40), 0.28),
    _Bauble(-0.36, -1.55, 0.40, (0.80, 0.02, 0.62), 0.0),
    _Bauble(1.92, -1.35, 0.36, (0.95, 0.05, 0.03), 0.30),
    _Bauble(-2.62, -0.75, 0.50, (0.95, 0.80, 0.62), 0.22),
)


def paint(width_px: int, height_px: int, seed: int) -> Scene:
    """Return the scene in linear light of the Display P3 primaries."""
    dice = random(seed)
    room = _room(dice)
    picture = _background(width_px, height_px, dice)
    rays = _rays(width_px, height_px)
    _lay_table(picture, rays, room, dice)
    for bauble in sorted(BAUBLES, key=lambda b: -b.z):
        _lay_bauble(picture, rays, bauble, room, dice)
    picture += 0.28 * blur(np.clip(picture - 0.9, 0, 3), width_px / 70)
    # Purer colours than sRGB has: away from the grey of the same luminance (SMPTE EG 432-1).
    grey = (picture @ LUMINANCE)[..., None]
    return Scene(np.maximum(grey + PURITY * (picture - grey), 0))


def _room(dice: np.random.Generator) -> Picture:
    """Return what surrounds the table as the glass mirrors it: 512 latitudes, 1024 longitudes."""
    height, width = 512, 1024
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones(
        (height, width), np.float32
    )
    room = ramp(
        [(0, (0.10, 0.075, 0.06)), (0.45, (0.045, 0.03, 0.03)), (1, (0.02, 0.012, 0.01))], rows
    )
    # A tall window behind the camera and a lamp: large highlights make glass look like glass.
    cv2.rectangle(room, (175, 120), (262, 238), (3.4, 3.7, 4.3), -1)
    cv2.line(room, (218, 120), (218, 238), (0.05, 0.05, 0.06), 5)
    cv2.line(room, (175, 176), (262, 176), (0.05, 0.05, 0.06), 5)
    cv2.circle(room, (395, 105), 24, (6.0, 3.9, 2.0), -1)
    for _ in range(240):
        colour = np.array(LIGHTS[dice.integers(len(LIGHTS))]) * dice.uniform(0.8, 4.0)
        x, y = int(dice.uniform(470, 1500)) % width, int(dice.normal(235, 62))
        cv2.circle(room, (x, y), int(dice.integers(1, 5)), colour.tolist(), -1, cv2.LINE_AA)
    return softened(room, 1.1)


def _seen(room: Picture, way: Vectors) -> Picture:
    longitude = (np.arctan2(way[:, 0], -way[:, 2]) / (2 * np.pi) + 0.25) % 1
    latitude = np.arccos(np.clip(way[:, 1], -1, 1)) / np.pi
    at_x = (longitude * room.shape[1])[:, None].astype(np.float32)
    at_y = (latitude * (room.shape[0] - 1))[:, None].astype(np.float32)
    return _remap(room, at_x, at_y)


def _remap(plane: Picture, at_x: Plane, at_y: Plane) -> Picture:
    """Return a long list of points read from a plane (OpenCV wants fewer than 32,768 rows)."""
    count = len(at_x)
    wide = -(-count // 1024) * 1024
    shape = (1024, wide // 1024)
    points = [np.pad(axis.ravel(), (0, wide - count)).reshape(shape) for axis in (at_x, at_y)]
    read = read_at(plane, points[0], points[1], wraps=True)
    return read.reshape(wide, -1)[:count]


def _background(width_px: int, height_px: int, dice: np.random.Generator) -> Picture:
    shape = (height_px, width_px)
    rows = np.linspace(0, 1, height_px, dtype=np.float32)[:, None] * np.ones(shape, np.float32)
    picture = ramp(
        [
            (0, (0.010, 0.016, 0.022)),
            (0.35, (0.028, 0.030, 0.030)),
            (0.62, (0.075, 0.040, 0.024)),
            (1, (0.03, 0.015, 0.01)),
        ],
        rows,
    )
    fir = noise(shape, (height_px / 5, width_px / 7), 3, dice)
    picture += np.clip(fir, 0, 2)[..., None] * np.array([0.012, 0.040, 0.026], np.float32)
    _add_discs(picture, dice, 210, (0.007, 0.030), (0.12, 1.0), (-0.05, 0.50))
    return picture


def _add_discs(
    picture: Picture,
    dice: np.random.Generator,
    count: int,
    radius: tuple[float, float],
    strength: tuple[float, float],
    rows: tuple[float, float],
) -> None:
    """Add blurred lights: flat discs with a slightly brighter rim, as a fast lens draws them."""
    height, width = picture.shape[:2]
    for _ in range(count):
        r = dice.uniform(*radius) * width
        x, y = dice.uniform(-0.03, 1.03) * width, dice.uniform(*rows) * height
        colour = np.array(LIGHTS[dice.integers(len(LIGHTS))], np.float32) * dice.uniform(*strength)
        top, left = max(0, int(y - r - 3)), max(0, int(x - r - 3))
        patch = picture[top : int(y + r + 4), left : int(x + r + 4)]
        if patch.size == 0:
            continue
        down = np.arange(top, top + patch.shape[0], dtype=np.float32)[:, None] - y
        across = np.arange(left, left + patch.shape[1], dtype=np.float32)[None, :] - x
        far = np.hypot(down, across) / r
        disc = np.clip((1 - far) * r / 2.2, 0, 1) * (
            0.62 + 0.38 * np.clip((far - 0.72) / 0.28, 0, 1)
        )
        patch += (disc[..., None] * colour * 0.42).astype(np.float32)


def _rays(width_px: int, height_px: int) -> Picture:
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    across = (x + 0.5 - width_px / 2) / width_px * 0.98
    up = (height_px / 2 - y - 0.5) / width_px * 0.98
    rays = np.stack([across, up + PITCH, np.ones_like(across)], axis=-1)
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True), np.float32)


def _lay_table(picture: Picture, rays: Picture, room: Picture, dice: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    first = int(np.argmax(rays[:, 0, 1] < -0.028))
    way = rays[first:]
    distance = -EYE[1] / way[..., 1]
    x, z = way[..., 0] * distance, EYE[2] + way[..., 2] * distance
    mirrored = _polish(picture[: first + 1], way, np.stack([x, np.zeros_like(x), z], axis=-1), room)
    fresnel = 0.10 + 0.75 * (1 - np.abs(way[..., 1])) ** 5
    table = _wood(x, z, dice) + mirrored * np.minimum(fresnel, 0.75)[..., None]
    near = smoothstep(-2.6, -4.6, z)
    out_of_focus = np.clip(smoothstep(1.6, 6.0, z) + near, 0, 1)
    table = blend(table, blur(table, width / 190), out_of_focus)
    haze = smoothstep(6.0, 12.5, z)
    picture[first:] = blend(table, blur(picture[first:], width / 60), haze)
    # The far edge of the table is out of focus: let both sides run into each other.
    away = (np.arange(height, dtype=np.float32) - first) / (0.050 * height)
    share = np.repeat(np.exp(-(away**2))[:, None], width, axis=1)
    picture[:] = blend(picture, blur(picture, width / 42), share)


def _wood(x: Floats, z: Floats, dice: np.random.Generator) -> Picture:
    """Return boards with grain and gaps, lit by a lamp, dark where the baubles stand."""
    grain = noise((1024, 1024), (9, 260), 6, dice)
    board = np.floor(z / 1.35)
    vein = read_at(grain, x * 46 + 512, z * 62 + board * 271 + 400, wraps=True)
    rings = 0.5 + 0.5 * np.sin(9 * vein + 1.2 * board)
    tone = rings * 0.75 + 0.25 * (vein + 1) / 2
    surface = ramp([(0, (0.045, 0.017, 0.008)), (1, (0.125, 0.050, 0.021))], tone)
    gap = np.abs(z / 1.35 - np.round(z / 1.35)) * 1.35
    surface *= smoothstep(0.004, 0.022, gap)[..., None] * 0.85 + 0.15
    lamp = np.exp(-((x - 0.4) ** 2) / 14 - (z + 0.6) ** 2 / 16)
    dark = np.ones_like(x)
    for bauble in BAUBLES:
        r = bauble.radius
        apart = np.hypot(x - bauble.x - 0.10 * r, z - bauble.z - 0.16 * r) / r
        dark *= 1 - 0.96 * np.exp(-((apart / 0.60) ** 2))
    warm = np.array([1.15, 1.0, 0.85], np.float32)
    return np.asarray(surface * ((0.55 + 2.6 * lamp) * dark)[..., None] * warm, np.float32)


def _polish(above: Picture, way: Picture, points: Picture, room: Picture) -> Picture:
    """Return what the polish mirrors: the lights behind, drawn out downwards, and the baubles."""
    rows, width = way.shape[:2]
    lights = to_size(above[::-1], (width, max(rows, 2)))[:rows]
    box = (max(3, width // 320), max(3, (rows + len(above)) // 14))
    mirrored = smeared(blur(lights, width / 260), box).reshape(-1, 3)
    up = (way * np.array([1, -1, 1], np.float32)).reshape(-1, 3)
    for bauble in sorted(BAUBLES, key=lambda b: -b.z):
        inside, normal = _meet(bauble, points.reshape(-1, 3), up)
        if inside.any():
            mirrored[inside] = 2.2 * _glass(bauble, up[inside], normal[inside], room)
    return softened(mirrored.reshape(way.shape), width / 900)


def _meet(bauble: _Bauble, origin: Floats, way: Vectors) -> tuple[NDArray[np.bool_], Vectors]:
    """Return where rays meet the bauble: a mask, and the outward normals there."""
    towards = np.broadcast_to(bauble.centre - origin, way.shape)
    along = np.einsum("ij,ij->i", towards, way)
    near2 = np.einsum("ij,ij->i", towards, towards) - along**2
    depth = np.sqrt(np.maximum(bauble.radius**2 - near2, 0))
    hit = (near2 < bauble.radius**2) & (along > 0)
    normal = (way * (along - depth)[:, None] - towards) / bauble.radius
    return hit, np.asarray(normal, np.float32)


def _glass(
    bauble: _Bauble, way: Vectors, normal: Vectors, room: Picture, depth: int = 0
) -> Picture:
    """Return the light that coloured mirror glass sends back along each ray."""
    cosine = -np.einsum("ij,ij->i", way, normal)
    back = way + 2 * cosine[:, None] * normal
    light = _seen(room, back)
    falls = back[:, 1] < -0.02
    under = (
        np.array([0.20, 0.085, 0.036], np.float32)
        * np.clip(0.75 + 0.9 * back[:, 1:2], 0.06, 1)[falls]
    )
    light[falls] = under * smoothstep(0.0, -0.35, back[falls, 1])[:, None] + light[falls] * 0.3
    if depth == 0:
        start = bauble.centre + normal * bauble.radius
        for other in BAUBLES:
            if other is bauble:
                continue
            hit, far_normal = _meet(other, start, back)
            if hit.any():
                light[hit] = _glass(other, back[hit], far_normal[hit], room, 1)
    tint = np.array(bauble.colour, np.float32)
    edge = (0.06 + 0.94 * (1 - np.clip(cosine, 0, 1)) ** 5)[:, None]
    silver = light * (tint * (1 - edge) + edge)
    body = tint * (0.018 + 0.045 * np.clip(normal[:, 1:2], 0, 1))
    return np.asarray(silver + body, np.float32)


def _lay_bauble(
    picture: Picture, rays: Picture, bauble: _Bauble, room: Picture, dice: np.random.Generator
) -> None:
    height, width = picture.shape[:2]
    towards = bauble.centre - EYE
    far = float(np.linalg.norm(towards))
    focal = width / 0.98
    middle_x = width / 2 + focal * towards[0] / towards[2]
    middle_y = height / 2 - focal * (towards[1] / towards[2] - PITCH)
    reach = focal * bauble.radius / far * 1.12 + 4
    box = (
        slice(max(0, int(middle_y - reach)), int(middle_y + reach) + 1),
        slice(max(0, int(middle_x - reach)), int(middle_x + reach) + 1),
    )
    _lay_cap(picture, (middle_x, middle_y), focal * bauble.radius / far, dice)
    way = rays[box].reshape(-1, 3)
    patch_shape = rays[box].shape
    hit, normal = _meet(bauble, EYE, way)
    along = way @ towards.astype(np.float32)
    miss = np.sqrt(np.maximum(far**2 - along**2, 0))
    cover = np.clip((bauble.radius - miss) * focal / far + 0.5, 0, 1).reshape(patch_shape[:2])
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    if bauble.glitter > 0:
        grains = (
            noise(patch_shape[:2], (2.6, 2.6), 2, dice),
            noise(patch_shape[:2], (2.6, 2.6), 2, dice),
        )
        normal[:, 0] += bauble.glitter * grains[0].ravel()
        normal[:, 1] += bauble.glitter * grains[1].ravel()
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    light = np.zeros((len(way), 3), np.float32)
    ring = (
        cv2.dilate(hit.reshape(patch_shape[:2]).astype(np.uint8), np.ones((3, 3), np.uint8)).ravel()
        > 0
    )
    light[ring] = _glass(bauble, way[ring], normal[ring], room)
    shaded = light.reshape(patch_shape)
    soft = 0.6 + 2.4 * max(0.0, abs(bauble.z + 0.1) - 0.75) * width / 2100
    if soft > 0.7:
        shaded, cover = blur(shaded, soft), blur(cover, soft)
    picture[box] = blend(picture[box], shaded, cover)


def _lay_cap(
    picture: Picture, middle: tuple[float, float], radius_px: float, dice: np.random.Generator
) -> None:
    x, y = middle
    wide, tall = 0.17 * radius_px, 0.17 * radius_px
    top = y - radius_px * 1.0
    cv2.ellipse(
        picture,
        (int(x), int(top - 0.26 * radius_px)),
        (int(wide * 0.55), int(wide * 0.75)),
        0,
        0,
        360,
        (0.75, 0.52, 0.20),
        max(1, int(radius_px / 50)),
        cv2.LINE_AA,
    )
    ys, xs = np.mgrid[
        int(top - tall) : int(top + 0.12 * radius_px), int(x - wide) : int(x + wide)
    ].astype(np.float32)
    across = (xs - x) / wide
    ridges = 0.75 + 0.25 * np.sin(np.arcsin(np.clip(across, -0.999, 0.999)) * 18)
    shine = (
        0.10
        + 1.5 * np.exp(-(((across + 0.35) / 0.22) ** 2))
        + 0.45 * np.exp(-(((across - 0.55) / 0.12) ** 2))
    )
    metal = (shine * ridges)[..., None] * np.array([1.0, 0.68, 0.26], np.float32)
    cover = smoothstep(1.0, 0.94, np.abs(across)) * smoothstep(0, 1.5, ys - ys.min())
    if metal.size:
        box = (slice(int(ys.min()), int(ys.max()) + 1), slice(int(xs.min()), int(xs.max()) + 1))
        picture[box] = blend(picture[box], metal, cover)
