"""Clipping: white and black without any drawing in them."""

from __future__ import annotations

from typing import Final

import cv2

from origin.printing.preflight.seen import Pixels, Seen
from origin.printing.values import Check, Severity

WHITE: Final = 254
BLACK: Final = 1
FULL: Final = 255
"""One level beside the end: JPEG moves levels by that much."""


def check_clipping(seen: Seen) -> Check:
    """Say how much of the picture is plain white or plain black."""
    percent, limit = clipped_percent(seen.rgb), seen.limits.clipped_percent
    is_over = percent > limit
    words = (
        f"{percent:.0f} % of the photo is plain white or black; no detail will show there."
        if is_over
        else "Light and dark parts keep their detail."
    )
    severity = Severity.NOTE if is_over else None
    return Check("preflight.clipping", severity, round(percent, 1), limit, "%", words)


def clipped_percent(rgb: Pixels) -> float:
    """Return the percentage of px whose channels are all at one end. rgb: (h, w, 3) uint8 sRGB."""
    height, width = rgb.shape[:2]
    ends = ((WHITE, FULL), (0, BLACK))
    count = sum(cv2.countNonZero(cv2.inRange(rgb, (a,) * 3, (b,) * 3)) for a, b in ends)
    return float(100 * count / (height * width))
