"""Rules of what the file says about itself: XMP and the information dictionary agree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from pikepdf import Name, Stream

from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import HOUSE, PDFX4, Look, Rule

PDF_DATE: Final = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-])(\d\d)'(\d\d)'?)?")
DATES: Final = {"/CreationDate": "xmp:CreateDate", "/ModDate": "xmp:ModifyDate"}
ALLOWED: Final = {"/Title", "/Creator", "/Producer", "/CreationDate", "/ModDate", "/Trapped"}


def there(opened: Opened) -> str | None:
    """The catalog has a metadata stream that can be read."""
    found = opened.pdf.Root.get("/Metadata")
    if not isinstance(found, Stream):
        return "no Metadata stream"
    is_marked = found.get("/Type") == Name.Metadata and found.get("/Subtype") == Name.XML
    if not is_marked:
        return "not of type Metadata, subtype XML"
    return None if opened.xmp else "XMP that cannot be read"


def plain(opened: Opened) -> str | None:
    """Readers that are no PDF readers scan for the packet."""
    found = opened.pdf.Root.get("/Metadata")
    return "a filter" if isinstance(found, Stream) and "/Filter" in found else None


def is_told(name: str) -> Look:
    """Return the look for a property that must be there."""

    def look(opened: Opened) -> str | None:
        return None if opened.told(name) else f"no {name}"

    return look


def pdfx_version(opened: Opened) -> str | None:
    """The file names the standard it keeps."""
    found = opened.told("pdfxid:GTS_PDFXVersion")
    return None if found == "PDF/X-4" else repr(found)


def trapped(opened: Opened) -> str | None:
    """Somebody must have decided whether traps are in: True or False, the same in both places."""
    told, info = opened.told("pdf:Trapped"), opened.info.get("/Trapped")
    if told not in {"True", "False"}:
        return f"pdf:Trapped is {told!r}"
    if info is not None and info != Name(f"/{told}"):
        return f"pdf:Trapped is {told}, Info says {info}"
    return None


def dates_agree(opened: Opened) -> str | None:
    """What Info and XMP both say is one moment."""
    for key, name in DATES.items():
        info = opened.info.get(key)
        if info is not None and _moment(str(info)) != _told_moment(opened.told(name)):
            return f"{key} {info}, {name} {opened.told(name)}"
    return None


def title_agrees(opened: Opened) -> str | None:
    """What Info and XMP both say is one title."""
    info = opened.info.get("/Title")
    told = opened.told("dc:title")
    is_same = info is None or str(info) == told
    return None if is_same else f"Info says {str(info)!r}, XMP {told!r}"


def nothing_else(opened: Opened) -> str | None:
    """Only names and dates of the job: nothing of the photo, its camera or its customer."""
    keys = {str(key) for key in opened.info.keys()}  # noqa: SIM118 (a PDF object is no dict)
    return ", ".join(sorted(keys - ALLOWED)) or None


def _moment(text: str) -> datetime | None:
    """Return the moment of a PDF date (ISO 32000-1, 7.9.4), None for anything else."""
    found = PDF_DATE.fullmatch(text)
    if found is None:
        return None
    offset = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
    zone = timezone(-offset if found[7] == "-" else offset)
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _told_moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


RULES: Final = (
    Rule("xmp.there", "The document has XMP metadata.", f"{PDFX4}; ISO 32000-1, 14.3.2", there),
    Rule(
        "xmp.plain", "XMP is not compressed.", f"{HOUSE}: found by readers that know no PDF", plain
    ),
    Rule("xmp.pdfx", "pdfxid:GTS_PDFXVersion is PDF/X-4.", PDFX4, pdfx_version),
    Rule("xmp.title", "dc:title is there.", PDFX4, is_told("dc:title")),
    Rule("xmp.created", "xmp:CreateDate is there.", PDFX4, is_told("xmp:CreateDate")),
    Rule("xmp.modified", "xmp:ModifyDate is there.", PDFX4, is_told("xmp:ModifyDate")),
    Rule("xmp.noted", "xmp:MetadataDate is there.", PDFX4, is_told("xmp:MetadataDate")),
    Rule("xmp.document", "xmpMM:DocumentID is there.", PDFX4, is_told("xmpMM:DocumentID")),
    Rule("xmp.version_id", "xmpMM:VersionID is there.", PDFX4, is_told("xmpMM:VersionID")),
    Rule("xmp.rendition", "xmpMM:RenditionClass is there.", PDFX4, is_told("xmpMM:RenditionClass")),
    Rule(
        "xmp.trapped",
        "Trapped is True or False, the same in XMP and Info.",
        f"{PDFX4}; ISO 32000-1, 14.3.3 and 14.11.6",
        trapped,
    ),
    Rule(
        "info.dates", "Dates in Info and XMP agree.", f"{PDFX4}; ISO 32000-1, 14.3.3", dates_agree
    ),
    Rule(
        "info.title", "Titles in Info and XMP agree.", f"{PDFX4}; ISO 32000-1, 14.3.3", title_agrees
    ),
    Rule(
        "info.only",
        "Info has title, makers, dates and Trapped alone.",
        f"{HOUSE}: no private metadata",
        nothing_else,
    ),
)
