"""What the guard finds out; plain values, so that any process can hold them."""

from __future__ import annotations

from dataclasses import dataclass, field

from origin.values import Photo


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of an accepted photo. ``capture`` is private: it is never served."""

    photo: Photo
    warnings: tuple[str, ...]
    capture: dict[str, str] = field(repr=False)
