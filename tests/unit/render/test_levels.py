"""Sizes of masters, and which raster a picture is made from."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.render.geometry import Pose, crop_region, inside_size, whole_view
from origin.render.levels import (
    LEVELS,
    choose_level,
    density_squared,
    level_size,
    levels_of,
    raster_scale,
    smallest_level,
)

SIDES = st.tuples(st.integers(1, 65_500), st.integers(1, 65_500))


@pytest.mark.parametrize(
    ("sides", "level", "size"),
    [
        ((4032, 3024), 2560, (2560, 1920)),
        ((3024, 4032), 960, (720, 960)),
        ((4001, 2667), 2560, (2560, 1704)),
        ((2560, 1441), 2560, (2560, 1441)),
        ((2561, 3), 2560, (2560, 8)),
        ((65_500, 10), 640, (640, 8)),
    ],
)
def test_a_master_has_sides_in_eights_or_the_source_itself(
    sides: tuple[int, int], level: int, size: tuple[int, int]
) -> None:
    assert level_size(sides, level) == size


@given(SIDES, st.sampled_from(LEVELS))
def test_a_master_can_be_loaded_at_an_eighth_without_loss(
    sides: tuple[int, int], level: int
) -> None:
    size = level_size(sides, level)
    assert max(size) <= level
    assert size == sides or (max(size) == level and all(side % 8 == 0 for side in size))


@pytest.mark.parametrize(
    ("sides", "levels"),
    [
        ((4032, 3024), [2560, 1920, 960, 640]),
        ((1921, 700), [2560, 1920, 960, 640]),
        ((1920, 700), [2560, 960, 640]),
        ((640, 640), [2560]),
    ],
)
def test_a_level_exists_where_the_source_is_larger(
    sides: tuple[int, int], levels: list[int]
) -> None:
    assert list(levels_of(sides)) == levels


@pytest.mark.parametrize(
    ("sides", "level"), [((4032, 3024), 640), ((641, 2), 640), ((640, 640), 2560)]
)
def test_the_smallest_level_is_one_that_exists(sides: tuple[int, int], level: int) -> None:
    assert smallest_level(sides) == level


def test_density_is_taken_along_the_coarser_axis() -> None:
    matrix = ((Fraction(4), Fraction(0)), (Fraction(0), Fraction(6)))
    assert density_squared(matrix, (Fraction(1), Fraction(1, 2))) == 9


@pytest.mark.parametrize(
    ("width", "crop", "level"),
    [
        (160, None, 640),
        (320, None, 640),
        (426, None, 640),
        (427, None, 960),
        (640, None, 960),
        (641, None, 1920),
        (1280, None, 1920),
        (1281, None, 2560),
        (1706, None, 2560),
        (1707, None, None),
        (320, (0, 0, 50_000, 50_000), 960),
        (320, (0, 0, 15_000, 15_000), None),
        (64, (0, 0, 5_000, 5_000), 1920),
    ],
)
def test_the_smallest_level_with_one_and_a_half_px_per_px_is_used_or_else_the_source(
    width: int, crop: tuple[int, int, int, int] | None, level: int | None
) -> None:
    assert chosen((4032, 3024), width, crop) == level


def chosen(
    sides: tuple[int, int],
    width: int,
    crop: tuple[int, int, int, int] | None = None,
    *,
    has_alpha: bool = False,
) -> int | None:
    region = crop_region(sides, crop)
    size = inside_size(Pose().sides(region), (width, 2560))
    view = whole_view(region, Pose(), size)
    return choose_level(sides, view.matrix, has_alpha=has_alpha)


def test_a_source_hardly_finer_than_its_master_is_not_opened() -> None:
    assert chosen((2816, 2112), 2560) == 2560
    assert chosen((2817, 2113), 2560) is None


def test_a_photo_with_transparency_is_always_made_from_its_source() -> None:
    assert chosen((4032, 3024), 64, has_alpha=True) is None


def test_a_small_photo_is_its_own_master() -> None:
    assert chosen((300, 200), 300) == 2560
    assert raster_scale((300, 200), levels_of((300, 200))[2560]) == (Fraction(1), Fraction(1))
