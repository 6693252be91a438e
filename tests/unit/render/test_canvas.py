"""Contain lays the picture on a canvas of exactly the box."""

from __future__ import annotations

import numpy as np

from origin.decode.libvips import pyvips
from origin.render.canvas import lay
from tests.unit.render.facts import CUTOUT, PHOTO, plan_of


def test_without_contain_nothing_is_laid() -> None:
    image = pyvips.Image.black(4, 4, bands=3)
    assert lay(image, plan_of(PHOTO)) is image


def test_a_picture_is_padded_to_the_box_with_the_colour() -> None:
    how = plan_of(PHOTO, w=64, h=64, fit="contain", g="n", bg="204060")
    pixels = lay(pyvips.Image.black(64, 48, bands=3), how).numpy()
    assert pixels.shape == (64, 64, 3)
    assert (pixels[:48] == 0).all()
    assert (pixels[48:] == (0x20, 0x40, 0x60)).all()


def test_the_padding_of_a_transparent_picture_is_white_and_opaque() -> None:
    how = plan_of(CUTOUT, w=64, h=60, fit="contain")
    pixels = lay(pyvips.Image.black(64, 48, bands=4).copy(interpretation="srgb"), how).numpy()
    assert (pixels[6:54] == 0).all()
    assert (np.delete(pixels, slice(6, 54), axis=0) == 255).all()
