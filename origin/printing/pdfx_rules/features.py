"""Rules of what must not be in a file that is only printed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pikepdf import Dictionary, Name, Object, Stream

from origin.printing.pdfx_rules.boxes import box
from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import HOUSE, PDFX4, Rule

ON_PRESS: Final = {Name.TrapNet, Name.PrinterMark}
"""Annotations that belong to printing may lie anywhere."""
STANDARD_FONT_FILES: Final = ("/FontFile", "/FontFile2", "/FontFile3")
NO_PROGRAM: Final = {Name.Type0, Name.Type3}
"""Composite fonts have theirs in a descendant, Type 3 in content streams."""
NO_BLEND: Final = {Name.Normal, Name.Compatible}


def scripts(opened: Opened) -> str | None:
    """No JavaScript, by action or by name tree."""
    names = opened.pdf.Root.get("/Names", Dictionary())
    has_actions = any(one.get("/S") == Name.JavaScript or "/JS" in one for one in opened.everything)
    return "JavaScript" if has_actions or "/JavaScript" in names else None


def actions(opened: Opened) -> str | None:
    """Nothing happens when the file, a page or a field is opened."""
    found = sorted(key for key in ("/AA", "/OpenAction") if _has(opened, key))
    return ", ".join(found) or None


def forms(opened: Opened) -> str | None:
    """A form's fields could be printed filled or empty."""
    return "AcroForm" if "/AcroForm" in opened.pdf.Root else None


def attachments(opened: Opened) -> str | None:
    """Nothing travels along."""
    names = opened.pdf.Root.get("/Names", Dictionary())
    return "EmbeddedFiles" if "/EmbeddedFiles" in names or _has(opened, "/EF") else None


def alternates(opened: Opened) -> str | None:
    """No picture has another one for printing."""
    is_there = any("/Alternates" in picture for picture in opened.pictures)
    return "Alternates" if is_there else None


def proxies(opened: Opened) -> str | None:
    """No picture stands for one that a server has."""
    return "OPI" if _has(opened, "/OPI") else None


def postscript(opened: Opened) -> str | None:
    """No PostScript is handed to the printer."""
    found = any(
        one.get("/Subtype") == Name.PS or one.get("/Subtype2") == Name.PS for one in opened.streams
    )
    return "a PostScript XObject" if found else None


def transfer(opened: Opened) -> str | None:
    """No curve is laid over the press's own, no halftone asked for by origin."""
    for state in _states(opened):
        if "/TR" in state or "/HTP" in state or state.get("/TR2", Name.Default) != Name.Default:
            return "TR, TR2 or HTP in a graphics state"
    return None


def annotated(opened: Opened) -> str | None:
    """What is not part of the print lies outside its bleed."""
    for number, page in enumerate(opened.pages, 1):
        sheet = box(page, "/BleedBox") or box(page, "/TrimBox") or box(page, "/MediaBox")
        for one in page.obj.get("/Annots", []):
            if one.get("/Subtype") in ON_PRESS or sheet is None:
                continue
            left, bottom, right, top = (Decimal(str(side)) for side in one.Rect)
            is_clear = (
                right <= sheet[0] or left >= sheet[2] or top <= sheet[1] or bottom >= sheet[3]
            )
            if not is_clear:
                return f"{one.get('/Subtype')} on page {number}"
    return None


def fonts(opened: Opened) -> str | None:
    """Every font's program is in the file."""
    for one in opened.everything:
        if one.get("/Type") != Name.Font or one.get("/Subtype") in NO_PROGRAM:
            continue
        descriptor = one.get("/FontDescriptor", Dictionary())
        if not any(key in descriptor for key in STANDARD_FONT_FILES):
            return f"{one.get('/BaseFont')} is not embedded"
    return None


def transparency(opened: Opened) -> str | None:
    """Opaque all over, so that no flattener decides about a colour."""
    if any("/SMask" in picture or "/Mask" in picture for picture in opened.pictures):
        return "a picture with a mask"
    if any(one.get("/S") == Name.Transparency for one in opened.everything):
        return "a transparency group"
    for state in _states(opened):
        is_opaque = state.get("/ca", 1) == 1 and state.get("/CA", 1) == 1
        is_plain = state.get("/BM", Name.Normal) in NO_BLEND and "/SMask" not in state
        if not (is_opaque and is_plain):
            return "a graphics state that is not opaque"
    return None


def layers(opened: Opened) -> str | None:
    """No layer can be switched off."""
    return "OCProperties" if "/OCProperties" in opened.pdf.Root else None


def text(opened: Opened) -> str | None:
    """Captions are part of the picture."""
    return "a font" if any(one.get("/Type") == Name.Font for one in opened.everything) else None


def _has(opened: Opened, key: str) -> bool:
    return any(key in one for one in opened.everything)


def _states(opened: Opened) -> Iterator[Object]:
    """Yield the graphics states: by their type, or by where they hang, for it may be left out."""
    for one in opened.everything:
        if one.get("/Type") == Name.ExtGState:
            yield one
        named = one.get("/ExtGState")
        if isinstance(named, Dictionary) and not isinstance(named, Stream):
            yield from (state for _, state in named.items())


RULES: Final = (
    Rule("feature.script", "No JavaScript.", f"{PDFX4}; ISO 32000-1, 12.6.4.16", scripts),
    Rule("feature.action", "No actions.", f"{PDFX4}; ISO 32000-1, 12.6", actions),
    Rule("feature.form", "No form.", f"{PDFX4}; ISO 32000-1, 12.7", forms),
    Rule(
        "feature.alternate", "No alternate pictures.", f"{PDFX4}; ISO 32000-1, 8.9.5.4", alternates
    ),
    Rule("feature.opi", "No OPI.", f"{PDFX4}; ISO 32000-1, 14.11.7", proxies),
    Rule(
        "feature.postscript", "No PostScript XObject.", f"{PDFX4}; ISO 32000-1, 8.8.2", postscript
    ),
    Rule(
        "feature.transfer",
        "No transfer curves.",
        f"{PDFX4}; ISO 32000-1, 8.4.5 and 10.4",
        transfer,
    ),
    Rule(
        "feature.annotation",
        "Annotations lie outside the bleed.",
        f"{PDFX4}; ISO 32000-1, 12.5",
        annotated,
    ),
    Rule("feature.font", "Fonts are embedded.", f"{PDFX4}; ISO 32000-1, 9.9", fonts),
    Rule(
        "feature.attachment", "No file is attached.", f"{HOUSE}: nothing travels along", attachments
    ),
    Rule("feature.transparency", "Nothing is transparent.", f"{HOUSE}: no surprises", transparency),
    Rule("feature.layer", "No layers.", f"{HOUSE}: all of it is printed", layers),
    Rule("feature.text", "No text objects.", f"{HOUSE}: captions are in the picture", text),
)
