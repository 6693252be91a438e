"""Plain text: which characters, how many, in which spelling."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from cache_keys.design_text import read_text
from cache_keys.document import Node
from cache_keys.errors import DesignError


def read(text: str) -> str:
    return read_text(Node("design", "/text", text), 200, 6)


def refusal_of(text: str) -> str | None:
    try:
        read(text)
    except DesignError as refused:
        return refused.code
    return None


def test_limits_count_what_is_drawn() -> None:
    assert len(read("x" * 200 + "   ")) == 200
    assert read("\n\n1\n2\n3\n4\n5\n6\n\n").count("\n") == 5


def test_joiners_stay_inside_words_and_vanish_alone() -> None:
    assert read("क्\u200dष") == "क्\u200dष"
    assert read("a\n\u200c \u200d\nb") == "a\n\nb"


def test_no_character_of_a_refused_kind_passes() -> None:
    kinds = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    suspects = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in kinds]
    passed = {c for c in suspects if refusal_of(f"a{c}b") is None}
    assert passed == {"\n", "\u200c", "\u200d"}


@pytest.mark.parametrize("text", ["e\u0301", "\u212b", "\u1100\u1161"])
def test_text_is_nfc(text: str) -> None:
    assert read(text) == unicodedata.normalize("NFC", text) != text


def test_the_answer_names_the_character_by_number_only() -> None:
    with pytest.raises(DesignError, match=r"U\+202E"):
        read("a\u202eb")
