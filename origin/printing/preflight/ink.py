"""Ink: what the page will ask for, told before it is made."""

from __future__ import annotations

from origin.printing import ink
from origin.printing.colour import colouring_of, to_output
from origin.printing.preflight.seen import Seen
from origin.printing.values import Check


def check_ink(seen: Seen) -> tuple[Check, ...]:
    """Judge the small picture as the print judges the page; nothing to check in RGB."""
    page = to_output(seen.small, colouring_of(seen.recipe), seen.profiles)
    return ink.check_ink(page, seen.recipe)
