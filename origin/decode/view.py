"""Reads numbers from untrusted bytes: what is not there is damage, never a wrong number."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NoReturn

from origin.errors import PhotoRefused

View = mmap.mmap | bytes
"""A whole file, sliced as needed."""


@contextmanager
def viewed(path: Path) -> Iterator[View]:
    """Lend the bytes of a file without reading them all; an empty file is ``b""``."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view


def number(view: View, at: int, size: int, order: Literal["big", "little"] = "big") -> int:
    """Return the unsigned integer of ``size`` bytes at ``at``; past the end: "photo.damaged"."""
    if at < 0 or at + size > len(view):
        damaged(f"a number at {at} lies past the end, {len(view)}")
    return int.from_bytes(view[at : at + size], order)


def damaged(log: str) -> NoReturn:
    """Raise PhotoRefused "photo.damaged"."""
    raise PhotoRefused("photo.damaged", log=log)
