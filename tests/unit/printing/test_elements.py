"""Frame and caption on the press: pure black is one plate, other colours take the photo's way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.design import read_design
from cache_keys.design_look import DesignLook
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.colour import Way, converted
from origin.render.inks import levels, with_intent
from tests.images import prints
from tests.images.rendering import write_png

DPI = 254
SHEET = [60_000, 40_000]
FOGRA = "coated-fogra39"


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    px = np.full((400, 600, 3), (240, 220, 200), dtype=np.uint8)
    return write_png(tmp_path_factory.mktemp("photo") / "photo.png", px)


def look(**parts: object) -> DesignLook:
    body = {"photos": [{"asset": prints.ASSET}], "sheet_um": SHEET, **parts}
    return read_design(json.dumps(body).encode()).look


def page(photo: Path, design: DesignLook, reference: str = "page-a4~1") -> NDArray[np.uint8]:
    wanted = prints.product(reference, trim_um=(60_000, 40_000), bleed_um=5_000, dpi=DPI)
    return prints.page_pixels(photo, prints.recipe_of(photo, wanted, design))


def test_black_letters_are_the_black_plate_alone(photo: Path) -> None:
    plain = page(photo, look())
    made = page(photo, look(caption={"text": "HHH", "size_mm": 10, "place": "middle"}))
    inked = (made != plain).any(axis=2)
    solid = made[(made[:, :, 3] == 255) & inked]
    assert len(solid) > 500
    assert (solid == (0, 0, 0, 255)).all()


def test_a_caption_is_where_the_trim_is_not_the_page(photo: Path) -> None:
    """Left with a margin of 4 mm: its ink begins 4 mm inside the trim, 9 mm inside the page."""
    text = {"text": "H", "size_mm": 8, "place": "middle", "align": "left", "margin_mm": 4}
    made = page(photo, look(caption=text))
    columns = np.flatnonzero((made[:, :, 3] > 200).any(axis=0))
    assert abs(columns[0] - 90) <= 1


def test_a_frame_runs_on_into_the_bleed(photo: Path) -> None:
    made = page(photo, look(frame={"style": "plain", "width_mm": 5, "colour": "000000"}))
    assert (made[:97] == (0, 0, 0, 255)).all(), "5 mm of bleed and 5 mm of frame"
    assert (made[:, :97] == (0, 0, 0, 255)).all()
    assert (made[103:-103, 103:-103] == made[250, 350]).all()


def test_a_coloured_frame_is_the_ink_that_a_photo_of_that_colour_gets(
    photo: Path, tmp_path: Path
) -> None:
    red = write_png(tmp_path / "red.png", np.full((40, 60, 3), (200, 30, 40), dtype=np.uint8))
    made = page(photo, look(frame={"style": "plain", "width_mm": 5, "colour": "c81e28"}))
    wanted = page(red, look())
    assert np.abs(made[10, 10].astype(int) - wanted[250, 350].astype(int)).max() <= 1


def test_a_frame_in_srgb_keeps_its_numbers(photo: Path) -> None:
    frame = {"style": "plain", "width_mm": 5, "colour": "c81e28"}
    made = page(photo, look(frame=frame), "photo-10x15~1")
    assert made[10, 10].tolist() == [200, 30, 40]


@pytest.mark.parametrize("intent", ["relative", "perceptual", "saturation", "absolute"])
@pytest.mark.parametrize("has_bpc", [True, False], ids=["bpc", "no bpc"])
def test_colours_take_the_products_intent(intent: str, *, has_bpc: bool) -> None:
    press = prints.PROFILES.by_name(FOGRA)
    px = pyvips.Image.new_from_array(np.full((1, 1, 3), (30, 60, 20), np.uint8)).copy(
        interpretation="srgb"
    )
    way = Way(prints.PROFILES.by_name("srgb"), press, intent, has_bpc)
    wanted = converted(px, way, depth=8)(0, 0)
    canvas = pyvips.Image.black(1, 1, bands=4).copy(interpretation="cmyk")
    canvas = with_intent(with_profile(canvas, press.content()), intent, has_bpc=has_bpc)
    assert np.abs(np.array(levels(canvas, "1e3c14")) - np.array(wanted)).max() <= 4, "8-bit tables"


def test_the_intents_differ() -> None:
    """Else the test above would hold for a converter that knows but one."""
    press = prints.PROFILES.by_name(FOGRA)
    canvas = with_profile(
        pyvips.Image.black(1, 1, bands=4).copy(interpretation="cmyk"), press.content()
    )
    found = {
        tuple(levels(with_intent(canvas, intent, has_bpc=has_bpc), "1e3c14"))
        for intent, has_bpc in (("relative", True), ("relative", False), ("absolute", False))
    }
    assert len(found) >= 2
