"""Finds the point that a picture is about: the eye-catching spot, or the faces."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from origin.decode.libvips import pyvips
from origin.render.geometry import SHARE, rdiv

FACE_SCORE_MIN: Final = 0.3
"""dlib's confidence. On 120 photos of the corpus real faces scored 0.37 to 1.2, others 0.01."""
FACE_DOUBLINGS: Final = 1
"""Faces of 80 px are found; each doubling of the picture halves that."""
FACE_SIDE_PX_MIN: Final = 32
"""No face is found in less, and dlib refuses pictures of one column."""


def find_focus(raster: bytes, kind: str) -> tuple[int, int]:
    """Return the focus in 1/100000 of the upright photo. Runs in a worker.

    raster: the smallest level (JPEG). kind: "smart", or "face", which without a face is smart.
    """
    image = pyvips.Image.jpegload_buffer(raster, fail_on="error").copy_memory()
    found = _faces(image) if kind == "face" else None
    x, y = found or _attention(image)
    return _share(x, image.width), _share(y, image.height)


def _share(twice_px: int, side_px: int) -> int:
    return min(SHARE, max(0, rdiv(twice_px * SHARE, 2 * side_px)))


def _attention(image: pyvips.Image) -> tuple[int, int]:
    """Return twice the px where edges, skin and saturation draw the eye (libvips' attention)."""
    width, height = max(1, image.width // 2), max(1, image.height // 2)
    if (width, height) == (image.width, image.height):
        return image.width, image.height
    found: Any = image.smartcrop(
        width, height, interesting="attention", attention_x=True, attention_y=True
    )
    places = found[1]
    return 2 * places["attention_x"] + 1, 2 * places["attention_y"] + 1


def _faces(image: pyvips.Image) -> tuple[int, int] | None:
    """Return twice the middle of the box around all faces, in px; None without a face."""
    if min(image.width, image.height) < FACE_SIDE_PX_MIN:
        return None
    import dlib  # type: ignore[import-untyped]  # here: 0.3 CPU s that few workers need

    grey = np.ascontiguousarray(image.colourspace("b-w").numpy())
    boxes, scores, _ = dlib.get_frontal_face_detector().run(grey, FACE_DOUBLINGS, FACE_SCORE_MIN)
    del scores
    if not len(boxes):
        return None
    x = min(box.left() for box in boxes) + max(box.right() + 1 for box in boxes)
    y = min(box.top() for box in boxes) + max(box.bottom() + 1 for box in boxes)
    return x, y
