"""Elements together: their order, and what a design without a sheet draws."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from cache_keys.design import read_design
from origin.render.elements import apply_elements
from tests.unit.render.sheets import PHOTO, blank, drawn, look

HERE = (Fraction(0), Fraction(0))
ONE = (Fraction(1), Fraction(1))
GREY = {"asset": "a" * 52, "filters": {"grey": 1000}}


def test_a_design_that_draws_nothing_returns_the_picture_itself() -> None:
    image = blank(5, 5)
    assert apply_elements(image, look(), ONE, HERE) is image


def test_filters_need_no_sheet() -> None:
    design = read_design(
        b'{"photos":[{"asset":"%s","filters":{"brightness":-1000}}]}' % (b"a" * 52)
    )
    assert not apply_elements(blank(5, 5), design.look, ONE, HERE).numpy().any()


def test_filters_change_the_photo_and_not_the_frame_or_the_caption() -> None:
    frame = {"style": "plain", "width_mm": 20, "colour": "ff0000"}
    caption = {"text": "HIH", "size_mm": 30, "colour": "00ff00", "place": "middle"}
    pixels = drawn(look(frame=frame, caption=caption, photos=[GREY]), 150, 100)
    grey = {tuple(int(v) for v in p) for p in pixels[25:30, 25:125].reshape(-1, 3)}
    assert tuple(pixels[2, 2]) == (255, 0, 0)
    assert (0, 255, 0) in {tuple(int(v) for v in p) for p in pixels[50]}
    assert len(grey) == 1
    assert len(set(grey.pop())) == 1


def test_a_caption_lies_over_the_frame() -> None:
    frame = {"style": "polaroid", "foot_mm": 40}
    caption = {"text": "HHH", "size_mm": 20, "place": "frame", "colour": "0000ff"}
    pixels = drawn(look(frame=frame, caption=caption), 300, 200)
    assert (0, 0, 255) in {tuple(int(v) for v in p) for p in pixels[160]}


def test_what_a_frame_leaves_open_is_the_photo_untouched() -> None:
    pixels = drawn(look(frame={"style": "mat"}), 300, 200)
    assert np.array_equal(pixels[60:140, 60:240], np.broadcast_to(PHOTO, (80, 180, 3)))


def test_a_sheet_that_is_turned_upright_has_its_foot_below() -> None:
    frame = {"style": "polaroid", "foot_mm": 40}
    pixels = drawn(look((100_000, 150_000), frame=frame), 100, 150)
    assert tuple(pixels[115, 50]) == (0xFB, 0xFA, 0xF6)
    assert tuple(pixels[50, 50]) == PHOTO
