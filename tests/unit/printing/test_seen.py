"""What the checks look at: the printed px, reduced by areas, as the exact affine shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.page import developed
from origin.printing.plan import plan_page
from origin.printing.preflight.blur import sharpness
from origin.printing.preflight.halo import overshoot
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.preflight.seen import Seen, at_print_scale, level_counts, look_at
from origin.render.pipeline import Clock
from tests.images import prints
from tests.images.photos import photo_pixels

TRIM_UM = (120_000, 80_000)
CROP = (12_340, 20_010, 60_000, 60_000)
Floats = NDArray[np.float32]


def written(path: Path, px: NDArray[Any], space: str, profile: str | None = None) -> Path:
    image = pyvips.Image.new_from_array(px, interpretation=space)
    if profile is not None:
        image = with_profile(image, prints.PROFILES.by_name(profile).content())
    image.tiffsave(str(path), compression="lzw", keep=pyvips.enums.ForeignKeep.ICC)
    return path


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 2400 x 1600: its crop has 1.3 times the px that the checks look at."""
    px = photo_pixels(2_400, 1_600, 7)
    return written(tmp_path_factory.mktemp("seen") / "photo.tif", px, "srgb")


def look(**photo: Any) -> DesignLook:
    return DesignLook(PhotoLook(prints.ASSET, **{"crop": CROP, **photo}))


def seen(path: Path, design: DesignLook, trim_um: tuple[int, int] = TRIM_UM) -> Seen:
    wanted = prints.product(trim_um=trim_um, dpi_floor=30)
    recipe = prints.recipe_of(path, wanted, design)
    return look_at(recipe, path, prints.PROFILES, PreflightLimits())


def by_the_affine(path: Path, design: DesignLook, trim_um: tuple[int, int] = TRIM_UM) -> Seen:
    """The same px by the way that prints are made."""
    wanted = prints.product(trim_um=trim_um, dpi_floor=30)
    recipe = prints.recipe_of(path, wanted, design)
    plan = plan_page(at_print_scale(recipe))
    image = developed(plan, path, Clock()).copy_memory()
    return Seen(recipe, path, prints.PROFILES, PreflightLimits(), plan, image)


def figures(found: Seen) -> tuple[float, ...]:
    return sharpness(found.grey) or 0, overshoot(found.grey), float(found.grey.mean())


@pytest.mark.parametrize("trim_um", [(60_000, 40_000), (90_000, 60_000), TRIM_UM], ids=str)
def test_the_checks_see_what_the_print_will_show(photo: Path, trim_um: tuple[int, int]) -> None:
    found, exact = seen(photo, look(), trim_um), by_the_affine(photo, look(), trim_um)
    assert found.grey.shape == exact.grey.shape
    assert np.abs(found.grey - exact.grey).mean() < 1.5
    sharp, halo, mean = figures(found)
    assert (sharp, halo) == pytest.approx(figures(exact)[:2], rel=0.15)
    assert mean == pytest.approx(figures(exact)[2], abs=0.2)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["", "h"])
def test_a_turned_print_is_the_same_photo(photo: Path, turn: int, flip: str) -> None:
    sides = TRIM_UM if turn in (0, 180) else TRIM_UM[::-1]
    assert figures(seen(photo, look(turn=turn, flip=flip), sides)) == figures(seen(photo, look()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_seen_as_it_is_printed(tmp_path: Path, orientation: int) -> None:
    sides = (1_500, 1_000) if orientation < 5 else (1_000, 1_500)
    image = pyvips.Image.new_from_array(photo_pixels(*sides, 3), interpretation="srgb")
    path = tmp_path / "photo.jpg"
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.jpegsave(str(path), Q=95)
    found, exact = seen(path, look()), by_the_affine(path, look())
    assert found.grey.shape == exact.grey.shape
    assert np.abs(found.grey - exact.grey).mean() < 1.5


def test_a_tilted_crop_is_seen_by_the_affine_itself(photo: Path) -> None:
    design = look(tilt_mdeg=3_000, crop=(20_000, 20_000, 60_000, 60_000))
    assert np.array_equal(seen(photo, design).rgb, by_the_affine(photo, design).rgb)


SPACES: dict[str, tuple[Any, str, str | None]] = {
    "8 bit with a profile": (lambda px: px, "srgb", "display-p3"),
    "16 bit": (lambda px: px.astype(np.uint16) * 257, "rgb16", None),
    "16 bit with a profile": (lambda px: px.astype(np.uint16) * 257, "rgb16", "prophoto"),
    "grey": (lambda px: px[..., :1], "b-w", None),
    "transparent": (
        lambda px: np.concatenate([px, np.full((*px.shape[:2], 1), 90, np.uint8)], axis=2),
        "srgb",
        None,
    ),
    "cmyk": (lambda px: np.concatenate([px, px[..., :1] // 4], axis=2), "cmyk", "coated-fogra39"),
    "lab": (lambda px: px.astype(np.float32) / 3, "lab", None),
}


@pytest.mark.parametrize("name", SPACES)
def test_every_space_is_seen_as_it_is_printed(tmp_path: Path, name: str) -> None:
    change, space, profile = SPACES[name]
    path = written(tmp_path / "photo.tif", change(photo_pixels(1_500, 1_000, 3)), space, profile)
    found, exact = seen(path, look()), by_the_affine(path, look())
    assert found.rgb.shape == exact.rgb.shape
    difference = np.abs(found.rgb.astype(int) - exact.rgb)
    assert difference.mean() < 1.5


def test_a_shrunken_jpeg_is_cropped_where_the_print_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    image = pyvips.Image.new_from_array(photo_pixels(3_200, 2_400, 9), interpretation="srgb")
    image.jpegsave(str(path), Q=95)
    trim_um = (50_800, 38_100)
    found, exact = (way(path, look(crop=None), trim_um) for way in (seen, by_the_affine))
    assert exact.plan.shrink == 2
    assert np.abs(found.grey - exact.grey).mean() < 1.5


def test_a_crop_at_the_very_corner_stays_inside(photo: Path) -> None:
    corner = look(crop=(99_000, 99_000, 1_000, 1_000))
    wanted = prints.product(trim_um=TRIM_UM, dpi_floor=1)
    recipe = prints.recipe_of(photo, wanted, corner)
    found = look_at(recipe, photo, prints.PROFILES, PreflightLimits())
    assert found.grey.shape == (16, 24)


def test_levels_are_counted_once_each() -> None:
    grey = np.tile(np.arange(256, dtype=np.float32), (300, 1)) + np.float32(0.2)
    assert level_counts(grey).tolist() == [300] * 256
