"""Pictures written as letters: one letter is one square of one colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELL_PX = 16
COLOURS = {
    "A": (230, 30, 30),
    "B": (30, 200, 40),
    "C": (40, 60, 230),
    "D": (240, 220, 40),
    "E": (200, 40, 220),
    "F": (40, 220, 220),
    "G": (240, 140, 30),
    "H": (120, 70, 20),
    ".": (255, 255, 255),
    "#": (0, 0, 0),
}
Pixels = NDArray[np.uint8]


def draw(text: str, cell_px: int = CELL_PX) -> Pixels:
    """Return the picture of rows of letters, each a square of ``cell_px``."""
    rows = [[COLOURS[letter] for letter in row] for row in text.split()]
    return np.asarray(rows, np.uint8).repeat(cell_px, 0).repeat(cell_px, 1)


def read(pixels: Pixels, cell_px: int = CELL_PX) -> str:
    """Return the letters whose colours stand nearest in the middle of each square."""
    height, width = pixels.shape[:2]
    half = cell_px // 2
    return "\n".join(
        "".join(nearest(pixels[y, x]) for x in range(half, width, cell_px))
        for y in range(half, height, cell_px)
    )


def nearest(pixel: NDArray[np.uint8]) -> str:
    """Return the letter of the nearest colour."""
    return min(
        COLOURS, key=lambda letter: int(((pixel[:3].astype(int) - COLOURS[letter]) ** 2).sum())
    )


def rows(text: str) -> str:
    """Return letters as ``read`` writes them."""
    return "\n".join(text.split())
