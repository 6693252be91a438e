"""A camera over a height map: which ground point each pixel sees, where the sun does not reach.

The map is ``(rows, columns) float32`` of heights in metres; rows run away from the camera (z),
columns to the right (x). Rendering is a column march over all columns at once: project each depth,
keep the running maximum, and count per pixel how many depths stay below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgeproof.samples.canvas import Plane, read_at

COLUMNS_AT_ONCE = 1024  # columns marched together: bounds the memory to some 30 MB


@dataclass(frozen=True, slots=True)
class Ground:
    """Heights with their scale: ``cell_m`` metres per map cell; x = 0 is the middle column."""

    heights_m: Plane
    cell_m: float

    def at(self, planes: Plane, x_m: Plane, z_m: Plane) -> Plane:
        """Return planes of the map's size (1 to 4 bands) at world points; the map mirrors on."""
        columns = x_m / self.cell_m + np.float32(planes.shape[1] / 2)
        rows = z_m / self.cell_m
        return read_at(planes, columns, rows)


@dataclass(frozen=True, slots=True)
class Camera:
    """``focal_px`` px of focal length; ``horizon_px`` rows from the top; ``eye_m`` above zero."""

    width_px: int
    height_px: int
    focal_px: float
    horizon_px: float
    eye_m: float
    near_m: float
    far_m: float
    steps: int


def look(ground: Ground, camera: Camera) -> tuple[Plane, Plane]:
    """Return per pixel the depth z in metres (inf where the sky is) and the world x in metres."""
    shape = (camera.height_px, camera.width_px)
    depth = np.empty(shape, np.float32)
    aside = np.empty(shape, np.float32)
    for left in range(0, camera.width_px, COLUMNS_AT_ONCE):
        columns = np.arange(left, min(left + COLUMNS_AT_ONCE, camera.width_px), dtype=np.float32)
        z = _march(ground, camera, columns)
        depth[:, left : left + len(columns)] = z
        slope = (columns - camera.width_px / 2) / camera.focal_px
        aside[:, left : left + len(columns)] = np.where(np.isinf(z), 0, z) * slope
    return depth, aside


def _march(ground: Ground, camera: Camera, columns: Plane) -> Plane:
    rows, count, steps = camera.height_px, len(columns), camera.steps
    z = np.geomspace(camera.near_m, camera.far_m, steps).astype(np.float32)[:, None]
    x = z * ((columns - camera.width_px / 2) / camera.focal_px)[None, :]
    heights = ground.at(ground.heights_m, x, np.broadcast_to(z, x.shape).copy())
    # Rows counted from the bottom of the frame upwards, of the highest ground met so far.
    up = rows - 0.5 - camera.horizon_px + camera.focal_px * (heights - camera.eye_m) / z
    top = np.maximum.accumulate(up, axis=0)
    first_above = np.clip(np.floor(top) + 1, 0, rows).astype(np.int64)
    cells = first_above * count + np.arange(count)[None, :]
    seen = np.bincount(cells.ravel(), minlength=(rows + 1) * count)[: rows * count]
    hit = np.cumsum(seen.reshape(rows, count), axis=0)  # depths that stay below this pixel
    inside = np.clip(hit, 1, steps - 1)
    here = np.arange(rows, dtype=np.float32)[:, None]
    at = np.arange(count)[None, :]
    before, after = up[inside - 1, at], up[inside, at]
    share = np.clip((here - before) / np.maximum(after - before, 1e-3), 0, 1)
    found = z[inside - 1, 0] + share * (z[inside, 0] - z[inside - 1, 0])
    return np.where(hit >= steps, np.inf, found).astype(np.float32)[::-1]


def normals(ground: Ground) -> tuple[Plane, Plane]:
    """Return the slopes dh/dx and dh/dz (metres per metre) of every map cell."""
    scale = 1 / (8 * ground.cell_m)
    across = cv2.Sobel(ground.heights_m, cv2.CV_32F, 1, 0, ksize=3, scale=scale)
    away = cv2.Sobel(ground.heights_m, cv2.CV_32F, 0, 1, ksize=3, scale=scale)
    return np.asarray(across, np.float32), np.asarray(away, np.float32)


def sunlit(ground: Ground, bearing_deg: float, tangent: float, soft_m: float) -> Plane:
    """Return 0 in cast shadow to 1 in the sun.

    bearing_deg: where the light comes from, 0 = from the left, 90 = from far away, towards us.
    tangent: of the sun's elevation. soft_m: height over which the shadow's edge fades.
    """
    rows, columns = ground.heights_m.shape
    side = int(np.hypot(rows, columns)) + 2
    spin = cv2.getRotationMatrix2D((columns / 2, rows / 2), -bearing_deg, 1)
    spin[:, 2] += (side / 2 - columns / 2, side / 2 - rows / 2)
    turned = cv2.warpAffine(ground.heights_m, spin, (side, side), borderMode=cv2.BORDER_REPLICATE)
    across = np.ascontiguousarray(turned.T)
    shadow = np.empty_like(across)
    level = across[0].copy()
    drop = tangent * ground.cell_m
    for column in range(side):
        level = np.maximum(level - drop, across[column])
        shadow[column] = level
    lit = np.clip(1 - (shadow - across) / soft_m, 0, 1).T
    back = cv2.invertAffineTransform(spin)
    turned_back = cv2.warpAffine(np.ascontiguousarray(lit), back, (columns, rows))
    return np.asarray(turned_back, np.float32)
