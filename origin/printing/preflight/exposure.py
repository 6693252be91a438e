"""Under-exposure: a photo whose lights are dark; paper shows it darker than a display."""

from __future__ import annotations

from typing import Final

import numpy as np

from origin.printing.preflight.seen import Counts, Seen
from origin.printing.values import Check, Severity

LIGHTS: Final = 0.99
"""Share of the px: a hundredth of a picture is its lights, single sparks are not."""


def check_exposure(seen: Seen) -> Check:
    """Compare the level of the lights with the least that a well exposed photo has."""
    found, limit = lights_level(seen.tones), seen.limits.highlight_level
    is_dark = found < limit
    words = (
        "This photo is dark, and paper is darker than a display; brighten it before you order."
        if is_dark
        else "The photo is bright enough."
    )
    severity = Severity.WARN if is_dark else None
    return Check("preflight.exposure", severity, found, limit, "level", words)


def lights_level(counts: Counts) -> float:
    """Return the least level, 0..255, that at most a hundredth of the px exceed.

    counts: px of each of 256 levels.
    """
    below = np.cumsum(counts)
    return float(np.searchsorted(below, LIGHTS * below[-1]))
