"""How far two pictures differ, by scikit-image's own measures (which have no types)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

Reals = NDArray[np.float64]


def delta_e(a: NDArray[Any], b: NDArray[Any]) -> Reals:
    """Return ΔE2000 of each px. a, b: (h, w, 3) sRGB, 0..255, whole numbers or not."""
    found = deltaE_ciede2000(rgb2lab(a / 255), rgb2lab(b / 255))  # type: ignore[no-untyped-call]  # no types
    return np.asarray(found)


def likeness(a: Reals, b: Reals) -> float:
    """Return the mean structural similarity of two one-band pictures, 0..255; 1 is equal."""
    return float(structural_similarity(a, b, data_range=255))  # type: ignore[no-untyped-call]  # no types
