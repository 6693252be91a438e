"""What a print is refused for, before a pixel is touched; and what the recipe records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cache_keys.design import read_design
from cache_keys.design_look import DesignLook, PhotoLook
from cache_keys.errors import DesignError
from origin.errors import BadDocument, NotFound
from origin.printing.product import Colour
from origin.printing.products import Products
from tests.images import prints
from tests.images.photos import photo_jpeg


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(1200, 800, 1))
    return path


def look(**parts: Any) -> DesignLook:
    photo = {"asset": prints.ASSET, **parts.pop("photo", {})}
    return read_design(json.dumps({"photos": [photo], **parts}).encode()).look


SMALL: dict[str, Any] = {"trim_um": (60_000, 40_000)}


def test_the_recipe_has_the_products_lengths_and_the_page_with_its_bleed(photo: Path) -> None:
    recipe = prints.recipe_of(photo, prints.product(**SMALL, bleed_um=2_000))
    assert (recipe.trim_um, recipe.bleed_um, recipe.safe_um) == ((60_000, 40_000), 2_000, 3_000)
    assert recipe.page_px == (756, 520)  # 64 x 44 mm at 300 px per inch
    assert (recipe.resampling, recipe.subsampling) == ("affine-box-1", "4:4:4")


def test_a_tall_crop_turns_a_product_that_may_lie_either_way(photo: Path) -> None:
    tall = DesignLook(PhotoLook(prints.ASSET, (0, 0, 44_444, 100_000), 0, 0, ""))
    assert prints.recipe_of(photo, prints.product(**SMALL), tall).trim_um == (40_000, 60_000)


def test_a_fixed_product_does_not_turn(photo: Path) -> None:
    tall = DesignLook(PhotoLook(prints.ASSET, (0, 0, 44_444, 100_000), 0, 0, ""))
    with pytest.raises(DesignError) as caught:
        prints.recipe_of(photo, prints.product(**SMALL, orientation="fixed"), tall)
    assert caught.value.code == "print.aspect"


@pytest.mark.parametrize(("floor", "is_printed"), [(508, True), (509, False)])
def test_too_few_pixels_are_refused_with_both_figures(
    photo: Path, floor: int, *, is_printed: bool
) -> None:
    """1200 px on 60 mm are 508 px per inch exactly."""
    wanted = prints.product(**SMALL, dpi_floor=floor, dpi_target=600)
    if is_printed:
        assert prints.recipe_of(photo, wanted).dpi == 600
        return
    with pytest.raises(BadDocument) as caught:
        prints.recipe_of(photo, wanted)
    assert caught.value.code == "print.pixels"
    assert "508" in str(caught.value)
    assert "509" in str(caught.value)


@pytest.mark.parametrize(
    ("width", "is_printed"), [(60_300, True), (60_310, False), (59_701, True), (59_690, False)]
)
def test_half_a_percent_of_a_side_may_be_trimmed_and_no_more(
    photo: Path, width: int, *, is_printed: bool
) -> None:
    wanted = prints.product(trim_um=(width, 40_000))
    if is_printed:
        assert prints.recipe_of(photo, wanted).trim_um == (width, 40_000)
        return
    with pytest.raises(DesignError) as caught:
        prints.recipe_of(photo, wanted)
    assert (caught.value.code, caught.value.field) == ("print.aspect", "/photos/0/crop")


def test_a_tilted_crop_that_leaves_the_photo_is_refused(photo: Path) -> None:
    outside = DesignLook(PhotoLook(prints.ASSET, None, 0, 5_000, ""))
    with pytest.raises(DesignError) as caught:
        prints.recipe_of(photo, prints.product(**SMALL), outside)
    assert caught.value.code == "design.crop_outside"


def test_a_caption_that_does_not_fit_is_refused(photo: Path) -> None:
    with pytest.raises(DesignError) as caught:
        prints.recipe_of(
            photo,
            prints.product(**SMALL),
            look(sheet_um=[60_000, 40_000], caption={"text": "W" * 100, "size_mm": 8}),
        )
    assert caught.value.code == "design.caption_fit"


def test_missing_glyphs_are_refused_with_the_characters_named(photo: Path) -> None:
    with pytest.raises(DesignError) as caught:
        prints.recipe_of(
            photo,
            prints.product(**SMALL),
            look(sheet_um=[60_000, 40_000], caption={"text": "Sea 海"}),
        )
    assert caught.value.code == "design.caption_glyph"
    assert "海" in str(caught.value)


def test_an_unknown_version_of_a_product_is_not_found() -> None:
    with pytest.raises(NotFound) as caught:
        Products().by_reference("photo-10x15~999")
    assert caught.value.code == "product.unknown"


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"profile": "no-such-press"}, NotFound, "profile.unknown"),
        ({"profile_sha256": "0" * 64}, BadDocument, "profile.digest"),
    ],
)
def test_a_product_whose_profile_is_not_there_is_refused(
    photo: Path, changes: dict[str, str], error: type[Exception], code: str
) -> None:
    facts: dict[str, Any] = {
        "space": "cmyk",
        "profile": "coated-fogra39",
        "profile_sha256": prints.PROFILES.by_name("coated-fogra39").sha256,
        "output_condition": "FOGRA39",
        "intent": "relative",
        "has_bpc": True,
        "ink_limit_percent": 330,
    }
    wanted = prints.product("page-a4~1", **SMALL, colour=Colour(**{**facts, **changes}))
    with pytest.raises(error) as caught:
        prints.recipe_of(photo, wanted)
    assert getattr(caught.value, "code", None) == code
