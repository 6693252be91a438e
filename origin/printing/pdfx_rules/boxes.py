"""Rules of the page boxes, in points of 1/72 inch."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pikepdf import Array, Page

from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import HOUSE, PDFX4, Rule
from origin.printing.recipe import Recipe

Box = tuple[Decimal, Decimal, Decimal, Decimal]

SLACK_PT: Final = Decimal("0.01")
"""3.5 µm: a sixth of a px at 1,200 dpi."""
SIDE_PT: Final = (3, 14_400)
"""ISO 32000-1, Annex C.2: what a page's side may be where UserUnit is not used."""
UM_PER_POINT: Final = Decimal(25_400) / 72
INSIDE: Final = (
    ("/TrimBox", "/BleedBox"),
    ("/ArtBox", "/BleedBox"),
    ("/TrimBox", "/CropBox"),
    ("/ArtBox", "/CropBox"),
    ("/BleedBox", "/CropBox"),
    ("/TrimBox", "/MediaBox"),
    ("/ArtBox", "/MediaBox"),
    ("/BleedBox", "/MediaBox"),
    ("/CropBox", "/MediaBox"),
)


def box(page: Page, name: str) -> Box | None:
    """Return a box as left, bottom, right, top; None where it is not there or no box.

    Media and crop boxes may come from the page's parents (ISO 32000-1, 7.7.3.4).
    """
    found = page.obj.get(name)
    parent = page.obj.get("/Parent")
    for _ in range(50):
        if found is not None or parent is None or name not in {"/MediaBox", "/CropBox"}:
            break
        found, parent = parent.get(name), parent.get("/Parent")
    if not isinstance(found, Array) or len(found) != 4:
        return None
    x0, y0, x1, y1 = (Decimal(str(side)) for side in found)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def media(opened: Opened) -> str | None:
    """Every page has a media box of its own or its parents; qpdf puts Letter where none is."""
    if any("MediaBox" in warning for warning in opened.warnings):
        return "none"
    missing = [number for number, page in _numbered(opened) if box(page, "/MediaBox") is None]
    return f"none on page {missing[0]}" if missing else None


def trim(opened: Opened) -> str | None:
    """A page has a trim box or an art box, not both."""
    for number, page in _numbered(opened):
        found = [name for name in ("/TrimBox", "/ArtBox") if box(page, name) is not None]
        if len(found) != 1:
            return f"{' and '.join(found) or 'neither'} on page {number}"
    return None


def nested(opened: Opened) -> str | None:
    """Trim in bleed, bleed in crop, all in media."""
    for number, page in _numbered(opened):
        for inner, outer in INSIDE:
            small, large = box(page, inner), box(page, outer)
            if small is not None and large is not None and not _is_inside(small, large):
                return f"{inner} reaches out of {outer} on page {number}"
    return None


def sides(opened: Opened) -> str | None:
    """No side is shorter or longer than a reader must bear."""
    for number, page in _numbered(opened):
        found = box(page, "/MediaBox")
        for side in _sides(found) if found else ():
            if not SIDE_PT[0] <= side <= SIDE_PT[1]:
                return f"{side} pt on page {number}"
    return None


def one_page(opened: Opened) -> str | None:
    """A print of one sheet is one page."""
    return f"{len(opened.pages)} pages" if len(opened.pages) != 1 else None


def bleed(opened: Opened) -> str | None:
    """The bleed box is named, not left to a default."""
    missing = [number for number, page in _numbered(opened) if box(page, "/BleedBox") is None]
    return f"none on page {missing[0]}" if missing else None


def upright(opened: Opened) -> str | None:
    """The page lies as it is printed, and a unit is a point."""
    for number, page in _numbered(opened):
        if page.obj.get("/Rotate", 0) != 0 or "/UserUnit" in page.obj:
            return f"Rotate or UserUnit on page {number}"
    return None


def of_product(opened: Opened) -> str | None:
    """The boxes are the product's lengths."""
    if opened.recipe is None:
        return None
    page = opened.pages[0]
    for name, wanted in wanted_boxes(opened.recipe).items():
        found = box(page, name)
        if found is None or any(abs(a - b) > SLACK_PT for a, b in zip(found, wanted, strict=True)):
            return f"{name} is {found}, not {wanted}"
    return None


def wanted_boxes(recipe: Recipe) -> dict[str, Box]:
    """Return the boxes of a recipe, exactly, in points."""
    width, height = (Decimal(side) / UM_PER_POINT for side in recipe.trim_um)
    margin = Decimal(recipe.bleed_um) / UM_PER_POINT
    page = Decimal(0), Decimal(0), width + 2 * margin, height + 2 * margin
    trimmed = margin, margin, margin + width, margin + height
    return {"/MediaBox": page, "/BleedBox": page, "/TrimBox": trimmed}


def _numbered(opened: Opened) -> Iterator[tuple[int, Page]]:
    return enumerate(opened.pages, 1)


def _sides(found: Box) -> tuple[Decimal, Decimal]:
    return found[2] - found[0], found[3] - found[1]


def _is_inside(small: Box, large: Box) -> bool:
    begins = all(a >= b - SLACK_PT for a, b in zip(small[:2], large[:2], strict=True))
    return begins and all(a <= b + SLACK_PT for a, b in zip(small[2:], large[2:], strict=True))


RULES: Final = (
    Rule("box.media", "Every page has a MediaBox.", "ISO 32000-1, 7.7.3.3 and 14.11.2", media),
    Rule(
        "box.trim",
        "A page has a TrimBox or an ArtBox, not both.",
        f"{PDFX4}; ISO 32000-1, 14.11.2",
        trim,
    ),
    Rule(
        "box.nested",
        "Trim lies in bleed, bleed in crop, all in media.",
        f"{PDFX4}; ISO 32000-1, 14.11.2",
        nested,
    ),
    Rule("box.sides", "Sides are 3 to 14,400 pt long.", "ISO 32000-1, Annex C.2", sides),
    Rule("box.one_page", "The file has one page.", f"{HOUSE}: products of one sheet", one_page),
    Rule("box.bleed", "The page has a BleedBox.", f"{HOUSE}: never a default", bleed),
    Rule("box.upright", "No Rotate, no UserUnit.", f"{HOUSE}: a unit is a point", upright),
    Rule(
        "box.product",
        "Boxes are the product's within 0.01 pt.",
        f"{HOUSE}: the product definition document",
        of_product,
    ),
)
