"""Averages over small squares of a picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX: Final = 32
"""4 mm at 200 px per inch: an eye, a leaf, a word."""

Values = NDArray[np.float32]


def tile_means(values: Values, side_px: int = SIDE_PX) -> Values:
    """Return the mean of each whole tile, in one row; of all of it where no tile fits.

    values: (h, w) float32.
    """
    rows, columns = (side // side_px for side in values.shape)
    if not rows or not columns:
        return np.asarray([values.mean()], np.float32)
    whole = values[: rows * side_px, : columns * side_px]
    means = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32).ravel()
