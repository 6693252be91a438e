"""Rules of the file as such: version, identity, wholeness."""

from __future__ import annotations

import re
from typing import Final

from pikepdf import Array, Name

from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import HOUSE, PDFX4, Rule

NEWEST: Final = (1, 6)
HEADER: Final = re.compile(rb"%PDF-(\d)\.(\d)[\r\n]+%([^\r\n]{4})")
HIGH: Final = 128
FILTERS: Final = {Name.FlateDecode, Name.DCTDecode}


def version(opened: Opened) -> str | None:
    """Look at the header and at what the catalog puts over it."""
    numbers = re.fullmatch(r"(\d+)\.(\d+)", opened.pdf.pdf_version)
    assert numbers is not None
    found = int(numbers[1]), int(numbers[2])
    return f"PDF {opened.pdf.pdf_version}" if found > NEWEST else None


def exact_version(opened: Opened) -> str | None:
    """Ours are of the version that PDF/X-4 is built on, and start with it."""
    return None if opened.content.startswith(b"%PDF-1.6") else repr(opened.content[:10])


def binary_mark(opened: Opened) -> str | None:
    """A second line of bytes over 127 keeps old mail programs from taking the file for text."""
    head = HEADER.match(opened.content)
    is_marked = head is not None and all(byte >= HIGH for byte in head[3])
    return None if is_marked else "no comment of four bytes over 127 after the header"


def identifier(opened: Opened) -> str | None:
    """The trailer's ID is two strings."""
    found = opened.pdf.trailer.get("/ID")
    if not isinstance(found, Array) or len(found) != 2:
        return "no ID of two strings"
    return None if all(len(bytes(part)) for part in found) else "an empty ID"


def encryption(opened: Opened) -> str | None:
    """Nothing is encrypted, also not with an empty password."""
    return "an Encrypt dictionary" if opened.pdf.is_encrypted else None


def whole(opened: Opened) -> str | None:
    """What qpdf --check says: cross-references, streams, object syntax.

    That decodes every picture, so of a file of ours it is asked for the structure alone: the page
    was decoded when its JPEG was read back, and the PDF holds those very bytes (``require``).
    """
    deep = opened.pdf.check_pdf_syntax() if opened.recipe is None else []
    problems = [*opened.warnings, *deep]
    return problems[0][:200] if problems else None


def external(opened: Opened) -> str | None:
    """No stream's bytes lie in another file."""
    count = sum("/F" in stream or "/FFilter" in stream for stream in opened.streams)
    return f"{count} streams in other files" if count else None


def filters(opened: Opened) -> str | None:
    """Flate and DCT are all we use, and what every RIP reads."""
    used = {name for stream in opened.streams for name in _filters(stream.get("/Filter"))}
    others = sorted(str(name) for name in used - FILTERS)
    return ", ".join(others) or None


def lzw(opened: Opened) -> str | None:
    """LZW is what PDF/X keeps out since its first part."""
    is_used = any(Name.LZWDecode in _filters(stream.get("/Filter")) for stream in opened.streams)
    return "a stream with LZWDecode" if is_used else None


def revisions(opened: Opened) -> str | None:
    """One revision: nothing of an older one lies in the file."""
    count = opened.content.count(b"%%EOF")
    return f"{count} ends of file" if count != 1 else None


def _filters(found: object) -> list[Name]:
    if isinstance(found, Array):
        return [name for name in found if isinstance(name, Name)]
    return [found] if isinstance(found, Name) else []


RULES: Final = (
    Rule(
        "pdf.version", "The file is not newer than PDF 1.6.", f"{PDFX4}: built on PDF 1.6", version
    ),
    Rule(
        "pdf.exact_version",
        "The file begins with %PDF-1.6.",
        f"{HOUSE}: some workflows go by the first line",
        exact_version,
    ),
    Rule(
        "pdf.binary_mark",
        "A comment of four high bytes follows the header.",
        "ISO 32000-1, 7.5.2",
        binary_mark,
    ),
    Rule(
        "pdf.id", "The trailer has an ID of two strings.", f"{PDFX4}; ISO 32000-1, 14.4", identifier
    ),
    Rule("pdf.encryption", "The file is not encrypted.", f"{PDFX4}; ISO 32000-1, 7.6", encryption),
    Rule(
        "pdf.whole", "References, streams and syntax are whole.", "ISO 32000-1, 7.3 and 7.5", whole
    ),
    Rule(
        "pdf.external",
        "All is in the file.",
        f"{PDFX4}: complete exchange; ISO 32000-1, 7.3.8.2",
        external,
    ),
    Rule("pdf.lzw", "No stream is LZW-compressed.", f"{PDFX4}; ISO 32000-1, 7.4.4", lzw),
    Rule("pdf.filters", "Streams are Flate or DCT.", f"{HOUSE}: nothing else is written", filters),
    Rule(
        "pdf.revisions",
        "The file has one revision.",
        f"{HOUSE}: same recipe, same bytes",
        revisions,
    ),
)
