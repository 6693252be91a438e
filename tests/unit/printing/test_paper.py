"""Clear px are bare paper, in every space, and half-clear ones are half of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from tests.images import prints
from tests.images.rendering import write_png

TOP = {np.uint8: 255, np.uint16: 65_535}


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [2, 4])
def test_clear_px_are_white_and_half_clear_ones_half(
    tmp_path: Path, bands: int, depth: type[np.uint8 | np.uint16]
) -> None:
    top = TOP[depth]
    px: NDArray[Any] = np.zeros((400, 600, bands), dtype=depth)
    px[:, :200, -1], px[:, 200:400, -1], px[:, 400:, -1] = 0, (top + 1) // 2, top
    path = write_png(tmp_path / "photo.png", px)
    wanted = prints.product(trim_um=(60_000, 40_000), bleed_um=0, dpi=254)
    made = prints.page_pixels(path, prints.recipe_of(path, wanted))
    assert (made[50:-50, 10:190] == 255).all()
    assert (abs(made[50:-50, 210:390].astype(int) - 127) <= 1).all()
    assert (made[50:-50, 410:-10] == 0).all()


def test_the_colour_of_clear_px_does_not_bleed_into_their_neighbours(tmp_path: Path) -> None:
    px = np.zeros((400, 600, 4), dtype=np.uint8)
    px[:, :300] = (255, 0, 0, 0)  # red that nobody may see
    px[:, 300:] = (0, 0, 255, 255)
    path = write_png(tmp_path / "photo.png", px)
    wanted = prints.product(trim_um=(60_000, 40_000), bleed_um=0, dpi=200)
    made = prints.page_pixels(path, prints.recipe_of(path, wanted)).astype(int)
    assert (made[:, :, 0] <= made[:, :, 2] + 1).all(), "no px is redder than it is blue"


def test_a_wide_colour_with_transparency_takes_one_transform(tmp_path: Path) -> None:
    """A green of Display P3 prints alike with and without an opaque alpha, not cut to sRGB."""
    px = np.full((400, 600, 4), 255, dtype=np.uint8)
    px[:, :, :3] = (20, 240, 60)
    inks = []
    for bands in (3, 4):
        image = pyvips.Image.new_from_array(px[:, :, :bands], interpretation="srgb")
        path = tmp_path / f"{bands}.png"
        with_profile(image, prints.PROFILES.by_name("display-p3").content()).pngsave(str(path))
        wanted = prints.product("page-a4~1", trim_um=(60_000, 40_000), dpi=100)
        inks.append(prints.page_pixels(path, prints.recipe_of(path, wanted)))
    assert np.array_equal(inks[0], inks[1])
