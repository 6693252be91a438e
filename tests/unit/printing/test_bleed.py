"""What lies beyond the photo: its edge again, its mirror image, or a colour; each in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.printing.bleed import overhang
from origin.printing.plan import plan_page
from tests.images import prints
from tests.images.rendering import write_png

DPI = 254  # ten px a millimetre
TRIM_UM = (60_000, 40_000)
BLEED_UM = 5_000
BLEED_PX = 50


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 x 400 px, so a px of the page is one of the photo: a ramp each way, in red and green."""
    down, across = np.mgrid[0:400, 0:600]
    px = np.stack([across * 255 // 599, down * 255 // 399, np.full_like(down, 40)], axis=2)
    return write_png(tmp_path_factory.mktemp("photo") / "photo.png", px.astype(np.uint8))


def page(photo: Path, fill: str, look: DesignLook = prints.WHOLE) -> NDArray[np.int64]:
    wanted = prints.product(
        trim_um=TRIM_UM, bleed_um=BLEED_UM, bleed_fill=fill, fill_colour="0000ff", dpi=DPI
    )
    return prints.page_pixels(photo, prints.recipe_of(photo, wanted, look)).astype(np.int64)


@pytest.mark.parametrize("fill", ["stretch", "mirror", "colour"])
def test_the_photo_itself_fills_the_trim_untouched(photo: Path, fill: str) -> None:
    made = page(photo, fill)
    assert made.shape == (500, 700, 3)
    inner = made[BLEED_PX + 1 : -BLEED_PX - 1, BLEED_PX + 1 : -BLEED_PX - 1]
    down, across = np.mgrid[1:399, 1:599]
    assert np.abs(inner[:, :, 0] - across * 255 // 599).max() <= 1
    assert np.abs(inner[:, :, 1] - down * 255 // 399).max() <= 1


def test_stretch_repeats_the_edge(photo: Path) -> None:
    made = page(photo, "stretch")
    left, right = made[100:-100, : BLEED_PX - 1, 0], made[100:-100, -BLEED_PX + 1 :, 0]
    assert left.max() <= 1
    assert right.min() >= 254


def test_mirror_goes_back_the_way_it_came(photo: Path) -> None:
    made = page(photo, "mirror")
    middle = slice(100, -100)
    for away in range(2, BLEED_PX - 2):
        inside, outside = made[middle, BLEED_PX + away], made[middle, BLEED_PX - 1 - away]
        assert np.abs(inside - outside).max() <= 1


def test_colour_lies_where_the_photo_ends(photo: Path) -> None:
    made = page(photo, "colour")
    assert (made[: BLEED_PX - 1] == (0, 0, 255)).all()
    assert (made[:, -BLEED_PX + 1 :] == (0, 0, 255)).all()


def test_a_photo_that_goes_on_is_its_own_bleed(photo: Path) -> None:
    """A crop in the middle: the page shows the photo beyond it, by the same map."""
    look = DesignLook(PhotoLook(prints.ASSET, (25_000, 25_000, 50_000, 50_000), 0, 0, ""))
    made = {fill: page(photo, fill, look) for fill in ("stretch", "mirror", "colour")}
    assert np.array_equal(made["stretch"], made["colour"])
    assert np.array_equal(made["stretch"], made["mirror"])
    beyond = made["stretch"][250, :BLEED_PX, 0]
    at_photo_px = 150 + (np.arange(BLEED_PX) + 0.5 - BLEED_PX) / 2 - 0.5
    assert np.abs(beyond - at_photo_px * 255 / 599).max() <= 1.5


def test_a_tilted_page_is_filled_to_its_corners(photo: Path) -> None:
    look = DesignLook(PhotoLook(prints.ASSET, (14_000, 14_000, 72_000, 72_000), 0, 9_000, ""))
    made = page(photo, "colour", look)
    corners = made[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == (0, 0, 255)).all(axis=1).any(), "one reaches beyond the photo"
    assert (made[:, :, 2] >= 40).all(), "nothing is black"


def test_the_overhang_is_nothing_where_the_photo_goes_on(photo: Path) -> None:
    look = DesignLook(PhotoLook(prints.ASSET, (25_000, 25_000, 50_000, 50_000), 0, 0, ""))
    wanted = prints.product(trim_um=TRIM_UM, bleed_um=BLEED_UM, dpi=DPI)
    assert overhang(plan_page(prints.recipe_of(photo, wanted, look))) == (0, 0, 0, 0)
    left, top, right, bottom = overhang(plan_page(prints.recipe_of(photo, wanted)))
    assert min(left, top, right, bottom) >= BLEED_PX
