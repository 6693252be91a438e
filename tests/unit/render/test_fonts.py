"""The pinned fonts: which letters they have and how wide those are."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from fractions import Fraction

import pytest
from fontTools.pens.boundsPen import BoundsPen  # type: ignore[import-untyped]  # ships no types
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no types

from cache_keys import DesignError
from cache_keys.design_schema import FONTS as NAMES
from origin.render.fonts import FONTS, check_caption, fonts_digest, line_ems, missing_glyphs
from origin.render.letters import EM_PX, set_line
from tests.unit.render.sheets import look


def test_every_font_of_the_grammar_is_a_file_of_a_pinned_package() -> None:
    assert tuple(FONTS) == NAMES
    assert all(font.path.is_file() for font in FONTS.values())


@pytest.mark.parametrize("name", NAMES)
def test_western_central_european_greek_and_cyrillic_letters_are_there(name: str) -> None:
    text = "Fjörður ÀÉÎÕÜ čšž ŁĄĘ ŐŰ ĞİŞ Ελλάδα Привет Ђорђе Việt €£ “„” 1½ & <3"
    assert missing_glyphs(name, text) == ""


def test_missing_letters_are_named_once_in_their_order() -> None:
    assert missing_glyphs("noto-sans", "愛 love 愛\n😀\u200d") == "愛😀"
    assert missing_glyphs("noto-serif", "नमस्ते")[0] == "न"
    assert missing_glyphs("noto-sans", "नमस्ते") == ""


def test_a_caption_with_missing_letters_is_refused_by_name() -> None:
    with pytest.raises(DesignError) as refused:
        check_caption(look(caption={"text": "Mit ♡ 愛"}))
    assert (refused.value.code, refused.value.field) == ("design.caption_glyph", "/caption/text")
    assert "愛 (U+611B)" in refused.value.public


def test_at_most_ten_missing_letters_are_named() -> None:
    with pytest.raises(DesignError) as refused:
        check_caption(look(caption={"text": "一二三四五六七八九十百千"}))
    assert refused.value.public.count("U+") == 10


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("letter", ["H", "Ж", "ß", "W"])
def test_the_drawn_letter_is_the_files_own_at_its_weight(name: str, letter: str) -> None:
    font = FONTS[name]
    with TTFont(font.path) as tables:
        glyph = tables.getGlyphSet(location={"wght": font.weight})[
            tables.getBestCmap()[ord(letter)]
        ]
        pen = BoundsPen(None)
        glyph.draw(pen)
        left, low, right, high = pen.bounds
    line = set_line(letter, name, None)
    assert line.ink.width == pytest.approx((right - left) * EM_PX / 1000, abs=2)
    assert line.ink.height == pytest.approx((high - low) * EM_PX / 1000, abs=2)
    assert line.baseline_px == pytest.approx(high * EM_PX / 1000, abs=2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["Hamburgefonts", "AVAVAV Te To Ta", "ффшщ", "fi ffl", "........"])
def test_the_measured_width_is_the_drawn_one_but_for_kerning(name: str, text: str) -> None:
    drawn_ems = set_line(text, name, None).ink.width / EM_PX
    assert drawn_ems <= float(line_ems(name, text)) * 1.01
    assert drawn_ems >= float(line_ems(name, text)) * 0.85


def test_widths_are_those_of_the_file() -> None:
    assert line_ems("noto-sans", "HH") == 2 * Fraction(741, 1000)
    assert line_ems("noto-sans-bold", "H") == Fraction(765, 1000)


def room(text: str, **caption: object) -> str | None:
    try:
        check_caption(look((100_000, 100_000), caption={"text": text, **caption}))
    except DesignError as refused:
        return refused.code
    return None


def test_a_line_may_fill_its_room_and_no_more() -> None:
    width_um = int(line_ems("noto-sans", "H" * 10) * 10_000)
    fits = look(
        (width_um + 10_000, 50_000), caption={"text": "H" * 10, "size_mm": 10, "margin_mm": 5}
    )
    check_caption(fits)
    with pytest.raises(DesignError) as refused:
        check_caption(
            look(
                (width_um + 9_999, 50_000),
                caption={"text": "H" * 10, "size_mm": 10, "margin_mm": 5},
            )
        )
    assert refused.value.code == "design.caption_fit"
    assert "74.1 mm of width" in refused.value.public


def test_lines_may_fill_the_height_and_no_more() -> None:
    assert room("1\n2\n3", size_mm=20, margin_mm=14) is None
    assert room("1\n2\n3", size_mm=20, margin_mm=15) == "design.caption_fit"


def test_a_margin_that_leaves_nothing_is_refused() -> None:
    assert room("i", margin_mm=50) == "design.caption_fit"


def test_a_caption_on_the_frame_must_fit_the_band() -> None:
    frame = {"style": "polaroid", "foot_mm": 15}
    one = {"text": "one", "place": "frame", "size_mm": 8}
    check_caption(look(frame=frame, caption=one))
    with pytest.raises(DesignError, match="height"):
        check_caption(look(frame=frame, caption={**one, "text": "one\ntwo"}))


def test_a_line_of_more_than_200_ems_is_refused_on_any_sheet() -> None:
    wide = "\u2e3b" * 71  # three-em dashes, which are 2.84 ems
    with pytest.raises(DesignError, match="width"):
        check_caption(look((5_000_000, 5_000_000), caption={"text": wide, "size_mm": 1}))


def test_a_design_without_a_caption_passes() -> None:
    check_caption(look())


def test_checking_a_caption_needs_no_libvips() -> None:
    code = "import sys, origin.render.fonts; sys.exit('pyvips' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_digest_is_of_both_files() -> None:
    assert len(fonts_digest()) == 64
    assert len({font.path for font in FONTS.values()}) == 2


def test_no_letter_of_a_font_is_refused_as_text() -> None:
    with TTFont(FONTS["noto-sans"].path, lazy=True) as tables:
        letters = [chr(code) for code in tables.getBestCmap()]
    kinds = {unicodedata.category(letter) for letter in letters}
    assert {"Lu", "Ll", "Nd", "Po", "Sc", "Mn"} <= kinds
