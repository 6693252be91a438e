"""Which profile is used for which source; tests/images/test_colour.py measures the colours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cache_keys.presets import Look
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.render.colour import source_to_srgb, to_srgb
from origin.values import ProfileStatus
from tests.images.profiles import built_in
from tests.images.rendering import Kept
from tests.unit.render.facts import CUTOUT, PHOTO, plan_of

ORANGE = (220, 120, 30)


def patch(colour: tuple[int, ...] = ORANGE, space: str = "srgb") -> pyvips.Image:
    pixels = np.full((8, 12, len(colour)), colour, np.uint8)
    return pyvips.Image.new_from_array(pixels, interpretation=space)


def seen(image: pyvips.Image) -> list[int]:
    return [int(value) for value in image.numpy()[0, 0]]


def test_an_embedded_profile_is_used() -> None:
    photo = replace(PHOTO, profile_status=ProfileStatus.EMBEDDED)
    red, green, blue = seen(source_to_srgb(with_profile(patch(), built_in("p3")), photo))
    assert red > 225
    assert green < 120
    assert blue < 20


@pytest.mark.parametrize("status", [ProfileStatus.REJECTED, ProfileStatus.ASSUMED])
def test_a_profile_that_was_not_accepted_is_never_used(status: ProfileStatus) -> None:
    image = with_profile(patch(), built_in("p3"))
    assert seen(source_to_srgb(image, replace(PHOTO, profile_status=status))) == list(ORANGE)


def test_a_profile_that_intake_rejects_changes_no_px(tmp_path: Path) -> None:
    """A CMYK profile on RGB px, all the way from the file."""
    path = tmp_path / "photo.tif"
    Image.new("RGB", (12, 8), ORANGE).save(path, icc_profile=built_in("cmyk"))
    kept = Kept(path)
    assert kept.photo.profile_status is ProfileStatus.REJECTED
    assert seen(pyvips.Image.new_from_array(kept.pixels(Look("png", w=64)))) == pytest.approx(
        ORANGE, abs=1
    )


def test_a_rejected_profile_of_cmyk_gives_way_to_the_built_in_one() -> None:
    cmyk = patch((0, 120, 220, 10), "cmyk")
    photo = replace(PHOTO, bands=4, space="cmyk", profile_status=ProfileStatus.REJECTED)
    found = source_to_srgb(with_profile(cmyk, built_in("p3")), photo)
    tagged = replace(photo, profile_status=ProfileStatus.EMBEDDED)
    assert seen(found) == seen(source_to_srgb(with_profile(cmyk, built_in("cmyk")), tagged))


def test_masters_are_srgb_already() -> None:
    image = with_profile(patch(), built_in("p3"))
    assert to_srgb(image, plan_of(PHOTO)) is image
    assert to_srgb(image.bandjoin(255), plan_of(CUTOUT)) is not image


@pytest.mark.parametrize("bands", [1, 2])
def test_grey_becomes_three_equal_bands(bands: int) -> None:
    grey = patch((90, 255)[:bands], "b-w")
    found = seen(source_to_srgb(grey, replace(PHOTO, bands=bands, has_alpha=bands == 2)))
    assert found == [90, 90, 90, 255][: bands + 2]


def test_bands_beyond_colour_are_dropped_where_they_are_no_alpha() -> None:
    assert seen(source_to_srgb(patch((*ORANGE, 7, 9)), replace(PHOTO, bands=5))) == list(ORANGE)


def test_alpha_is_kept_beside_converted_colours() -> None:
    photo = replace(CUTOUT, profile_status=ProfileStatus.EMBEDDED)
    found = source_to_srgb(with_profile(patch((*ORANGE, 77)), built_in("p3")), photo)
    assert seen(found)[3] == 77
    assert seen(found)[0] > 225


def test_sixteen_bits_and_their_alpha_become_eight() -> None:
    deep = (patch((*ORANGE, 77)).cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    assert seen(source_to_srgb(deep, replace(CUTOUT, bits=16))) == [*ORANGE, 77]


@pytest.mark.parametrize("space", ["lab", "labs", "labq"])
def test_lab_in_any_coding_is_the_same_colour(space: str) -> None:
    lab = patch().colourspace("lab").colourspace(space)
    photo = replace(PHOTO, space="lab", has_alpha=True)
    expected = seen(source_to_srgb(patch().colourspace("lab"), photo))
    assert seen(source_to_srgb(lab, photo)) == pytest.approx(expected, abs=1)


def test_a_fourth_band_of_lab_is_left_out() -> None:
    lab = patch().colourspace("lab")
    photo = replace(PHOTO, space="lab", has_alpha=True)
    extra = lab.bandjoin(128).copy(interpretation="lab")
    assert seen(source_to_srgb(extra, photo)) == seen(source_to_srgb(lab, photo))
