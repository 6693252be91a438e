"""The steps that draw: nothing without a design or a watermark, and what each adds."""

from __future__ import annotations

import numpy as np

from cache_keys.design import DesignLook, Filters, PhotoLook
from cache_keys.presets import Watermark
from origin.decode.libvips import pyvips
from origin.render.drawing import draw_design, draw_watermark
from tests.unit.render.facts import PHOTO, plan_of


def flat(red: int, green: int, blue: int) -> pyvips.Image:
    pixels = np.full((48, 64, 3), (red, green, blue), np.uint8)
    return pyvips.Image.new_from_array(pixels, interpretation="srgb")


def test_without_a_design_or_watermark_nothing_is_drawn() -> None:
    image = flat(10, 20, 30)
    assert draw_design(image, plan_of(PHOTO)) is image
    assert draw_watermark(image, plan_of(PHOTO)) is image


def test_a_designs_filters_change_the_photo() -> None:
    grey = DesignLook(PhotoLook("a", filters=Filters(grey=1000)))
    red, green, blue = draw_design(flat(200, 40, 30), plan_of(PHOTO, design=grey)).getpoint(5, 5)
    assert red == green == blue


def test_a_presets_watermark_is_laid_over_the_picture() -> None:
    how = plan_of(PHOTO, watermark=Watermark("x", size=400))
    assert draw_watermark(flat(0, 0, 0), how).numpy().max() > 0
