"""What printing hands on: the finished page, and what was checked on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for the order."""

    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Check:
    """One named check: what was measured, where the line is, and words for a customer.

    code: ``preflight.dpi`` and the like. severity: None when all is well. unit: of measured and
    threshold ("dpi", "%", "share"...).
    """

    code: str
    severity: Severity | None
    measured: float
    threshold: float
    unit: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """A finished print file. ``sha256``: hex of ``content``."""

    content: bytes = field(repr=False)
    media_type: str
    sha256: str
    width_px: int
    height_px: int
    checks: tuple[Check, ...]
    steps_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ProofPictures:
    """A page for a display, bleed included: all of one size, in px.

    before: JPEG, as the photo looks on a display. after: JPEG, as the print will look. alarm: PNG,
    opaque where a colour cannot be printed, None where all can be. alarm_share: 0..1 of the page.
    """

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    alarm: bytes | None = field(repr=False)
    alarm_share: float
    width_px: int
    height_px: int
