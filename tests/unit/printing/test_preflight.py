"""The preflight's checks, one by one, on pictures made for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cache_keys.design_look import Crop, DesignLook, PhotoLook
from cache_keys.errors import DesignError
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.errors import BadDocument, PhotoRefused
from origin.flow.preflight_jobs import check_pdf, check_photo, covering
from origin.ingest.caps import Caps
from origin.printing.preflight.banding import roughness
from origin.printing.preflight.blur import sharpness
from origin.printing.preflight.clipping import clipped_percent
from origin.printing.preflight.exposure import lights_level
from origin.printing.preflight.halo import overshoot
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.preflight.seen import at_print_scale, level_counts
from origin.printing.preflight.words import size_words, smaller
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.values import Check, Severity
from origin.values import Photo, ProfileStatus
from tests.images.photos import photo_pixels
from tests.unit.printing.pdf_pages import recipe, tiny_pdf

POSTCARD = Products().by_reference("postcard-a6~1")
TILE = Products().by_reference("tile-20x20~1")
LIMITS = PreflightLimits()
Grey = NDArray[np.float32]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo with enough px for a postcard at 300 dpi, of its shape."""
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    return written(path, photo_pixels(1_760, 1_248, 5))


def crisp(width: int, height: int) -> NDArray[np.uint8]:
    """A photo that is sharp to its last px: one of twice the size, reduced."""
    large = photo_pixels(2 * width, 2 * height, 5)
    reduced = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8)


def written(path: Path, px: NDArray[np.uint8]) -> Path:
    pyvips.Image.new_from_array(px, interpretation="srgb").pngsave(str(path), compression=1)
    return path


@cache
def checked(
    path: Path, product: Product = POSTCARD, look: DesignLook | None = None
) -> dict[str, Check]:
    found = check_photo(path, Caps(), product, look, None, LIMITS)
    return {check.code.removeprefix("preflight."): check for check in found}


def grey(seed: int = 1) -> Grey:
    return np.asarray(cv2.cvtColor(photo_pixels(512, 384, seed), cv2.COLOR_RGB2GRAY), np.float32)


def test_a_good_photo_is_well_and_every_check_says_its_figure(photo: Path) -> None:
    found = checked(photo)
    assert set(found) == {
        "dpi", "crop", "aspect", "blur", "halo", "exposure", "clipping", "banding", "gamut", "ink",
        "transparency", "profile",
    }  # fmt: skip
    assert {name for name, check in found.items() if check.severity is Severity.WARN} == set()
    assert all(check.words.endswith(".") for check in found.values())


def test_too_few_px_block_and_name_a_size_that_would_do(tmp_path: Path) -> None:
    path = written(tmp_path / "small.png", photo_pixels(592, 420, 5))
    check = checked(path)["dpi"]
    assert check.severity is Severity.BLOCK
    assert check.measured == pytest.approx(101.6, abs=0.2)
    assert check.threshold == 150
    assert "14.8 \N{MULTIPLICATION SIGN} 10.5 cm" in check.words
    assert "7 \N{MULTIPLICATION SIGN} 5 cm or smaller" in check.words


def test_few_px_warn_and_only_the_check_of_dpi_does(tmp_path: Path) -> None:
    path = written(tmp_path / "middling.png", crisp(1_000, 710))
    found = checked(path)
    assert found["dpi"].severity is Severity.WARN
    assert found["blur"].severity is None


def test_a_blurred_photo_is_warned_of_with_a_size(photo: Path, tmp_path: Path) -> None:
    px = np.asarray(cv2.GaussianBlur(photo_pixels(1_760, 1_248, 5), (0, 0), 6.0), np.uint8)
    check = checked(written(tmp_path / "soft.png", px))["blur"]
    assert check.severity is Severity.WARN
    assert "will look soft at 14.8 \N{MULTIPLICATION SIGN} 10.5 cm" in check.words
    assert checked(photo)["blur"].measured > 2 * check.measured


def test_a_crop_counts_its_own_px_only(photo: Path) -> None:
    crop = (25_000, 25_000, 50_000, 50_000)
    found = checked(photo, look=DesignLook(PhotoLook("a" * 26, crop=crop)))
    assert found["dpi"].measured == pytest.approx(checked(photo)["dpi"].measured / 2, rel=0.01)
    assert found["crop"].severity is Severity.NOTE
    assert found["crop"].measured == pytest.approx(75, abs=0.5)


def test_a_crop_of_another_shape_is_refused_and_a_slightly_other_one_measured(photo: Path) -> None:
    with pytest.raises(DesignError, match=r"print\.aspect"):
        checked(photo, look=DesignLook(PhotoLook("a" * 26, crop=(0, 0, 50_000, 100_000))))
    found = checked(photo, look=DesignLook(PhotoLook("a" * 26, crop=(0, 0, 100_000, 99_700))))
    assert 0.2 < found["aspect"].measured < 0.5


def test_tilted_photos_are_seen_as_they_are_printed(photo: Path) -> None:
    half = (25_000, 25_000, 50_000, 50_000)
    plain, tilted = (
        checked(photo, look=DesignLook(PhotoLook("a" * 26, crop=half, tilt_mdeg=tilt)))
        for tilt in (0, 7_000)
    )
    assert tilted["dpi"].measured == plain["dpi"].measured
    assert tilted["blur"].measured == pytest.approx(plain["blur"].measured, rel=0.25)


def test_a_dark_photo_is_warned_of(tmp_path: Path) -> None:
    dark = np.asarray(photo_pixels(1_760, 1_248, 5) // 3, np.uint8)
    assert checked(written(tmp_path / "dark.png", dark))["exposure"].severity is Severity.WARN


def test_transparent_parts_are_named_as_white_paper(tmp_path: Path) -> None:
    alpha = np.full((1_248, 1_760, 1), 255, np.uint8)
    alpha[:, 440:880] = 0
    px = np.concatenate([photo_pixels(1_760, 1_248, 5), alpha], axis=2)
    check = checked(written(tmp_path / "hole.png", px))["transparency"]
    assert check.severity is Severity.NOTE
    assert check.measured == pytest.approx(25, abs=1)


def test_colours_that_no_press_has_are_noted_on_the_press_and_not_on_srgb(tmp_path: Path) -> None:
    px = np.zeros((1_248, 1_760, 3), np.uint8)
    px[..., 1] = 255
    px[:, :440] = 128
    path = written(tmp_path / "green.png", px)
    assert checked(path)["gamut"].measured == pytest.approx(75, abs=3)
    assert checked(path)["gamut"].severity is Severity.NOTE
    assert checked(path, TILE)["gamut"].measured == 0


def test_numbers_over_the_ink_limit_block(tmp_path: Path) -> None:
    profile = Path(__file__).parents[3] / "origin/printing/icc/coated-fogra39.icc"
    px = np.full((1_248, 1_760, 4), 250, np.uint8)
    image = with_profile(
        pyvips.Image.new_from_array(px, interpretation="cmyk"), profile.read_bytes()
    )
    path = tmp_path / "ink.tif"
    image.tiffsave(str(path))
    check = checked(path)["ink"]
    assert check.severity is Severity.BLOCK
    assert check.measured > 380


def test_a_file_that_is_no_photo_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.jpg"
    path.write_bytes(b"no photo at all")
    with pytest.raises(PhotoRefused):
        checked(path)


def test_a_path_without_a_suffix_is_read(photo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "lent"
    bare.write_bytes(photo.read_bytes())
    assert checked(bare) == checked(photo)


def test_a_pdf_is_judged_by_its_rules(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(tiny_pdf())
    assert check_pdf(path) == ()
    path.write_bytes(b"%PDF-1.6")
    with pytest.raises(BadDocument, match=r"print\.pdf"):
        check_pdf(path)


@pytest.mark.parametrize("seed", range(4))
def test_sharpness_does_not_depend_on_contrast(seed: int) -> None:
    plain = sharpness(grey(seed))
    assert plain is not None
    assert sharpness(grey(seed) * 0.4 + 60) == pytest.approx(plain, rel=1e-3)


def test_sharpness_falls_with_every_blur_and_with_its_square_at_last() -> None:
    blurred = {sigma: cv2.GaussianBlur(grey(), (0, 0), sigma) for sigma in (1.0, 2.0, 4.0)}
    found = [sharpness(np.asarray(blurred[sigma], np.float32)) or 0 for sigma in blurred]
    assert found == sorted(found, reverse=True)
    assert 2.5 < found[1] / found[2] < 5


def test_a_plain_surface_has_no_edges_to_judge() -> None:
    assert sharpness(np.full((200, 200), 128, np.float32)) is None
    assert sharpness(np.full((3, 3), 128, np.float32)) is None


def test_a_sharp_subject_before_a_soft_wall_is_sharp() -> None:
    wall = cv2.GaussianBlur(grey(), (0, 0), 6.0)
    wall[100:240, 100:240] = grey()[100:240, 100:240]
    assert (sharpness(np.asarray(wall, np.float32)) or 0) > LIMITS.sharpness


@pytest.mark.parametrize("side_px", [1, 2, 3, 16, 29, 30, 31, 32, 33, 63, 64])
def test_small_pictures_have_an_overshoot_too(side_px: int) -> None:
    grey = np.random.default_rng(1).uniform(0, 255, (side_px, 200)).astype(np.float32)
    assert overshoot(grey) >= 0
    assert overshoot(np.ascontiguousarray(grey.T)) >= 0


def test_sharpening_raises_overshoot() -> None:
    plain = grey()
    sharp = np.clip(plain + 4 * (plain - cv2.GaussianBlur(plain, (0, 0), 1.5)), 0, 255)
    assert overshoot(np.asarray(sharp, np.float32)) > 1.5 * overshoot(plain)


def test_few_tones_make_a_rough_histogram() -> None:
    steps = np.round(grey() / 17) * 17
    rough = roughness(level_counts(np.asarray(steps, np.float32)))
    assert rough > LIMITS.banding > roughness(level_counts(grey()))
    assert roughness(level_counts(np.zeros((10, 10), np.float32))) == 0


def test_clipping_counts_px_whose_channels_are_all_at_an_end() -> None:
    px = np.full((10, 10, 3), 128, np.uint8)
    px[:2], px[2:3], px[3:4] = 255, 0, (255, 255, 10)
    assert clipped_percent(px) == pytest.approx(30)


def test_single_sparks_are_no_lights() -> None:
    night = np.full((100, 100), 20, np.float32)
    night[0, :50] = 255
    assert lights_level(level_counts(night)) == 20
    night[:2] = 255
    assert lights_level(level_counts(night)) == 255


@pytest.mark.parametrize(
    ("sides_um", "words"),
    [
        ((300_000, 400_000), "30 \N{MULTIPLICATION SIGN} 40 cm"),
        ((148_000, 105_000), "14.8 \N{MULTIPLICATION SIGN} 10.5 cm"),
    ],
)
def test_sizes_are_said_in_centimetres(sides_um: tuple[int, int], words: str) -> None:
    assert size_words(sides_um) == words


@given(
    st.tuples(st.integers(20_000, 2_000_000), st.integers(20_000, 2_000_000)),
    st.floats(0.01, 1),
)
def test_a_smaller_size_is_never_larger_than_it_should_be(
    sides_um: tuple[int, int], factor: float
) -> None:
    found = smaller(sides_um, factor)
    assert all(side >= 5_000 for side in found)
    assert all(
        side <= max(5_000, whole * factor) for side, whole in zip(found, sides_um, strict=True)
    )


@pytest.mark.parametrize("product", Products().all(), ids=lambda one: one.reference)
@pytest.mark.parametrize("sides", [(4_000, 3_000), (3_000, 4_000), (5_000, 1_000)])
@pytest.mark.parametrize("turn", [0, 90])
def test_a_photo_without_a_crop_covers_the_sheet_about_its_centre(
    product: Product, sides: tuple[int, int], turn: int
) -> None:
    photo = Photo("jpeg", *sides, 1, 1, 3, 8, "srgb", False, ProfileStatus.ASSUMED, None)  # noqa: FBT003
    crop: Crop = covering(photo, DesignLook(PhotoLook("a" * 26, turn=turn)), product)
    width, height = crop[2] * sides[0], crop[3] * sides[1]
    if turn:
        width, height = height, width
    trim = product.trim_for(is_landscape=width >= height)
    assert width / height == pytest.approx(trim[0] / trim[1], rel=5e-4)
    assert max(crop[2:]) == 100_000
    assert abs(2 * crop[0] + crop[2] - 100_000) <= 1
    assert abs(2 * crop[1] + crop[3] - 100_000) <= 1


def test_large_sheets_are_looked_at_within_a_bound() -> None:
    large = replace(
        recipe(),
        trim_um=(5_000_000, 5_000_000),
        dpi=1_200,
        photo=replace(recipe().photo, width_px=60_000, height_px=60_000),
    )
    width, height = at_print_scale(large).page_px
    assert width * height <= 36_000_000
