"""A rule of a print PDF: a code, a sentence, where it is from, and a function that looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from origin.printing.pdfx_rules.opened import Opened

PDFX4: Final = "PDF/X-4 (ISO 15930-7)"
"""The standard's text is sold, not published; clauses are given for ISO 32000-1, which it rests on
and which is free to read."""
HOUSE: Final = "edgeproof"

Look = Callable[[Opened], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """look: returns what is wrong, None when the file keeps the rule.

    source: standard and clause, or ``edgeproof`` and why, for what we ask of our own files on top.
    """

    code: str
    words: str
    source: str
    look: Look

    @property
    def is_standard(self) -> bool:
        """Say whether a file that breaks it is no PDF/X-4 file, whoever made it."""
        return not self.source.startswith(HOUSE)
