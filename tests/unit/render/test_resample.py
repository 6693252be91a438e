"""Both ways to make output px are exact: no shift, no change of level, turns as said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from origin.decode.libvips import pyvips
from origin.render.plan import Plan
from origin.render.resample import average, resize, resized, transform, turn
from tests.unit.render.facts import PHOTO, plan_of

CROP = (25_000, 25_000, 50_000, 50_000)


def with_samples(n: int) -> Plan:
    how = plan_of(PHOTO, crop=CROP)
    assert how.sampling is not None
    return replace(how, sampling=replace(how.sampling, n=n))


@pytest.mark.parametrize("n", [2, 4, 7])
def test_the_average_of_eight_bits_has_no_bias(n: int) -> None:
    """The shrink of libvips is, on 8 bit, off by up to 2/3 of a level."""
    pixels = np.random.default_rng(1).integers(0, 256, (40 * n, 40 * n)).astype(np.uint8)
    exact = pixels.reshape(40, n, 40, n).mean(axis=(1, 3))
    found = average(pyvips.Image.new_from_array(pixels), with_samples(n)).numpy()
    assert np.abs(found - exact).max() <= 0.51
    assert abs((found - np.floor(exact + 0.5)).mean()) < 0.002


def test_the_average_of_sixteen_bits_and_of_floats_keeps_the_format() -> None:
    deep = pyvips.Image.new_from_array(np.array([[1, 2], [2, 2]], np.uint16))
    assert average(deep, with_samples(2)).getpoint(0, 0) == [2]
    real = pyvips.Image.new_from_array(np.array([[1, 2], [2, 2]], np.float32))
    assert average(real, with_samples(2)).getpoint(0, 0) == [1.75]


def test_one_sample_needs_no_average() -> None:
    image = pyvips.Image.black(4, 4)
    assert average(image, with_samples(1)) is image


def test_the_map_of_a_crop_at_its_own_size_is_the_crop() -> None:
    small = replace(PHOTO, width_px=64, height_px=48)
    pixels = np.random.default_rng(2).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    how = plan_of(small, w=64, crop=CROP)
    assert how.sampling is not None
    part = how.sampling.window
    window = pyvips.Image.new_from_array(pixels).crop(part.left, part.top, part.width, part.height)
    assert (transform(window, how).numpy() == pixels[12:36, 16:48]).all()


@pytest.mark.parametrize("size", [(320, 240), (101, 67), (640, 100)])
def test_a_resized_ramp_stays_where_it_is(size: tuple[int, int]) -> None:
    """Px i of the result is centred on (i + ½)·factor - ½: a ramp tells where it was sampled."""
    ramp = pyvips.Image.xyz(1000, 800)[0].cast("float")
    found = resized(ramp, size).numpy()
    wanted = (np.arange(size[0]) + 0.5) * 1000 / size[0] - 0.5
    inner = slice(size[0] // 10, -size[0] // 10)
    assert np.abs(found[size[1] // 2] - wanted)[inner].max() < 0.02


def test_a_resized_picture_keeps_its_level() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (601, 803)).astype(np.uint8)
    found = resized(pyvips.Image.new_from_array(pixels), (160, 120)).numpy()
    assert found.mean() == pytest.approx(pixels.mean(), abs=0.06)


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    image = pyvips.Image.black(64, 48)
    assert resized(image, (64, 48)) is image


@pytest.mark.parametrize(
    ("turned", "orientation", "size"),
    [(0, 1, (64, 48)), (90, 1, (64, 48)), (0, 6, (48, 64)), (90, 6, (48, 64))],
)
def test_the_unturned_frame_is_made_as_the_raster_is_stored(
    turned: int, orientation: int, size: tuple[int, int]
) -> None:
    photo = replace(PHOTO, orientation=orientation, has_alpha=True)  # so from its source
    box = {"w": None, "h": 64} if turned else {"w": 64}
    how = plan_of(photo, turn=turned, **box)
    found = resize(pyvips.Image.black(403, 302), how)
    assert (found.width, found.height) == size


@pytest.mark.parametrize("flip", ["", "h", "v", "hv"])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_turns_are_clockwise_and_come_before_flips(turned: int, flip: str) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    wanted = np.rot90(pixels, -turned // 90)
    wanted = wanted[:, ::-1] if "h" in flip else wanted
    wanted = wanted[::-1] if "v" in flip else wanted
    how = plan_of(PHOTO, turn=turned, flip=flip)
    assert (turn(pyvips.Image.new_from_array(pixels), how).numpy() == wanted).all()


@pytest.mark.parametrize("size", [(61, 40), (61, 30), (60, 41), (90, 80)])
def test_an_axis_that_grows_is_not_shifted(size: tuple[int, int]) -> None:
    """The resize of libvips moves it by up to half a px; masters can be a few px short."""
    x, y = np.meshgrid(np.arange(60.0), np.arange(40.0))
    for axis, ramp in enumerate((x, y)):
        found = resized(pyvips.Image.new_from_array(ramp.astype(np.float32)), size).numpy()
        factor = ramp.shape[1 - axis] / size[axis]
        line = found[size[1] // 2] if axis == 0 else found[:, size[0] // 2]
        wanted = (np.arange(size[axis]) + 0.5) * factor - 0.5
        assert np.abs(line - wanted)[4:-4].max() < 0.02
