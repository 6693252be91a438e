"""Geometry by pictures of letters: what is seen where, from master and from source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cache_keys.design import DesignLook, PhotoLook
from cache_keys.presets import Look
from tests.images.letters import CELL_PX, draw, read, rows
from tests.images.rendering import Kept, write_png

PHOTO = "ABCD EFGH DCBA"  # 4 x 3 squares: 64 x 48 px


@pytest.fixture(params=["master", "source"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """The photo, made from its master or, because it has an alpha band, from its source."""
    pixels = draw(PHOTO)
    if request.param == "source":
        opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        pixels = np.concatenate([pixels, opaque], axis=2)
    return Kept(write_png(tmp_path / "photo.png", pixels))


def seen(kept: Kept, **look: Any) -> str:
    return read(kept.pixels(Look(ext="png", **look)))


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        pytest.param({"w": 64}, "ABCD EFGH DCBA", id="a whole photo at its own size"),
        pytest.param({"w": 2560}, "ABCD EFGH DCBA", id="a photo is never enlarged"),
        pytest.param({"w": 64, "turn": 90}, "DEA CFB BGC AHD", id="a turn of 90 is clockwise"),
        pytest.param({"w": 64, "turn": 180}, "ABCD HGFE DCBA", id="a turn of 180"),
        pytest.param({"w": 64, "turn": 270}, "DHA CGB BFC AED", id="a turn of 270"),
        pytest.param({"w": 64, "flip": "h"}, "DCBA HGFE ABCD", id="a flip h swaps left and right"),
        pytest.param({"w": 64, "flip": "v"}, "DCBA EFGH ABCD", id="a flip v swaps top and bottom"),
        pytest.param(
            {"w": 64, "turn": 90, "flip": "h"}, "AED BFC CGB DHA", id="a flip comes after the turn"
        ),
        pytest.param(
            {"w": 64, "crop": (25_000, 0, 50_000, 100_000)}, "BC FG CB", id="a crop of the middle"
        ),
        pytest.param(
            {"w": 64, "crop": (50_000, 0, 50_000, 66_667), "turn": 90},
            "GC HD",
            id="a crop comes before the turn",
        ),
        pytest.param({"w": 32, "h": 48, "fit": "cover"}, "BC FG CB", id="cover keeps the middle"),
    ],
)
def test_a_look_gives_these_letters(kept: Kept, look: dict[str, Any], expected: str) -> None:
    assert seen(kept, **look) == rows(expected)


@pytest.mark.parametrize(
    ("g", "expected"),
    [
        ("w", "ABC EFG DCB"),
        ("e", "BCD FGH CBA"),
        ("nw", "ABC EFG DCB"),
        ("se", "BCD FGH CBA"),
        ((0, 0), "ABC EFG DCB"),
        ((100_000, 50_000), "BCD FGH CBA"),
        ((62_500, 50_000), "BCD FGH CBA"),
    ],
)
def test_gravity_places_the_window_of_cover(
    kept: Kept, g: str | tuple[int, int], expected: str
) -> None:
    assert seen(kept, w=48, h=48, fit="cover", g=g) == rows(expected)


@pytest.mark.parametrize(
    ("g", "expected"),
    [
        ("n", "DEA CFB BGC"),
        ("s", "CFB BGC AHD"),
        ((0, 0), "DEA CFB BGC"),
        ((0, 100_000), "DEA CFB BGC"),
        ((100_000, 0), "CFB BGC AHD"),
    ],
)
def test_a_compass_point_is_in_the_turned_frame_and_a_point_in_the_photo(
    kept: Kept, g: str | tuple[int, int], expected: str
) -> None:
    """A turn of 90 brings the photo's left edge to the top."""
    assert seen(kept, w=48, h=48, fit="cover", turn=90, g=g) == rows(expected)


@pytest.mark.parametrize("flip", ["", "h", "v", "hv"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_point_lands_in_the_window_however_the_photo_is_turned(
    kept: Kept, turn: int, flip: str
) -> None:
    middle_of_h = (87_500, 50_000)
    letters = seen(kept, w=16, h=16, fit="cover", g=middle_of_h, turn=turn, flip=flip)
    assert letters == seen(kept, w=16, h=16, fit="cover", g=middle_of_h)


@pytest.mark.parametrize(
    ("g", "expected"),
    [
        ("n", "ABCD EFGH DCBA #### ####"),
        ("c", "#### ABCD EFGH DCBA ####"),
        ("se", "#### #### ABCD EFGH DCBA"),
        ((0, 0), "#### ABCD EFGH DCBA ####"),
    ],
)
def test_contain_lays_the_photo_on_the_whole_box(
    kept: Kept, g: str | tuple[int, int], expected: str
) -> None:
    assert seen(kept, w=64, h=80, fit="contain", g=g, bg="000000") == rows(expected)


@pytest.mark.parametrize(("g", "expected"), [("w", "ABCD.."), ("c", ".ABCD."), ("e", "..ABCD")])
def test_contain_pads_with_white_where_no_colour_is_given(
    kept: Kept, g: str, expected: str
) -> None:
    letters = seen(kept, w=96, h=48, fit="contain", g=g)
    assert letters.split("\n")[0] == expected


def test_fill_stretches_each_side_to_the_box(kept: Kept) -> None:
    pixels = kept.pixels(Look(ext="png", w=32, h=48, fit="fill"))
    assert pixels.shape[:2] == (48, 32)
    assert read(pixels[::1, ::1].repeat(2, 1)) == rows(PHOTO)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["", "h"])
def test_the_exact_affine_and_the_fast_path_show_the_same(kept: Kept, turn: int, flip: str) -> None:
    fast = Look(ext="png", w=64, turn=turn, flip=flip)
    exact = Look(ext="png", w=64, turn=turn, flip=flip, design=DesignLook(PhotoLook("a")))
    assert kept.plan(fast).sampling is None
    assert kept.plan(exact).sampling is not None
    difference = kept.pixels(fast).astype(int) - kept.pixels(exact)
    assert np.abs(difference).max() <= 1


def test_a_tilt_is_clockwise(kept: Kept) -> None:
    """Seen through a clockwise tilt, what was right of the middle moves down."""
    crop = (25_000, 16_667, 50_000, 66_666)
    look = Look(ext="png", w=64, crop=crop)
    level = kept.pixels(look)
    tilted = kept.pixels(
        Look(ext="png", w=64, crop=crop, design=DesignLook(PhotoLook("a", crop, 0, 15_000)))
    )
    height, width = level.shape[:2]
    edge = (height // 2 - CELL_PX // 2) + 0  # the top of the row of squares in the middle
    right = tilted[:, width - 3]
    assert read(level[edge + 2 : edge + 3, -3:-2], 1) == "G"
    assert read(right[edge + 2 : edge + 3, None], 1) == "C"
