"""Posterisation: tones in steps where they should run smoothly."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from origin.printing.preflight.seen import Counts, Seen
from origin.printing.values import Check, Severity

ENDS: Final = 2
"""Levels at either end that are left out: clipping piles up there."""
WIDTH_LEVELS: Final = 6.0
"""Sigma that a histogram is smoothed with; steps of less are not seen on paper."""


def check_banding(seen: Seen) -> Check:
    """Say how far the histogram is from a smooth one; drawings have few tones too: a note."""
    found, limit = roughness(seen.tones), seen.limits.banding
    is_over = found > limit
    words = (
        "Tones run in visible steps, as in a strongly edited or compressed photo; "
        "a sky may show bands."
        if is_over
        else "Tones run smoothly."
    )
    severity = Severity.NOTE if is_over else None
    return Check("preflight.banding", severity, round(found, 3), limit, "share", words)


def roughness(counts: Counts) -> float:
    """Return the share of px, 0..2, that lie elsewhere than in a smooth histogram.

    counts: px of each of 256 levels.
    """
    inner = counts[ENDS:-ENDS].astype(np.float32)
    total = float(inner.sum())
    if total == 0:
        return 0.0
    border = cv2.BORDER_REFLECT
    smooth = cv2.GaussianBlur(inner.reshape(1, -1), (0, 0), WIDTH_LEVELS, borderType=border)
    return float(np.abs(inner - smooth.ravel()).sum()) / total
