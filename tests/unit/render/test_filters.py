"""Filters give what CSS gives: W3C Filter Effects, computed here a second time in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from cache_keys.design_look import Filters
from origin.decode.libvips import pyvips
from origin.render.filters import apply_filters

Pixel = tuple[int, ...]
PRIMARIES: list[Pixel] = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
PALETTE = [*PRIMARIES, (12, 200, 90), (128, 127, 126)]


def picture(pixels: list[Pixel], format_: str = "uchar") -> pyvips.Image:
    kind = np.uint8 if format_ == "uchar" else np.uint16
    space = "srgb" if format_ == "uchar" else "rgb16"
    return pyvips.Image.new_from_array(np.array([pixels], dtype=kind)).copy(interpretation=space)


def pixels_of(image: pyvips.Image) -> list[Pixel]:
    return [tuple(int(v) for v in pixel) for pixel in image.numpy()[0]]


def css(pixel: Pixel, filters: Filters) -> list[float]:
    """The specification's matrices as it writes them; amounts 0..1, s = 1 + saturation."""
    r, g, b = (value / 255 for value in pixel)
    a = 1 - filters.grey / 1000
    r, g, b = (
        (0.2126 + 0.7874 * a) * r + (0.7152 - 0.7152 * a) * g + (0.0722 - 0.0722 * a) * b,
        (0.2126 - 0.2126 * a) * r + (0.7152 + 0.2848 * a) * g + (0.0722 - 0.0722 * a) * b,
        (0.2126 - 0.2126 * a) * r + (0.7152 - 0.7152 * a) * g + (0.0722 + 0.9278 * a) * b,
    )
    a = 1 - filters.sepia / 1000
    r, g, b = (
        (0.393 + 0.607 * a) * r + (0.769 - 0.769 * a) * g + (0.189 - 0.189 * a) * b,
        (0.349 - 0.349 * a) * r + (0.686 + 0.314 * a) * g + (0.168 - 0.168 * a) * b,
        (0.272 - 0.272 * a) * r + (0.534 - 0.534 * a) * g + (0.131 + 0.869 * a) * b,
    )
    r, g, b = (min(max(v, 0), 1) for v in (r, g, b))
    s = 1 + filters.saturation / 1000
    r, g, b = (
        (0.213 + 0.787 * s) * r + (0.715 - 0.715 * s) * g + (0.072 - 0.072 * s) * b,
        (0.213 - 0.213 * s) * r + (0.715 + 0.285 * s) * g + (0.072 - 0.072 * s) * b,
        (0.213 - 0.213 * s) * r + (0.715 - 0.715 * s) * g + (0.072 + 0.928 * s) * b,
    )
    bright = [min(max(v * (1 + filters.brightness / 1000), 0), 1) for v in (r, g, b)]
    c = 1 + filters.contrast / 1000
    return [min(max(v * c + 0.5 - 0.5 * c, 0), 1) * 255 for v in bright]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(grey=1000),
        Filters(grey=300),
        Filters(sepia=1000),
        Filters(sepia=450),
        Filters(saturation=1000),
        Filters(saturation=-700),
        Filters(brightness=400),
        Filters(brightness=-1),
        Filters(contrast=1000),
        Filters(contrast=-500),
        Filters(grey=200, sepia=300, brightness=-150, contrast=250, saturation=120),
        Filters(sepia=1000, brightness=500, saturation=1000, contrast=-800),
    ],
    ids=str,
)
def test_a_filter_is_the_one_of_css(filters: Filters) -> None:
    for got, pixel in zip(
        pixels_of(apply_filters(picture(PALETTE), filters)), PALETTE, strict=True
    ):
        assert got == pytest.approx(css(pixel, filters), abs=0.501)


def test_published_values() -> None:
    (white,) = pixels_of(apply_filters(picture([(255, 255, 255)]), Filters(sepia=1000)))
    (red,) = pixels_of(apply_filters(picture([(255, 0, 0)]), Filters(grey=1000)))
    assert (white, red) == ((255, 255, 239), (54, 54, 54))


def test_no_filter_touches_nothing() -> None:
    image = picture(PALETTE)
    assert apply_filters(image, Filters()) is image


def test_full_darkness_is_black_and_no_contrast_is_middle_grey() -> None:
    assert pixels_of(apply_filters(picture([(9, 99, 199)]), Filters(brightness=-1000))) == [
        (0, 0, 0)
    ]
    assert pixels_of(apply_filters(picture([(9, 99, 199)]), Filters(contrast=-1000))) == [
        (128,) * 3
    ]


@pytest.mark.parametrize("filters", [Filters(grey=1), Filters(brightness=1), Filters(contrast=-1)])
def test_a_thousandth_changes_some_16_bit_value_by_a_little(filters: Filters) -> None:
    deep = [tuple(value * 257 for value in pixel) for pixel in PALETTE]
    changed = np.array(pixels_of(apply_filters(picture(deep, "ushort"), filters))) - np.array(deep)
    assert 0 < np.abs(changed).max() <= 80


def test_16_bit_is_8_bit_with_more_digits() -> None:
    filters = Filters(sepia=600, contrast=150)
    deep = [tuple(value * 257 for value in pixel) for pixel in PALETTE]
    fine = np.array(pixels_of(apply_filters(picture(deep, "ushort"), filters))) / 257
    assert (
        np.abs(fine - np.array(pixels_of(apply_filters(picture(PALETTE), filters)))).max() <= 0.51
    )


def test_alpha_stays() -> None:
    image = picture([(*pixel, 40 * i) for i, pixel in enumerate(PALETTE)])
    filtered = apply_filters(image, Filters(grey=1000))
    assert [pixel[3] for pixel in pixels_of(filtered)] == [40 * i for i in range(len(PALETTE))]
    assert filtered.format == "uchar"
