"""Frames: where their parts lie, and that they lie there at every size."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from origin.render.elements import apply_elements
from tests.unit.render.sheets import PHOTO, averaged, blank, drawn, look

WHITE = (255, 255, 255)
STYLES: list[dict[str, Any]] = [
    {"style": "plain", "colour": "c01010"},
    {"style": "double"},
    {"style": "mat", "colour": "806040"},
    {"style": "line", "line_colour": "000000"},
    {"style": "rounded", "radius_mm": 15},
    {"style": "polaroid"},
]


def letters(pixels: Any, **names: tuple[int, ...]) -> list[str]:
    known = {colour: name for name, colour in names.items()}
    return ["".join(known.get(tuple(int(v) for v in p), "?") for p in row) for row in pixels]


def test_a_plain_frame_covers_its_width_on_every_side() -> None:
    pixels = drawn(look((100_000, 60_000), frame={"style": "plain", "width_mm": 10}), 10, 6)
    assert letters(pixels, W=WHITE, p=PHOTO) == [
        "WWWWWWWWWW",
        "WppppppppW",
        "WppppppppW",
        "WppppppppW",
        "WppppppppW",
        "WWWWWWWWWW",
    ]


def test_a_polaroid_has_a_foot() -> None:
    frame = {"style": "polaroid", "width_mm": 10, "foot_mm": 30, "colour": "ffffff"}
    assert letters(drawn(look((100_000, 60_000), frame=frame), 10, 6), W=WHITE, p=PHOTO) == [
        "WWWWWWWWWW",
        "WppppppppW",
        "WppppppppW",
        "WWWWWWWWWW",
        "WWWWWWWWWW",
        "WWWWWWWWWW",
    ]


def test_a_double_frame_has_its_line_inside_the_band() -> None:
    frame = {"style": "double", "width_mm": 20, "line_mm": 10, "line_colour": "000000"}
    pixels = drawn(look((100_000, 80_000), frame=frame), 10, 8)
    assert letters(pixels, W=WHITE, k=(0, 0, 0), p=PHOTO) == [
        "WWWWWWWWWW",
        "WWWWWWWWWW",
        "WWkkkkkkWW",
        "WWkppppkWW",
        "WWkppppkWW",
        "WWkkkkkkWW",
        "WWWWWWWWWW",
        "WWWWWWWWWW",
    ]


def test_a_line_frame_leaves_the_photo_on_both_sides() -> None:
    frame = {"style": "line", "width_mm": 10, "line_mm": 10}
    pixels = drawn(look((100_000, 60_000), frame=frame), 10, 6)
    assert letters(pixels, W=WHITE, p=PHOTO) == [
        "pppppppppp",
        "pWWWWWWWWp",
        "pWppppppWp",
        "pWppppppWp",
        "pWWWWWWWWp",
        "pppppppppp",
    ]


def test_a_mat_is_cut_with_slopes_that_meet_in_mitres() -> None:
    frame = {"style": "mat", "width_mm": 20, "foot_mm": 20, "line_mm": 20, "line_colour": "ffffff"}
    pixels = drawn(look((200_000, 160_000), frame={**frame, "colour": "000000"}), 100, 80)
    top, left, bottom, right = pixels[15, 50], pixels[40, 15], pixels[65, 50], pixels[40, 85]
    assert tuple(bottom) == WHITE
    assert int(top[0]) < int(left[0]) == int(right[0]) < 255
    on_the_mitre = pixels[15, 15]
    assert int(top[0]) < int(on_the_mitre[0]) < int(left[0])


def test_a_rounded_window_leaves_out_the_corner_of_a_square() -> None:
    frame = {"style": "rounded", "width_um": 0, "radius_mm": 30}
    pixels = drawn(look((100_000, 100_000), frame=frame), 200, 200)
    white = (pixels.astype(float) - PHOTO).sum() / (np.array(WHITE) - PHOTO).sum()
    assert white == pytest.approx((4 - np.pi) * 60**2, rel=0.002)


def test_a_radius_larger_than_the_window_makes_a_round_window() -> None:
    frame = {"style": "rounded", "width_um": 0, "radius_mm": 500}
    pixels = drawn(look((100_000, 100_000), frame=frame), 200, 200)
    white = (pixels.astype(float) - PHOTO).sum() / (np.array(WHITE) - PHOTO).sum()
    assert white == pytest.approx((4 - np.pi) * 100**2, rel=0.002)


def test_an_edge_between_pixels_covers_its_share() -> None:
    frame = {"style": "plain", "width_um": 12_500, "colour": "ffffff"}
    pixels = drawn(look((100_000, 100_000), frame=frame), 10, 10)
    share = (pixels[5, 1].astype(float) - PHOTO) / (np.array(WHITE) - PHOTO)
    assert share == pytest.approx([0.25] * 3, abs=0.005)


def test_no_photo_shows_between_band_and_line() -> None:
    frame = {"style": "double", "width_um": 12_500, "line_um": 20_000, "line_colour": "ffffff"}
    pixels = drawn(look((100_000, 100_000), frame=frame), 10, 10)
    assert tuple(pixels[5, 1]) == WHITE


@pytest.mark.parametrize("frame", STYLES, ids=lambda frame: str(frame["style"]))
def test_a_frame_is_the_same_at_160_and_at_1280_px(frame: dict[str, Any]) -> None:
    design = look(frame=frame)
    small = drawn(design, 160, 112, (-3.25, 2.5))
    apart = np.abs(averaged(drawn(design, 1280, 896, (-26, 20)), 8) - small)
    # Within 2 of 255, but where two edges share one small pixel: what is laid over what is not
    # what is beside what.
    assert np.quantile(apart, 0.99) <= 2
    assert apart.max() <= {"plain": 2, "polaroid": 2, "rounded": 4}.get(frame["style"], 8)


@pytest.mark.parametrize("frame", STYLES, ids=lambda frame: str(frame["style"]))
def test_a_frame_goes_on_into_the_bleed(frame: dict[str, Any]) -> None:
    design = look((100_000, 100_000), frame=frame)
    um_per_px = (Fraction(1_000), Fraction(1_000))
    drawn_ = apply_elements(blank(110, 110), design, um_per_px, (Fraction(5), Fraction(5))).numpy()
    rim, edge = drawn_[0, 50], drawn_[5, 50]
    assert tuple(rim) == tuple(edge)
    assert (tuple(rim) == PHOTO) == (frame["style"] == "line")


def test_16_bit_and_alpha_are_framed_alike() -> None:
    design = look((100_000, 60_000), frame={"style": "plain", "width_um": 15_000})
    um = (Fraction(10_000), Fraction(10_000))
    here = (Fraction(0), Fraction(0))
    plain = apply_elements(blank(10, 6), design, um, here).numpy().astype(int)
    deep_photo = tuple(value * 257 for value in PHOTO)
    deep = apply_elements(blank(10, 6, deep_photo, "ushort"), design, um, here)
    clear = apply_elements(blank(10, 6, (*PHOTO, 255)), design, um, here)
    both = apply_elements(blank(10, 6, (*deep_photo, 65_535), "ushort"), design, um, here)
    assert (deep.format, clear.format, clear.bands) == ("ushort", "uchar", 4)
    assert (both.format, both.bands) == ("ushort", 4)
    assert np.abs(both.numpy()[..., :3] / 257 - plain).max() <= 0.51
    assert np.abs(deep.numpy() / 257 - plain).max() <= 0.51
    assert np.abs(clear.numpy()[..., :3].astype(int) - plain).max() <= 1
    assert clear.numpy()[..., 3].min() == 255


def test_a_frame_over_nothing_is_as_clear_as_it_covers() -> None:
    design = look((100_000, 60_000), frame={"style": "plain", "width_um": 15_000})
    image = blank(10, 6, (0, 0, 0, 0))
    um = (Fraction(10_000), Fraction(10_000))
    drawn_ = apply_elements(image, design, um, (Fraction(0), Fraction(0))).numpy()
    assert [tuple(drawn_[3, x]) for x in (0, 1, 5)] == [(255,) * 4, (255, 255, 255, 128), (0,) * 4]
