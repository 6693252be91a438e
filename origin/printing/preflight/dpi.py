"""Effective resolution: px of the crop per inch of the finished sheet."""

from __future__ import annotations

from origin.printing.preflight.seen import Seen
from origin.printing.preflight.words import size_words, smaller
from origin.printing.values import Check, Severity


def check_dpi(seen: Seen, floor: int) -> Check:
    """Compare the crop's px with what the product asks; below the floor it is not printed.

    floor: the product's ``dpi_floor``. The line of the warning is a share of the target.
    """
    found = seen.dpi_effective()
    wanted = seen.recipe.dpi * seen.limits.dpi_share_percent / 100
    sheet = size_words(seen.trim_um)
    if found >= wanted:
        words = f"The photo has plenty of detail for {sheet}."
        return Check("preflight.dpi", None, round(found, 1), round(wanted, 1), "dpi", words)
    best = size_words(smaller(seen.trim_um, found / wanted))
    if found < floor:
        words = (
            f"This part of the photo has too few pixels for {sheet}; "
            f"choose {best} or smaller, or a larger part of the photo."
        )
        return Check("preflight.dpi", Severity.BLOCK, round(found, 1), float(floor), "dpi", words)
    words = f"This photo has few pixels for {sheet}: {best} or smaller will look crisp."
    return Check("preflight.dpi", Severity.WARN, round(found, 1), round(wanted, 1), "dpi", words)
