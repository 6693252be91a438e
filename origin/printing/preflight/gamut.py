"""Colours that the press cannot reach."""

from __future__ import annotations

from origin.printing.colour import colouring_of
from origin.printing.preflight.seen import Seen
from origin.printing.proof import gamut_share
from origin.printing.values import Check, Severity


def check_gamut(seen: Seen) -> Check:
    """Say how much of the picture will look less vivid in print (ΔE00 of the round trip over 2)."""
    how = colouring_of(seen.recipe)
    percent = 100 * gamut_share(seen.small, how, seen.profiles)
    limit = seen.limits.gamut_percent
    is_over = percent > limit
    words = (
        f"{percent:.0f} % of the photo has colours more vivid than this product can show; "
        "the proof shows how they will look."
        if is_over
        else "The product can show the photo's colours."
    )
    severity = Severity.NOTE if is_over else None
    return Check("preflight.gamut", severity, round(percent, 1), limit, "%", words)
