"""What a rule found; apart, so that the program can read it without the PDF library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a file breaks. ``found``: what is there instead.

    is_standard: the file is no PDF/X-4 file; else it is only not one of ours.
    """

    code: str
    words: str
    source: str
    found: str
    is_standard: bool
