"""The whole way: from a stored photo to a file, and what stops it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pikepdf import Pdf

from cache_keys.design_look import DesignLook, Filters, PhotoLook
from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.errors import BadDocument, NotFound, PhotoRefused, StoreUnavailable
from origin.printing.page import render_page
from origin.printing.recipe import Recipe, read_recipe, recipe_json
from tests.images import prints
from tests.images.photos import photo_jpeg
from tests.images.rendering import Kept

SMALL: dict[str, Any] = {"trim_um": (60_000, 40_000), "bleed_um": 0}


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(600, 400, 1))
    return path


@pytest.fixture(scope="module")
def recipe(photo: Path) -> Recipe:
    return prints.recipe_of(photo, prints.product(**SMALL))


def test_a_page_says_what_it_is(photo: Path, recipe: Recipe) -> None:
    page = render_page(recipe, photo, prints.PROFILES)
    assert (page.width_px, page.height_px) == recipe.page_px
    assert page.media_type == "image/jpeg"
    assert page.sha256 == hashlib.sha256(page.content).hexdigest()
    assert [check.code for check in page.checks] == ["preflight.profile"]
    steps = ["verify", "open", "develop", "checks", "encode", "read_back"]
    assert list(page.steps_ms) == steps


def test_a_pdf_has_the_profile_once_and_the_digest_of_all_of_it(photo: Path) -> None:
    recipe = prints.recipe_of(photo, prints.product("page-a4~1", **SMALL, dpi=100))
    page = render_page(recipe, photo, prints.PROFILES, "a" * 52)
    assert page.media_type == "application/pdf"
    assert page.sha256 == hashlib.sha256(page.content).hexdigest()
    assert list(page.steps_ms)[-1] == "wrap"
    jpeg = render_page(recipe, photo, prints.PROFILES).content
    assert jpeg in page.content
    assert b"ICC_PROFILE" not in page.content
    with Pdf.open(BytesIO(page.content)) as pdf:
        profile = bytes(pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes())
    assert hashlib.sha256(profile).hexdigest() == recipe.colour.profile_sha256


def test_a_recipe_that_was_written_down_makes_the_same_bytes(photo: Path, recipe: Recipe) -> None:
    again = read_recipe(recipe_json(recipe))
    assert (
        render_page(again, photo, prints.PROFILES).sha256
        == render_page(recipe, photo, prints.PROFILES).sha256
    )


def test_a_source_that_changed_is_not_printed(tmp_path: Path, recipe: Recipe) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(photo_jpeg(600, 400, 2))
    with pytest.raises(StoreUnavailable) as caught:
        render_page(recipe, other, prints.PROFILES)
    assert caught.value.code == "store.damaged"
    with pytest.raises(StoreUnavailable) as caught:
        render_page(recipe, tmp_path / "gone.jpg", prints.PROFILES)
    assert caught.value.code == "store.unavailable"


def test_a_source_that_is_cut_off_is_not_printed(tmp_path: Path) -> None:
    """Its header is whole, so a recipe can be made of it."""
    path = tmp_path / "cut.jpg"
    path.write_bytes(photo_jpeg(600, 400, 1)[:-20_000])
    cut = prints.recipe_of(path, prints.product(**SMALL))
    with pytest.raises(PhotoRefused) as caught:
        render_page(cut, path, prints.PROFILES)
    assert caught.value.code == "photo.damaged"


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"profile": "gone"}, NotFound, "profile.unknown"),
        ({"profile_sha256": "0" * 64}, BadDocument, "profile.digest"),
    ],
)
def test_a_profile_that_is_gone_or_changed_stops_the_print(
    photo: Path, recipe: Recipe, change: dict[str, str], error: type[Exception], code: str
) -> None:
    colour = replace(recipe.colour, **change)  # type: ignore[arg-type]  # two fields of text
    with pytest.raises(error) as caught:
        render_page(replace(recipe, colour=colour), photo, prints.PROFILES)
    assert getattr(caught.value, "code", None) == code


@pytest.mark.parametrize(
    "filters",
    [
        Filters(grey=1_000),
        Filters(sepia=700),
        Filters(brightness=200, contrast=-300),
        Filters(saturation=-500),
    ],
    ids=["grey", "sepia", "light", "pale"],
)
def test_filters_are_those_of_the_preview(photo: Path, filters: Filters) -> None:
    """At the photo's own size, in sRGB; the preview is made from a master, a JPEG of its own."""
    look = DesignLook(PhotoLook(prints.ASSET, None, 0, 0, "", filters))
    made = prints.recipe_of(photo, prints.product(**SMALL, dpi=254), look)
    printed = prints.page_pixels(photo, made).astype(int)
    shown = Kept(photo).pixels(Look("png", w=600, design=look)).astype(int)
    assert_alike(printed, shown)
    plain = prints.page_pixels(photo, prints.recipe_of(photo, prints.product(**SMALL, dpi=254)))
    assert np.abs(printed - plain).mean() > 2.5, "the filter does something"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["", "h"])
def test_turns_and_flips_are_those_of_the_preview(photo: Path, turn: int, flip: str) -> None:
    look = DesignLook(PhotoLook(prints.ASSET, None, turn, 0, flip))
    made = prints.recipe_of(photo, prints.product(**SMALL, dpi=254), look)
    printed = prints.page_pixels(photo, made).astype(int)
    shown = Kept(photo).pixels(Look("png", w=2560, turn=turn, flip=flip, design=look)).astype(int)
    assert_alike(printed, shown)


@pytest.mark.parametrize("reference", ["photo-10x15~1", "page-a4-tiff~1"])
def test_grey_with_bands_beside_it_prints_as_grey(tmp_path: Path, reference: str) -> None:
    """A TIFF may carry masks and other bands that say nothing of colour; only grey is printed."""
    level = (pyvips.Image.identity() * 0.8).cast("uchar").replicate(2, 300).copy_memory()
    files = []
    for bands in (1, 4):
        image = level if bands == 1 else level.bandjoin([255, 0, 255])
        path = tmp_path / f"{bands}.tif"
        image.cast("uchar").copy(interpretation="b-w").tiffsave(str(path))
        wanted = prints.product(reference, trim_um=(51_200, 30_000), bleed_um=0, dpi=254)
        recipe = prints.recipe_of(path, wanted)
        assert render_page(recipe, path, prints.PROFILES).content
        files.append(prints.page_pixels(path, recipe).astype(int))
    assert files[0].shape == files[1].shape
    assert np.abs(files[0] - files[1]).max() <= 1


def assert_alike(printed: NDArray[np.int64], shown: NDArray[np.int64]) -> None:
    assert printed.shape == shown.shape
    assert np.abs(printed - shown).mean() < 1
    assert np.abs(printed - shown).max() <= 10


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_prints_upright(tmp_path: Path, orientation: int) -> None:
    stored = pyvips.Image.jpegload_buffer(photo_jpeg(600, 400, 1)).copy_memory()
    stored.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    path = tmp_path / "photo.tif"
    stored.tiffsave(str(path))
    made = prints.recipe_of(path, prints.product(**SMALL, dpi=254))
    printed = prints.page_pixels(path, made)
    upright = np.asarray(stored.autorot().numpy())
    assert printed.shape == upright.shape
    assert np.abs(printed.astype(int) - upright.astype(int)).max() <= 1
