"""The sample files: what a camera or a scanner would have put into each."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from edgeproof.samples.catalogue import QUICK, SAMPLES, Sample
from edgeproof.samples.making import make_file, make_scene

#: Linear Display P3 to linear sRGB, both D65 (from SMPTE EG 432-1 and IEC 61966-2-1).
P3_TO_SRGB = np.array([[1.2249, -0.2249, 0.0], [-0.0420, 1.0420, 0.0], [-0.0196, -0.0786, 1.0983]])
FACTOR = 20


def small(file: str) -> Sample:
    """Return one sample at a twentieth of its size."""
    sample = next(sample for sample in SAMPLES if sample.file == file)
    return replace(sample, width_px=sample.width_px // FACTOR, height_px=sample.height_px // FACTOR)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every sample at that size."""
    made_here = tmp_path_factory.mktemp("samples")
    for sample in SAMPLES:
        make_file(small(sample.file), made_here / sample.file)
    return made_here


def opened(file: str, folder: Path) -> Image.Image:
    image = Image.open(folder / file)
    image.load()
    return image


def test_the_set_has_what_a_shop_meets() -> None:
    assert all(sample.width_px * sample.height_px >= 4_000_000 for sample in SAMPLES)
    assert max(sample.width_px * sample.height_px for sample in SAMPLES) == 24_000_000
    assert any(sample.capture and sample.capture.orientation != 1 for sample in SAMPLES)
    assert any(sample.capture and sample.capture.place for sample in SAMPLES)
    assert any(sample.profile and sample.profile.name == "Display P3" for sample in SAMPLES)
    assert any(sample.is_cmyk for sample in SAMPLES)
    assert any(sample.file.endswith(".png") for sample in SAMPLES)
    assert SAMPLES[0].scene == QUICK[0].scene == "lake", "the page opens with the lake"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_every_file_opens_whole_at_its_size(sample: Sample, folder: Path) -> None:
    upright = ImageOps.exif_transpose(opened(sample.file, folder))
    assert upright.size == (sample.width_px // FACTOR, sample.height_px // FACTOR)


def test_nothing_half_written_is_left(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {sample.file for sample in SAMPLES}


def test_the_same_sample_is_the_same_file(folder: Path, tmp_path: Path) -> None:
    again = make_file(small("dahlia.jpg"), tmp_path / "again.jpg")
    assert again.read_bytes() == (folder / "dahlia.jpg").read_bytes()


def test_the_upright_photo_lies_on_its_side_in_the_file(folder: Path) -> None:
    image = opened("dahlia.jpg", folder)
    assert image.size == (200, 150)
    assert image.getexif()[ExifTags.Base.Orientation] == 6
    upright = np.asarray(ImageOps.exif_transpose(image), float)
    assert np.abs(upright - make_scene("dahlia", 150, 200)).mean() < 8


def test_the_lake_says_where_it_is_and_with_which_camera(folder: Path) -> None:
    exif = opened("lake-at-dusk.jpg", folder).getexif()
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    degrees, minutes, seconds = (float(part) for part in place[ExifTags.GPS.GPSLatitude])
    assert degrees + minutes / 60 + seconds / 3600 == pytest.approx(47.5561, abs=1e-5)
    assert (place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLongitudeRef]) == ("N", "E")
    details = exif.get_ifd(ExifTags.IFD.Exif)
    assert details[ExifTags.Base.BodySerialNumber] == "SAMPLE-0042"
    assert details[ExifTags.Base.DateTimeOriginal] == "2026:09:18 19:42:07"


def test_the_baubles_have_colours_that_srgb_has_not(folder: Path) -> None:
    image = opened("baubles-display-p3.jpg", folder)
    profile = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
    encoded = np.asarray(image, float) / 255
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    outside = (light @ P3_TO_SRGB.T < -0.005).any(axis=2)
    assert outside.mean() > 0.05


def test_the_balloons_are_inks_without_a_profile(folder: Path) -> None:
    image = opened("balloons-cmyk.jpg", folder)
    assert image.mode == "CMYK"
    assert "icc_profile" not in image.info
    inks = np.asarray(image, float).reshape(-1, 4)
    assert (inks.std(axis=0) > 8).all(), "each of the four inks draws something"


def test_the_city_says_nothing_about_its_colours(folder: Path) -> None:
    image = opened("city-at-night.jpg", folder)
    assert "icc_profile" not in image.info
    assert len(image.getexif()) == 0


def test_the_sticker_is_transparent(folder: Path) -> None:
    image = opened("sticker.png", folder)
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0)) == image.getpixel((99, 99))
    assert np.asarray(image)[0, 0, 3] == 0
