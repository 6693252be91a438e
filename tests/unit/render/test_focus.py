"""The point that a picture is about: what draws the eye, or a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from origin.decode.libvips import pyvips
from origin.render.focus import find_focus
from tests.images.rendering import Kept

PORTRAIT = "exif/fa1bb9_DudleyLeavittUtah.tiff"  # 1905; the face fills the middle, above the centre


def jpeg(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    content = pyvips.Image.new_from_array(pixels, interpretation="srgb").jpegsave_buffer(Q=95)
    assert isinstance(content, bytes)
    return content


def scene(left: int, top: int) -> bytes:
    """Return a plain grey wall of 640 x 480 px with one colourful, detailed thing of 60 px."""
    pixels = np.full((480, 640, 3), 120, np.uint8)
    stripes = np.where(np.arange(60) // 6 % 2, 230, 90)[:, np.newaxis]
    pixels[top : top + 60, left : left + 60] = np.stack(
        [np.broadcast_to(stripes, (60, 60)), np.full((60, 60), 60), np.full((60, 60), 50)], 2
    )
    return jpeg(pixels)


@pytest.mark.parametrize(("left", "top"), [(60, 60), (500, 80), (90, 380), (520, 360)])
def test_smart_finds_the_thing_that_draws_the_eye(left: int, top: int) -> None:
    x, y = find_focus(scene(left, top), "smart")
    assert x * 640 / 1e5 == pytest.approx(left + 30, abs=50)
    assert y * 480 / 1e5 == pytest.approx(top + 30, abs=50)


def test_face_without_a_face_is_smart() -> None:
    raster = scene(500, 80)
    assert find_focus(raster, "face") == find_focus(raster, "smart")


@pytest.mark.parametrize("kind", ["smart", "face"])
def test_the_same_photo_has_the_same_focus(kind: str) -> None:
    assert len({find_focus(scene(60, 60), kind) for _ in range(2)}) == 1


@pytest.mark.parametrize("kind", ["smart", "face"])
@pytest.mark.parametrize("sides", [(1, 1), (1, 40), (40, 1), (2, 2)])
def test_the_focus_of_the_smallest_pictures_lies_in_them(kind: str, sides: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*sides, 3)).astype(np.uint8)
    assert all(0 <= share <= 100_000 for share in find_focus(jpeg(pixels), kind))


def test_the_focus_of_one_px_is_its_middle() -> None:
    assert find_focus(jpeg(np.zeros((1, 1, 3), np.uint8)), "smart") == (50_000, 50_000)


def test_face_finds_a_real_face(corpus: Path) -> None:
    kept = Kept(corpus / PORTRAIT)
    raster = kept.masters.levels[min(kept.masters.levels)]
    x, y = find_focus(raster, "face")
    assert x == pytest.approx(51_000, abs=6_000)
    assert y == pytest.approx(38_000, abs=6_000)
    assert find_focus(raster, "smart") != (x, y)
