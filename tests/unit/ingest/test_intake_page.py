"""docs/intake.md says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from origin.errors import KINDS
from origin.ingest.caps import Caps
from origin.ingest.warnings import WARNINGS

PAGE = (Path(__file__).parents[3] / "docs" / "intake.md").read_text(encoding="utf-8")
TIMES = " \u00d7 "
AFTER_INTAKE = {"photo.quarantined"}


@pytest.mark.parametrize("word", WARNINGS)
def test_each_warning_is_listed_with_its_meaning(word: str) -> None:
    assert f"| {word} | {WARNINGS[word].replace(' x ', TIMES)} |" in PAGE


@pytest.mark.parametrize("code", [c for c in KINDS if c.startswith("photo.")])
def test_each_refusal_is_listed(code: str) -> None:
    assert code in PAGE or code in AFTER_INTAKE


def test_the_caps_are_those_of_the_code() -> None:
    assert Caps() == Caps(
        upload_bytes=100_000_000,
        pixels=250_000_000,
        side_px=65_500,
        pages=200,
        bands=5,
        decode_bytes=512_000_000,
        profile_bytes=4_194_304,
        metadata_bytes=4_194_304,
        chunks=5_000,
        scans=100,
    )
    for words in ("100 MB", "250 million", "65,500 px", "| 200 |", "512 MB", "4 MiB", "5,000"):
        assert words in PAGE
