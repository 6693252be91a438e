"""Transparency: nothing bleeds out of clear px, and what is laid on a colour is laid exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cache_keys.design import DesignLook, PhotoLook
from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.render.alpha import (
    flattened,
    has_alpha,
    premultiply,
    unpremultiply,
)
from origin.render.plan import plan_edge_master
from tests.images.rendering import Kept, write_png
from tests.unit.render.facts import CUTOUT, PHOTO, plan_of

RED, GREEN = (255, 0, 0, 255), (0, 255, 0, 0)


@pytest.fixture
def cutout(tmp_path: Path) -> Kept:
    """Opaque red beside px that are clear and would be green, in thin stripes and one block."""
    pixels = np.tile(np.array(RED, np.uint8), (48, 64, 1))
    pixels[:, ::3] = GREEN
    pixels[:, 40:] = GREEN
    return Kept(write_png(tmp_path / "cutout.png", pixels))


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(Look("png", w=32), id="resized"),
        pytest.param(Look("png", w=32, design=DesignLook(PhotoLook("a"))), id="mapped"),
    ],
)
def test_the_colour_of_clear_px_is_never_seen(cutout: Kept, look: Look) -> None:
    pixels = cutout.pixels(look)
    seen = pixels[pixels[:, :, 3] > 8]
    assert len(seen) == 24 * 20
    assert seen[:, 0].min() >= 250
    assert seen[:, 1].max() <= 5


@pytest.mark.parametrize(
    ("ext", "bg", "clear"),
    [
        ("jpg", None, (255, 255, 255)),
        ("jpg", "0000ff", (0, 0, 255)),
        ("png", "0000ff", (0, 0, 255)),
        ("png", None, (0, 0, 0, 0)),
    ],
)
def test_clear_px_show_the_colour_that_they_lie_on(
    cutout: Kept, ext: str, bg: str | None, clear: tuple[int, ...]
) -> None:
    pixels = cutout.pixels(Look(ext, w=64, bg=bg))
    assert tuple(pixels[20, 50]) == clear


@pytest.mark.parametrize("ext", ["png", "webp", "avif"])
def test_transparency_reaches_the_browser(cutout: Kept, ext: str) -> None:
    found = pyvips.Image.new_from_buffer(cutout.render(Look(ext, w=64)).content, "").numpy()
    assert found.shape[2] == 4
    assert found[:, 44:, 3].max() <= 2
    assert found[:, 36:39, 3].max() >= 250


@pytest.mark.parametrize(("bits", "kind", "full"), [(8, np.uint8, 255), (16, np.uint16, 65_535)])
def test_weighing_colours_by_alpha_can_be_undone(
    bits: int, kind: type[np.uint8 | np.uint16], full: int
) -> None:
    how = plan_of(replace(CUTOUT, bits=bits))
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, full + 1, (8, 9, 4)).astype(kind)
    pixels[:, :, 3] = np.maximum(pixels[:, :, 3], full // 8)
    space = "srgb" if bits == 8 else "rgb16"
    image = pyvips.Image.new_from_array(pixels, interpretation=space)
    back = unpremultiply(premultiply(image, how), how)
    assert back.numpy().dtype == kind
    assert (back.numpy() == pixels).all()


def test_opaque_photos_and_masters_have_nothing_to_weigh() -> None:
    image = pyvips.Image.black(4, 4, bands=3)
    assert premultiply(image, plan_of(PHOTO)) is image
    assert not has_alpha(plan_edge_master(CUTOUT, "png"))


def test_a_fourth_band_of_lab_is_no_transparency() -> None:
    assert has_alpha(plan_of(CUTOUT))
    assert not has_alpha(plan_of(replace(CUTOUT, space="lab")))


def test_laying_on_a_colour_darkens_nothing() -> None:
    """The flatten of libvips truncates 8 bit: half a level darker on average."""
    shade, alpha = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.stack([shade, shade, shade, alpha], 2).astype(np.uint8)
    wanted = (shade * alpha + 255 * (255 - alpha)) / 255
    image = pyvips.Image.new_from_array(pixels, interpretation="srgb")
    error = flattened(image, "ffffff").numpy() - wanted[:, :, np.newaxis]
    assert np.abs(error).max() <= 0.5
    assert abs(error.mean()) < 0.001
