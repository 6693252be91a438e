"""How much ink a page asks for: the sum of four plates, judged where nearly all px are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.ink import check_ink, ink_percent
from origin.printing.values import Severity
from tests.images import prints


def plates(px: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> pyvips.Image:
    return pyvips.Image.new_from_array(px, interpretation="cmyk")


@pytest.mark.parametrize(
    ("inks", "percent"), [((0, 0, 0, 0), 0), ((255, 255, 0, 0), 200), ((255,) * 4, 400)]
)
def test_the_plates_are_added_up(inks: tuple[int, ...], percent: float) -> None:
    px = np.full((20, 20, 4), inks, dtype=np.uint8)
    assert ink_percent(plates(px), 0.999) == percent


def test_single_px_do_not_count() -> None:
    px = np.zeros((100, 100, 4), dtype=np.uint8)
    px[0, :9] = 255  # nine in ten thousand
    assert ink_percent(plates(px), 0.999) == 0
    px[0, :11] = 255
    assert ink_percent(plates(px), 0.999) == 400


def test_a_large_page_is_judged_by_a_grid_that_finds_the_same() -> None:
    rng = np.random.default_rng(1)
    px = rng.integers(0, 256, (3000, 3000, 4)).astype(np.uint8)
    exact = np.percentile(px.astype(int).sum(axis=2), 99.9) * 100 / 255
    assert ink_percent(plates(px), 0.999) == pytest.approx(exact, abs=1)


@pytest.mark.parametrize(
    ("ink", "severity"), [(200, None), (211, None), (213, Severity.BLOCK), (255, Severity.BLOCK)]
)
def test_a_press_photo_of_too_much_ink_is_blocked(
    tmp_path: Path, ink: int, severity: Severity | None
) -> None:
    """Its numbers are printed as they are: 4 x 211 of 255 are 331 %, within two of the limit."""
    image = plates(np.full((400, 600, 4), ink, dtype=np.uint8))
    path = tmp_path / "press.tif"
    with_profile(image, prints.PROFILES.by_name("coated-fogra39").content()).tiffsave(str(path))
    recipe = prints.recipe_of(path, prints.product("page-a4~1", trim_um=(60_000, 40_000), dpi=100))
    page = plates(prints.page_pixels(path, recipe))
    (check,) = check_ink(page, recipe)
    assert (check.code, check.severity, check.threshold) == ("preflight.ink", severity, 330.0)
    assert check.measured == pytest.approx(4 * ink * 100 / 255, abs=0.1)
    assert "330 %" in check.words


def test_there_is_nothing_to_check_in_rgb(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    px = np.zeros((400, 600, 3), dtype=np.uint8)
    pyvips.Image.new_from_array(px, interpretation="srgb").tiffsave(str(path))
    recipe = prints.recipe_of(path, prints.product(trim_um=(60_000, 40_000)))
    image = pyvips.Image.new_from_array(px, interpretation="srgb")
    assert check_ink(image, recipe) == ()
    unlimited = replace(recipe, colour=replace(recipe.colour, ink_limit_percent=None))
    assert check_ink(plates(np.zeros((4, 4, 4), np.uint8)), unlimited) == ()
