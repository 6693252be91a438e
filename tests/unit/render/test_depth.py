"""Samples of any source become 8 or 16 bits: white stays white, black stays black."""

from __future__ import annotations

import numpy as np
import pytest

from origin.decode.libvips import pyvips
from origin.render.depth import plain_depth, to_8_bit


def one_px(sample: float, kind: str, space: str = "srgb") -> pyvips.Image:
    return (pyvips.Image.black(1, 1, bands=3) + sample).cast(kind).copy(interpretation=space)


@pytest.mark.parametrize(
    ("kind", "white"),
    [
        ("uchar", 255),
        ("ushort", 65_535),
        ("uint", 4_294_967_295),
        ("char", 127),
        ("short", 32_767),
        ("int", 2_147_483_647),
        ("float", 1),
        ("double", 1),
    ],
)
def test_black_grey_and_white_are_kept_from_any_sample(kind: str, white: int) -> None:
    shares = (0, 0.5, 1) if kind in ("float", "double") else (0, 0.502, 1)
    found = [
        int(to_8_bit(plain_depth(one_px(round(s * white, 1), kind))).numpy()[0, 0, 0])
        for s in shares
    ]
    assert found[::2] == [0, 255]
    assert found[1] == pytest.approx(128, abs=2)


@pytest.mark.parametrize("kind", ["char", "short", "int", "float", "double"])
def test_below_zero_is_black(kind: str) -> None:
    assert plain_depth(one_px(-1, kind)).max() == 0


@pytest.mark.parametrize("kind", ["uchar", "ushort"])
def test_plain_samples_are_left_as_they_are(kind: str) -> None:
    image = one_px(7, kind)
    assert plain_depth(image) is image


def test_lab_is_left_alone() -> None:
    image = one_px(50, "float", "lab")
    assert plain_depth(image) is image


def test_linear_light_gets_its_curve() -> None:
    """Half the light is 188 of 255 in sRGB (IEC 61966-2-1)."""
    deep = plain_depth(one_px(0.5, "float", "scrgb"))
    assert deep.format == "ushort"
    assert to_8_bit(deep).numpy().ravel().tolist() == [188, 188, 188]


def test_sixteen_bits_are_rounded_not_cut() -> None:
    deep = np.array([[0, 128, 129, 385, 386, 65_407, 65_535]], np.uint16)
    assert to_8_bit(pyvips.Image.new_from_array(deep)).numpy().tolist() == [
        [0, 0, 1, 1, 2, 255, 255]
    ]


@pytest.mark.parametrize(("bands", "space"), [(1, "grey16"), (2, "grey16"), (3, "rgb16")])
def test_deep_samples_say_what_they_are(bands: int, space: str) -> None:
    image = pyvips.Image.black(1, 1, bands=bands).cast("float")
    assert plain_depth(image).interpretation == space


def test_deep_cmyk_stays_cmyk() -> None:
    image = pyvips.Image.black(1, 1, bands=4).cast("float").copy(interpretation="cmyk")
    assert plain_depth(image).interpretation == "cmyk"
