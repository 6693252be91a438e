"""How many samples a map takes, and of which part of the raster."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.decode.libvips import pyvips
from origin.decode.upright import upright
from origin.render.geometry import Pose, crop_region, whole_view
from origin.render.recipe import (
    Window,
    load_shrink,
    oversampling,
    sampling,
    stored_window,
)


@pytest.mark.parametrize(
    ("density", "n", "interpolator"),
    [
        (Fraction(1, 2), 1, "bicubic"),
        (Fraction(1), 1, "bicubic"),
        (Fraction(101, 100), 2, "bicubic"),
        (Fraction(239, 100), 2, "bicubic"),
        (Fraction(24, 10), 4, "bilinear"),
        (Fraction(8), 4, "bilinear"),
        (Fraction(801, 100), 5, "bilinear"),
        (Fraction(10), 5, "bilinear"),
        (Fraction(101, 10), 6, "bilinear"),
        (Fraction(1000), 500, "bilinear"),
    ],
)
def test_the_denser_the_raster_the_more_samples(
    density: Fraction, n: int, interpolator: str
) -> None:
    assert oversampling(density**2) == (n, interpolator)


@given(st.fractions(min_value=65, max_value=10**8))
def test_above_eight_there_is_a_sample_for_every_two_px(density2: Fraction) -> None:
    n, _ = oversampling(density2)
    assert (2 * n) ** 2 >= density2 > (2 * (n - 1)) ** 2


@pytest.mark.parametrize(
    ("density", "raster", "shrink"),
    [
        (5, (1280, 960), 1),
        (6, (1280, 960), 2),
        (12, (1280, 960), 4),
        (24, (1280, 960), 8),
        (100, (1280, 960), 8),
        (24, (1281, 960), 1),
        (24, (1284, 962), 2),
    ],
)
def test_a_jpeg_is_loaded_small_only_where_the_scale_is_exact(
    density: int, raster: tuple[int, int], shrink: int
) -> None:
    assert load_shrink(Fraction(density) ** 2, raster) == shrink


def test_only_the_part_that_is_seen_is_read() -> None:
    region = crop_region((4000, 3000), (50_000, 50_000, 10_000, 10_000))
    exact = sampling(whole_view(region, Pose(), (400, 300)), (4000, 3000), (4000, 3000))
    assert exact.window == Window(1996, 1496, 408, 308)


def test_at_the_edge_the_window_ends_with_the_raster() -> None:
    region = crop_region((4000, 3000), None)
    exact = sampling(whole_view(region, Pose(90), (300, 400)), (4000, 3000), (2000, 1500))
    assert exact.window == Window(0, 0, 2000, 1500)


def test_at_one_px_per_px_the_affine_is_the_identity() -> None:
    region = crop_region((400, 300), (25_000, 0, 50_000, 100_000))
    exact = sampling(whole_view(region, Pose(), (200, 300)), (400, 300), (400, 300))
    assert exact.matrix == (1, 0, 0, 1)
    assert (exact.odx, exact.ody) == (exact.window.left - 100, 0)
    assert (exact.n, exact.interpolator) == (1, "bicubic")


def test_centres_of_two_px_meet_in_the_middle_of_one() -> None:
    """At half size output px 0 is centred between source px 0 and 1, so sample ½ lies there."""
    region = crop_region((400, 300), None)
    exact = sampling(whole_view(region, Pose(), (200, 150)), (400, 300), (400, 300))
    assert exact.n == 2
    assert exact.matrix == (1, 0, 0, 1)
    assert (exact.odx, exact.ody) == (0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_window_of_the_stored_px_is_the_window_of_the_upright_ones(orientation: int) -> None:
    stored = pyvips.Image.new_from_array(np.arange(35, dtype=np.uint8).reshape(5, 7))
    whole = upright(stored, orientation)
    window = Window(1, 2, 3, 2)
    part = stored_window(window, orientation, (whole.width, whole.height))
    found = upright(stored.crop(part.left, part.top, part.width, part.height), orientation)
    wanted = whole.crop(window.left, window.top, window.width, window.height)
    assert (found.numpy() == wanted.numpy()).all()
