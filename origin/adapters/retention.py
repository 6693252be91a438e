"""How long a photo is kept: the classes, weakest first."""

from __future__ import annotations

RETENTION_CLASSES = ("transient", "project", "order", "hold")


def stronger(one: str, other: str) -> str:
    """Return the class that keeps longer; both are of RETENTION_CLASSES."""
    return max(one, other, key=RETENTION_CLASSES.index)
