"""Scene: dunes in low sun, ripples in the sand, thin high cloud."""

from __future__ import annotations

import numpy as np

from edgeproof.samples.canvas import (
    Picture,
    Plane,
    Scene,
    blend,
    noise,
    ramp,
    random,
    smoothstep,
    softened,
    stacked,
    to_size,
)
from edgeproof.samples.terrain import Camera, Ground, look, normals, sunlit

SUN = np.array([-0.84, 0.33, 0.42], np.float32)  # from the left, low, a little against us
MAP_SIDE = 2048  # cells
CELL_M = 0.55


def paint(width_px: int, height_px: int, seed: int) -> Scene:
    """Return the scene in linear light."""
    dice = random(seed)
    ground = Ground(_heights(dice), CELL_M)
    camera = Camera(width_px, height_px, 0.95 * width_px, 0.36 * height_px, 15.0, 7.0, 1000.0, 1500)
    z, x = look(ground, camera)
    sky = _sky(width_px, height_px, dice)
    is_sky = np.isinf(z)
    z[is_sky] = camera.far_m
    sand = _sand(ground, camera, z, x, dice)
    haze = 1 - np.exp(-np.maximum(z - 60, 0) / 900)
    sand = blend(sand, (0.86, 0.55, 0.36), haze * 0.85)
    edge = softened(is_sky.astype(np.float32), 0.6)
    return Scene(blend(sand, sky, edge), 0.17 * smoothstep(80, 6, z) * (1 - edge))


def _heights(dice: np.random.Generator) -> Plane:
    shape = (MAP_SIDE, MAP_SIDE)
    rows, columns = np.mgrid[0:MAP_SIDE, 0:MAP_SIDE].astype(np.float32)
    x, z = columns * CELL_M, rows * CELL_M
    bend = noise(shape, (420, 300), 4, dice)
    swell = noise(shape, (700, 500), 3, dice)
    total = np.zeros(shape, np.float32)
    for length_m, tall_m, angle, weight in (
        (150, 17, 0.35, 46),
        (61, 5.5, 0.1, 22),
        (27, 1.5, -0.3, 9),
    ):
        along = (x * float(np.cos(angle)) + z * float(np.sin(angle)) + weight * bend) / length_m
        phase = along - np.floor(along)
        # A long windward rise and a short slip face at the angle of repose.
        rise = phase / 0.72
        fall = (1 - phase) / 0.28
        profile = np.minimum(rise**1.25, fall)
        reach = np.clip(0.75 + 0.7 * np.roll(swell, int(length_m), axis=0), 0.12, 1.5)
        total += tall_m * reach * profile.astype(np.float32)
    total += 6 * swell
    total = softened(total, 0.9)
    return total - np.float32(total[20:60, MAP_SIDE // 2 - 60 : MAP_SIDE // 2 + 60].mean())


def _sand(ground: Ground, camera: Camera, z: Plane, x: Plane, dice: np.random.Generator) -> Picture:
    across, away = normals(ground)
    sun_map = softened(sunlit(ground, 26.0, 0.36, 0.5), 0.7)
    shape = (MAP_SIDE, MAP_SIDE)
    wander_map, patch_map = noise(shape, (60, 60), 4, dice), noise(shape, (170, 170), 3, dice)
    read = ground.at(stacked(across, away, sun_map, wander_map), x, z)
    slope_x, slope_z, lit, wander = (np.ascontiguousarray(read[..., i]) for i in range(4))
    patch = ground.at(patch_map, x, z)
    # Wind ripples, 0.3 m apart, running across the wind, gone on slip faces and far away.
    calm = smoothstep(0.75, 0.35, np.hypot(slope_x, slope_z)) * np.clip(1 + patch, 0.25, 1.3)
    fade = smoothstep(95, 14, z)
    phase = (x * 0.94 + z * 0.3) / 0.34 + 2.6 * wander + 2 * patch
    wave = np.cos(2 * np.pi * phase) + 0.35 * np.cos(4 * np.pi * phase + 1)
    ripple = 0.21 * wave * calm * fade
    slope_x = slope_x + ripple
    slope_z = slope_z + 0.3 * ripple
    length = np.sqrt(1 + slope_x**2 + slope_z**2)
    facing = (-SUN[0] * slope_x + SUN[1] - SUN[2] * slope_z) / length
    sun = np.clip(facing, 0, None) * lit
    open_sky = 0.62 + 0.38 / length
    tint = np.clip(1 + 0.10 * wander + 0.12 * patch, 0.6, 1.4)
    albedo = ramp([(0.5, (0.60, 0.30, 0.13)), (1.5, (0.86, 0.50, 0.25))], tint)
    warm = np.array([2.9, 1.95, 1.22], np.float32)
    blue = np.array([0.17, 0.22, 0.36], np.float32)
    bounce = np.array([0.20, 0.11, 0.05], np.float32)
    shade = sun[..., None] * warm + open_sky[..., None] * blue + bounce
    return np.asarray(albedo * shade, np.float32)


def _sky(width_px: int, height_px: int, dice: np.random.Generator) -> Picture:
    small = (height_px // 4, width_px // 4)
    rows = np.linspace(0, 1, small[0], dtype=np.float32)[:, None] * np.ones(small, np.float32)
    columns = np.linspace(0, 1, small[1], dtype=np.float32)[None, :]
    sky = ramp(
        [
            (0.0, (0.05, 0.15, 0.38)),
            (0.18, (0.13, 0.29, 0.55)),
            (0.30, (0.55, 0.55, 0.60)),
            (0.38, (1.02, 0.70, 0.46)),
            (1.0, (1.0, 0.66, 0.42)),
        ],
        rows,
    )
    glow = np.exp(-(((columns + 0.06) / 0.42) ** 2) - ((rows - 0.36) / 0.17) ** 2)
    sky += glow[..., None] * np.array([0.95, 0.52, 0.22], np.float32)
    streak = noise(small, (small[0] / 9, small[1] / 2.2), 6, dice)
    wisp = noise(small, (small[0] / 26, small[1] / 14), 5, dice)
    veil = smoothstep(0.05, 1.5, streak + 0.45 * wisp) * smoothstep(0.42, 0.05, rows)
    sky = blend(sky, (1.05, 0.86, 0.74), np.clip(veil * 0.75, 0, 1))
    return to_size(sky, (width_px, height_px))
