"""Over-sharpening: light and dark lines along edges."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from origin.printing.preflight.seen import Seen
from origin.printing.preflight.tiles import SIDE_PX, Values, tile_means
from origin.printing.values import Check, Severity

FINE_PX: Final = 1.5
COARSE_PX: Final = 4.0
"""Widths of the two bands of detail, as sigmas: halos are as wide as the radius of sharpening."""
ROWS: Final = 8 * SIDE_PX
AROUND_PX: Final = 24
"""OpenCV's blurs see 4 sigmas: 6 px, and then 8 of every second."""
EDGES: Final = 0.8
TYPICAL: Final = 75


def check_halo(seen: Seen) -> Check:
    """Compare the finest details with the next ones: a note, since fine texture looks like it."""
    found, limit = overshoot(seen.grey), seen.limits.overshoot
    is_over = found > limit
    words = (
        "The photo looks strongly sharpened; on paper its edges may have light and dark lines."
        if is_over
        else "The photo does not look over-sharpened."
    )
    severity = Severity.NOTE if is_over else None
    return Check("preflight.halo", severity, round(found, 2), limit, "ratio", words)


def overshoot(grey: Values) -> float:
    """Return the energy of details up to 1.5 px over that of those from 1.5 to 4 px, at edges.

    grey: (h, w) float32, 0..255, at print scale.
    """
    # A side below a tile's is one tile, even, so that the details at half size are one tile too.
    rows, columns = (side // SIDE_PX * SIDE_PX or side // 2 * 2 or side for side in grey.shape)
    whole = grey[:rows, :columns]
    found = [_energies(whole, top, min(top + ROWS, rows)) for top in range(0, rows, ROWS)]
    fine_energy, coarse_energy = (np.concatenate(parts) for parts in zip(*found, strict=True))
    chosen = coarse_energy >= np.quantile(coarse_energy, EDGES)
    ratio = fine_energy[chosen] / np.maximum(coarse_energy[chosen], 1.0)
    return float(np.percentile(ratio, TYPICAL))


def _energies(grey: Values, top: int, bottom: int) -> tuple[Values, Values]:
    """Return the mean squared fine and coarse details of the tiles in some rows of a picture.

    A few rows of tiles at a time, and what the blurs see around them, stay in the processor's
    cache. Without its details of less than 2 px, every second px of a picture is enough of it.
    """
    first = max(top - AROUND_PX, 0)
    part = grey[first : bottom + AROUND_PX]
    smooth = cv2.GaussianBlur(part, (0, 0), FINE_PX)
    fine = cv2.subtract(part, smooth)[top - first : bottom - first]
    half = smooth[::2, ::2]
    coarse = cv2.subtract(half, cv2.GaussianBlur(half, (0, 0), COARSE_PX / 2))
    coarse = coarse[(top - first) // 2 : (bottom - first + 1) // 2]
    return (
        tile_means(np.asarray(cv2.multiply(fine, fine), np.float32)),
        tile_means(np.asarray(cv2.multiply(coarse, coarse), np.float32), SIDE_PX // 2),
    )
