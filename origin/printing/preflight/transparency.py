"""Transparency: paper has none; what shines through is white."""

from __future__ import annotations

from origin.decode.open import damage_refused
from origin.printing.preflight.seen import Seen
from origin.printing.values import Check, Severity
from origin.render.alpha import carries_alpha
from origin.render.depth import to_8_bit
from origin.render.opening import open_raster, read_window


def check_transparency(seen: Seen) -> Check:
    """Say how much of the picture lets the paper through."""
    percent, limit = transparent_percent(seen), seen.limits.transparent_percent
    is_over = percent > limit
    words = (
        f"{percent:.0f} % of the picture is transparent and will be white paper."
        if is_over
        else "Nothing is transparent."
    )
    severity = Severity.NOTE if is_over else None
    return Check("preflight.transparency", severity, round(percent, 2), limit, "%", words)


def transparent_percent(seen: Seen) -> float:
    """Return the mean transparency of the part that is printed, in percent."""
    if not carries_alpha(seen.recipe.photo):
        return 0.0
    with damage_refused():
        image = read_window(open_raster(seen.plan, seen.source), seen.plan)
        return 100 * (1 - float(to_8_bit(image.extract_band(image.bands - 1)).avg()) / 255)
