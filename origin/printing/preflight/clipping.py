"""Clipping: white and black without any drawing in them."""

from __future__ import annotations

from typing import Final

import numpy as np

from origin.printing.preflight.seen import Pixels, Seen
from origin.printing.values import Check, Severity

WHITE: Final = 254
BLACK: Final = 1
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
    is_clipped = (rgb >= WHITE).all(axis=2) | (rgb <= BLACK).all(axis=2)
    return 100 * float(np.mean(is_clipped))
