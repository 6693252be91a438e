"""What is said of a photo at a glance: its colour and a hash that shows it blurred."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from origin.decode.libvips import pyvips
from origin.render.glance import dominant, glance
from tests.images.photos import photo_pixels


def flat(*colours: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.array([colours], np.uint8)


def test_the_dominant_colour_is_that_of_most_px() -> None:
    assert dominant(flat((200, 30, 30), (202, 31, 30), (0, 0, 255))) == "c91f1e"


def test_colours_that_hardly_differ_count_together() -> None:
    """Three near greens outweigh two equal blues."""
    greens = [(10, 130, 10), (12, 140, 14), (20, 150, 20)]
    assert dominant(flat(*greens, (0, 0, 255), (0, 0, 255))) == "0e8c0f"


@pytest.mark.parametrize("sides", [(1, 1), (100, 40), (2560, 1), (640, 480)])
def test_a_photo_of_any_shape_has_a_hash_and_a_colour(sides: tuple[int, int]) -> None:
    width, height = sides
    pixels = np.full((height, width, 3), (64, 128, 32), np.uint8)
    hashed, colour = glance(pyvips.Image.new_from_array(pixels, interpretation="srgb"))
    assert colour == "408020"
    assert 5 < len(base64.b64decode(hashed)) <= 25


def test_the_hash_of_a_photo_does_not_depend_on_its_size() -> None:
    image = pyvips.Image.new_from_array(photo_pixels(640, 480, 3), interpretation="srgb")
    small = image.resize(0.5)
    first, second = (
        np.frombuffer(base64.b64decode(glance(i)[0]), np.uint8) for i in (image, small)
    )
    assert (first[:5] == second[:5]).all()
    assert len(first) == len(second)
