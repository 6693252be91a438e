"""Over-sharpening: light and dark lines along edges."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from origin.printing.preflight.seen import Seen
from origin.printing.preflight.tiles import tile_means
from origin.printing.values import Check, Severity

FINE_PX: Final = 1.5
COARSE_PX: Final = 4.0
"""Widths of the two bands of detail, as sigmas: halos are as wide as the radius of sharpening."""
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


def overshoot(grey: NDArray[np.float32]) -> float:
    """Return the energy of details up to 1.5 px over that of those from 1.5 to 4 px, at edges.

    grey: (h, w) float32, 0..255, at print scale.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), FINE_PX)
    fine = grey - smooth
    coarse = smooth - cv2.GaussianBlur(smooth, (0, 0), COARSE_PX)
    fine_energy = tile_means(np.asarray(fine * fine, np.float32))
    coarse_energy = tile_means(np.asarray(coarse * coarse, np.float32))
    chosen = coarse_energy >= np.quantile(coarse_energy, EDGES)
    ratio = fine_energy[chosen] / np.maximum(coarse_energy[chosen], 1.0)
    return float(np.percentile(ratio, TYPICAL))
