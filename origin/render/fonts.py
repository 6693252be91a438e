"""The pinned fonts: their files, and what text they can set. Reads font tables, draws nothing.

The files come from the packages fontpkg-noto-sans and fontpkg-noto-serif (SIL Open Font License
1.1), whose versions are pinned; a new version of one changes letters, and so the engine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from cache_keys.design_look import DesignLook
from cache_keys.design_text import JOINERS
from cache_keys.errors import DesignError
from origin.render.sheet import caption_block

LINE_EMS_MAX: Final = 200
"""A drawn line is 256 px an em wide at most: this keeps it below libvips' 65,500 px."""
CHARACTERS_NAMED_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Font:
    """One name of the pinned list: a variable font's file and the weight that is taken of it."""

    package: str
    file: str
    family: str
    weight: int

    @property
    def path(self) -> Path:
        """Return where the file is installed."""
        return Path(str(files(self.package) / "files" / self.file))

    @property
    def description(self) -> str:
        """Return Pango's name of it, without a size."""
        return f"{self.family} Bold" if self.weight == BOLD else self.family


REGULAR: Final = 400
BOLD: Final = 700
_SANS: Final = ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf", "Noto Sans")
_SERIF: Final = ("fontpkg_noto_serif", "NotoSerif[wdth,wght].ttf", "Noto Serif")
FONTS: Final = {
    "noto-sans": Font(*_SANS, REGULAR),
    "noto-sans-bold": Font(*_SANS, BOLD),
    "noto-serif": Font(*_SERIF, REGULAR),
    "noto-serif-bold": Font(*_SERIF, BOLD),
}


@dataclass(frozen=True, slots=True)
class _Metrics:
    """Of each character that a font has: its advance width, in font units."""

    units_per_em: int
    advances: dict[int, int]


@cache
def _metrics(name: str) -> _Metrics:
    # 2 MB that a process without captions does not need; no worker measures letters.
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no types

    font = FONTS[name]
    with TTFont(font.path, lazy=True) as tables:
        glyphs = tables.getGlyphSet(location={"wght": font.weight})
        names: dict[int, str] = tables.getBestCmap()
        advances = {code: round(glyphs[glyph].width) for code, glyph in names.items()}
        return _Metrics(tables["head"].unitsPerEm, advances)


def missing_glyphs(font: str, text: str) -> str:
    """Return the characters of a text that a font of the pinned list cannot draw, each once."""
    known = _metrics(font).advances
    ignored = "\n" + JOINERS
    return "".join(dict.fromkeys(c for c in text if ord(c) not in known and c not in ignored))


def line_ems(font: str, line: str) -> Fraction:
    """Return the width of one line in ems: the sum of its advances, without kerning.

    Every character must be in the font. Kerning and ligatures make a drawn line narrower, at times
    wider by under 1 %.
    """
    metrics = _metrics(font)
    return Fraction(sum(metrics.advances.get(ord(c), 0) for c in line), metrics.units_per_em)


def check_text(font: str, text: str, field: str) -> None:
    """Refuse a text that a font cannot draw.

    Raises DesignError 422 "design.caption_glyph", which names at most 10 of the characters.
    """
    missing = missing_glyphs(font, text)
    if missing:
        named = " ".join(f"{c} (U+{ord(c):04X})" for c in missing[:CHARACTERS_NAMED_MAX])
        raise DesignError(
            "design.caption_glyph", 422, f"The font has no letters for: {named}.", field=field
        )


def check_caption(look: DesignLook) -> None:
    """Refuse a caption that cannot be drawn as it stands; nothing is scaled or wrapped to fit.

    Raises DesignError 422 "design.caption_glyph" or "design.caption_fit": a line wider than its
    room (or than 200 ems), or more lines than the room is high.
    """
    caption = look.caption
    if caption is None:
        return
    assert look.sheet_um is not None  # the reader refuses a caption without a sheet
    check_text(caption.font, caption.text, "/caption/text")
    block = caption_block(caption, look.frame, look.sheet_um)
    if block.is_too_high:
        _refuse_fit("height", block.height_um, block.room.bottom - block.room.top)
    ems = max(line_ems(caption.font, line) for line in caption.text.split("\n"))
    room = min(block.room.right - block.room.left, Fraction(LINE_EMS_MAX * caption.size_um))
    if ems * caption.size_um > room:
        _refuse_fit("width", ems * caption.size_um, room)


def _refuse_fit(side: str, needed_um: Fraction, room_um: Fraction) -> None:
    sentence = f"The caption needs {float(needed_um) / 1000:.1f} mm of {side}"
    sentence += f" and has {max(float(room_um), 0) / 1000:.1f} mm."
    raise DesignError("design.caption_fit", 422, sentence, field="/caption")


@cache
def fonts_digest() -> str:
    """Return 64 hex digits that change when a file of the pinned list does: part of the engine."""
    paths = sorted({font.path for font in FONTS.values()})
    return hashlib.sha256(
        b"".join(hashlib.sha256(p.read_bytes()).digest() for p in paths)
    ).hexdigest()
