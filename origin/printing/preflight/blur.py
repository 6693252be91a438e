"""Blur, and photos that were enlarged before: both lack the detail that their px could hold."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from origin.printing.preflight.seen import Seen
from origin.printing.preflight.tiles import SIDE_PX, Values, tile_means
from origin.printing.preflight.words import size_words, smaller
from origin.printing.values import Check, Severity

EDGES: Final = 0.8
"""Quantile of the gradient: a photo is judged where it has edges; sky is never sharp."""
BEST: Final = 90
"""Percentile of those tiles: a photo with one sharp subject is a sharp photo."""
ROWS: Final = 4 * SIDE_PX
FLAT: Final = 0.5
"""Least mean square gradient, in squared levels: less is a plain surface, which says nothing."""


def check_blur(seen: Seen) -> Check:
    """Judge the sharpest edges of the picture at print scale."""
    found, limit = sharpness(seen.grey), seen.limits.sharpness
    if found is None or found >= limit:
        words = (
            "The photo is sharp enough." if found else "There are no edges to judge sharpness by."
        )
        measured = round(found, 2) if found else 0.0
        return Check("preflight.blur", None, measured, limit, "ratio", words)
    best = size_words(smaller(seen.trim_um, math.sqrt(found / limit)))
    words = f"This photo will look soft at {size_words(seen.trim_um)}; choose {best} or smaller."
    return Check("preflight.blur", Severity.WARN, round(found, 2), limit, "ratio", words)


def sharpness(grey: Values) -> float | None:
    """Return the variance of the Laplacian over that of the gradient, where the edges are.

    grey: (h, w) float32, 0..255, at print scale, at least 3 px each way. The quotient does not
    depend on contrast, and falls with the square of the width of a blur (the Laplacian's energy
    falls with its fourth power, the gradient's with its second). The Laplacian alone is that of
    Pech-Pacheco et al., ICPR 2000. None where there is no edge.
    """
    rows = grey.shape[0] - 1
    found = [_energies(grey, top, min(top + ROWS, rows)) for top in range(0, rows, ROWS)]
    if len(found) > 1 and rows % ROWS and rows % ROWS < SIDE_PX:
        found.pop()  # no whole tile
    gradient, laplacian = (np.concatenate(parts) for parts in zip(*found, strict=True))
    chosen = (gradient >= np.quantile(gradient, EDGES)) & (gradient > FLAT)
    if not chosen.any():
        return None
    return float(np.percentile(laplacian[chosen] / gradient[chosen], BEST))


def _energies(grey: Values, top: int, bottom: int) -> tuple[Values, Values]:
    """Return the mean squared gradient and Laplacian of the tiles in some rows of a picture.

    A few rows of tiles at a time stay in the processor's cache.
    """
    first = max(top - 1, 0)
    part = grey[first : bottom + 1]
    bend = cv2.Laplacian(part, cv2.CV_32F)[top - first : bottom - first, :-1]
    here = grey[top:bottom, :-1]
    across = cv2.subtract(grey[top:bottom, 1:], here)
    down = cv2.subtract(grey[top + 1 : bottom + 1, :-1], here)
    slope = cv2.add(cv2.multiply(across, across), cv2.multiply(down, down))
    squared = cv2.multiply(bend, bend)
    return tile_means(np.asarray(slope, np.float32)), tile_means(np.asarray(squared, np.float32))
