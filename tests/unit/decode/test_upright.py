"""The eight orientations, on a picture of six letters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from origin.decode.libvips import pyvips
from origin.decode.open import open_source
from origin.decode.upright import SIDEWAYS, upright

UPRIGHT = ["abc", "def"]

STORED = {
    1: ["abc", "def"],
    2: ["cba", "fed"],
    3: ["fed", "cba"],
    4: ["def", "abc"],
    5: ["ad", "be", "cf"],
    6: ["cf", "be", "ad"],
    7: ["fc", "eb", "da"],
    8: ["da", "eb", "fc"],
}
"""How a camera stores the upright letters (EXIF 2.32, tag 0112h: where row 0 and column 0 lie)."""


def drawn(rows: list[str]) -> pyvips.Image:
    return pyvips.Image.new_from_array(np.array([[*map(ord, row)] for row in rows], np.uint8))


def letters(image: pyvips.Image) -> list[str]:
    return ["".join(map(chr, row)) for row in image.numpy()]


@pytest.mark.parametrize("orientation", STORED)
def test_each_orientation_ends_upright(orientation: int) -> None:
    assert letters(upright(drawn(STORED[orientation]), orientation)) == UPRIGHT


@pytest.mark.parametrize("orientation", STORED)
def test_sideways_are_those_that_swap_the_sides(orientation: int) -> None:
    assert (orientation in SIDEWAYS) == (len(STORED[orientation]) == 3)


@pytest.mark.parametrize("orientation", STORED)
def test_an_image_read_row_by_row_can_be_turned(orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "letters.png"
    drawn(STORED[orientation]).pngsave(str(path))
    assert letters(upright(open_source(path, "png"), orientation)) == UPRIGHT


def test_the_orientation_tag_is_gone() -> None:
    tagged = drawn(UPRIGHT).copy()
    tagged.set_type(pyvips.GValue.gint_type, "orientation", 6)
    turned = upright(tagged, 6)
    assert turned.get_typeof("orientation") == 0
    assert tagged.get("orientation") == 6
