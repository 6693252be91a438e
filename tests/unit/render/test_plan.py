"""Everything that is decided before a pixel is touched."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest

from cache_keys.design import DesignLook, PhotoLook
from cache_keys.errors import DesignError
from cache_keys.presets import Look
from origin.render.plan import plan, plan_edge_master
from tests.unit.render.facts import PHOTO

CROP = (10_000, 10_000, 60_000, 60_000)


def design(**fields: object) -> DesignLook:
    sheet = fields.pop("sheet_um", None)
    return DesignLook(PhotoLook("a", **fields), sheet_um=sheet)  # type: ignore[arg-type]  # rows


@pytest.mark.parametrize(
    ("look", "is_fast"),
    [
        pytest.param(Look("jpg", w=640), True, id="a whole photo"),
        pytest.param(Look("jpg", w=640, turn=90, flip="h"), True, id="turned and flipped"),
        pytest.param(Look("jpg", w=640, h=100, fit="fill"), True, id="stretched"),
        pytest.param(Look("jpg", w=640, h=100, fit="contain"), True, id="on a canvas"),
        pytest.param(Look("jpg", w=640, h=480, fit="cover"), True, id="cover that cuts nothing"),
        pytest.param(Look("jpg", w=640, h=640, fit="cover"), False, id="cover that cuts"),
        pytest.param(Look("jpg", w=640, crop=CROP), False, id="a crop"),
        pytest.param(Look("jpg", w=640, design=design()), False, id="a design"),
    ],
)
def test_the_fast_path_is_for_whole_photos(look: Look, *, is_fast: bool) -> None:
    assert (plan(PHOTO, look).sampling is None) == is_fast


def test_with_one_side_the_fit_is_inside() -> None:
    assert plan(PHOTO, Look("jpg", w=640, fit="cover")).size_px == (640, 480)
    assert plan(PHOTO, Look("jpg", h=480, fit="contain")).size_px == (640, 480)
    assert plan(PHOTO, Look("jpg")).size_px == (2560, 1920)


def test_contain_is_exactly_the_box() -> None:
    how = plan(PHOTO, Look("png", w=640, h=640, fit="contain"))
    assert how.size_px == (640, 640)
    assert (how.view.width_px, how.view.height_px) == (640, 480)


def test_a_source_is_loaded_small_only_as_jpeg() -> None:
    look = Look("jpg", w=160)
    photo = replace(PHOTO, has_alpha=True)
    assert plan(photo, look).shrink == 8
    assert plan(replace(photo, format="png"), look).shrink == 1


def test_smart_and_face_need_the_stored_point_only_where_a_window_is_placed() -> None:
    smart = Look("jpg", w=640, h=640, fit="cover", g="smart")
    left = plan(PHOTO, smart, (0, 50_000)).view.left
    assert left == 0
    assert plan(PHOTO, replace(smart, g="face"), (100_000, 0)).view.left > 0
    assert plan(PHOTO, replace(smart, fit="contain")).canvas is not None
    with pytest.raises(AssertionError, match="focus"):
        plan(PHOTO, smart)


@pytest.mark.parametrize(
    ("ext", "bg", "keeps"),
    [
        ("png", None, True),
        ("avif", None, True),
        ("webp", None, True),
        ("jpg", None, False),
        ("png", "ff0000", False),
    ],
)
def test_transparency_stays_without_a_colour_where_the_format_can(
    ext: str, bg: str | None, *, keeps: bool
) -> None:
    how = plan(replace(PHOTO, has_alpha=True), Look(ext, w=64, bg=bg))
    assert how.keeps_alpha == keeps
    assert how.background == (bg or "ffffff")
    assert not plan(PHOTO, Look(ext, w=64, bg=bg)).keeps_alpha


def test_a_sheet_lies_in_the_picture_by_its_um() -> None:
    look = Look("jpg", w=600, design=design(sheet_um=(152_000, 114_000)))
    elements = plan(PHOTO, look).elements
    assert elements is not None
    assert elements.um_per_px == (Fraction(152_000, 600), Fraction(114_000, 450))
    assert elements.origin_px == (Fraction(0), Fraction(0))


def test_cover_cuts_the_sheet_with_the_photo() -> None:
    look = Look("jpg", w=450, h=450, fit="cover", design=design(sheet_um=(152_000, 114_000)))
    elements = plan(PHOTO, look).elements
    assert elements is not None
    assert elements.origin_px == (Fraction(-75), Fraction(0))
    assert elements.um_per_px == (Fraction(114_000, 450), Fraction(114_000, 450))


def test_a_design_trims_the_crop_to_its_sheet() -> None:
    wide = plan(PHOTO, Look("jpg", w=600, design=design(sheet_um=(152_000, 113_700))))
    assert wide.size_px == (600, 449)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sheet_um": (152_000, 100_000)}, "print.aspect"),
        ({"tilt_mdeg": 5_000}, "design.crop_outside"),
    ],
)
def test_a_design_that_cannot_be_printed_is_refused(fields: dict[str, object], code: str) -> None:
    with pytest.raises(DesignError) as refused:
        plan(PHOTO, Look("jpg", w=600, design=design(**fields)))
    assert refused.value.code == code


def test_the_edge_master_is_the_largest_level_upright_and_whole() -> None:
    how = plan_edge_master(PHOTO, "avif")
    assert (how.level, how.shrink, how.sampling) == (2560, 1, None)
    assert how.size_px == (2560, 1920)
    assert plan_edge_master(replace(PHOTO, width_px=300, height_px=201), "png").size_px == (
        300,
        201,
    )


def test_a_plan_crosses_a_process_border() -> None:
    how = plan(PHOTO, Look("jpg", w=640, crop=CROP, design=design(crop=CROP)))
    assert pickle.loads(pickle.dumps(how)) == how  # noqa: S301 - made in the line before


def test_planning_loads_no_pixel_library() -> None:
    code = (
        "import sys, origin.render.plan;"
        "sys.exit(bool({'pyvips', 'numpy', 'PIL', 'cv2', 'dlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
