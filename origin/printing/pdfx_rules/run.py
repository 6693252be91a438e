"""Runs every rule on a file."""

from __future__ import annotations

import io
from typing import Final

from pikepdf import PasswordError, Pdf, PdfError

from origin.errors import BadDocument, RenderFailed
from origin.printing.pdfx_rules import boxes, features, file, intent, metadata, picture
from origin.printing.pdfx_rules.finding import Finding
from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import Rule
from origin.printing.recipe import Recipe

RULES: Final[tuple[Rule, ...]] = (
    *file.RULES,
    *metadata.RULES,
    *boxes.RULES,
    *intent.RULES,
    *features.RULES,
    *picture.RULES,
)
STRANGE: Final = (
    AssertionError,
    AttributeError,
    ArithmeticError,
    IndexError,
    KeyError,
    LookupError,
    NotImplementedError,
    PdfError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What objects of a wrong type raise when a rule reads them: that rule is broken, then."""
SHOWN: Final = 20
HEAD_BYTES: Final = 1_024
"""Of a JPEG that are looked for first: all of it would be searched for, not only compared."""


def broken_rules(content: bytes, recipe: Recipe | None = None) -> tuple[Finding, ...]:
    """Return the rules that a PDF breaks. Runs in a worker: the file may be anybody's.

    recipe: what the file should be of; without one those rules pass. Raises BadDocument 422
    "print.pdf" for what is no PDF, needs a password, or is too large to look at.
    """
    try:
        with Pdf.open(io.BytesIO(content)) as pdf:
            opened = Opened(content, pdf, tuple(pdf.get_warnings()), recipe)
            return tuple(found for rule in RULES for found in _look(rule, opened))
    except PasswordError as error:
        raise BadDocument("print.pdf", "The PDF needs a password.") from error
    except PdfError as error:
        raise BadDocument("print.pdf", log=str(error)[:200]) from error


def require(content: bytes, recipe: Recipe, jpeg: bytes) -> None:
    """Read a file of ours back: its rules, and the page's very bytes in it.

    Raises RenderFailed 500 "print.read_back" with what is wrong.
    """
    at = content.find(jpeg[:HEAD_BYTES])
    if at < 0 or not content.startswith(jpeg, at):
        raise RenderFailed("print.read_back", log="the JPEG in the PDF is not the page's")
    found = broken_rules(content, recipe)
    if found:
        words = "; ".join(f"{one.code}: {one.found}" for one in found[:SHOWN])
        raise RenderFailed("print.read_back", log=words)


def _look(rule: Rule, opened: Opened) -> tuple[Finding, ...]:
    try:
        wrong = rule.look(opened)
    except STRANGE as error:
        wrong = f"cannot be read ({type(error).__name__})"
    if wrong is None:
        return ()
    return (Finding(rule.code, rule.words, rule.source, wrong[:300], rule.is_standard),)
