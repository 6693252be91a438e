"""The guard as a whole: caps, decisions, warnings."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.guard import decode_fully, guard, inspect
from origin.ingest.warnings import WARNINGS
from origin.values import ProfileStatus
from tests.unit.ingest.made import (
    DISPLAY_P3,
    SCAN,
    exif_of,
    frame,
    heic,
    jpeg,
    photo,
    pillow_saved,
    png,
    saved,
    scene,
)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "photo"
    path.write_bytes(content)
    return path


def large(width: int = 1600, height: int = 1200) -> pyvips.Image:
    return scene().resize(width / 320, vscale=height / 240).cast("uchar")


@pytest.mark.parametrize(
    ("caps", "code"),
    [
        (Caps(upload_bytes=1000), "photo.too_large"),
        (Caps(side_px=319), "photo.side"),
        (Caps(pixels=320 * 240 - 1), "photo.pixels"),
        (Caps(bands=2), "photo.bands"),
        (Caps(decode_bytes=320 * 240), "photo.decode_bytes"),
    ],
)
def test_each_cap_has_its_code(caps: Caps, code: str, tmp_path: Path) -> None:
    path = write(tmp_path, photo("png interlaced"))
    with pytest.raises(PhotoRefused) as refused:
        guard(path, caps)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "kind", ["jpeg progressive", "png interlaced", "webp lossy", "avif", "heic"]
)
def test_what_holds_a_whole_frame_is_bounded_in_memory(kind: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoRefused) as refused:
        guard(write(tmp_path, photo(kind)), Caps(decode_bytes=50_000))
    assert refused.value.code == "photo.decode_bytes"


@pytest.mark.parametrize("kind", ["jpeg baseline", "png 8 bits"])
def test_what_streams_is_not(kind: str, tmp_path: Path) -> None:
    guard(write(tmp_path, photo(kind)), Caps(decode_bytes=50_000))


def test_a_lying_jpeg_of_4_gigapixels_is_refused_by_its_header(tmp_path: Path) -> None:
    path = write(tmp_path, jpeg(frame(0xC0, 65_500, 65_500), SCAN))
    with pytest.raises(PhotoRefused) as refused:
        guard(path, Caps())
    assert refused.value.code == "photo.pixels"


def test_too_many_frames_are_refused(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 8), n, np.uint8)) for n in range(9)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    path = write(tmp_path, file.getvalue())
    assert guard(path, Caps()).photo.pages == 9
    with pytest.raises(PhotoRefused) as refused:
        guard(path, Caps(pages=8))
    assert refused.value.code == "photo.pages"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(jpeg(frame(0xC0, 64, 64), SCAN), id="a JPEG of markers only"),
        pytest.param(png(sides=(9, 9)), id="a PNG with too few pixels"),
    ],
)
def test_a_shell_without_pixels_is_damage(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(PhotoRefused) as refused:
        inspect(write(tmp_path, content), Caps())
    assert refused.value.code == "photo.damaged"


def test_damage_in_the_pixels_is_found_by_decoding_only(tmp_path: Path) -> None:
    path = write(tmp_path, png(sides=(9, 9)))
    inspection = guard(path, Caps())
    with pytest.raises(PhotoRefused):
        decode_fully(path, inspection.photo)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_sides_are_those_of_the_upright_photo(
    suffix: str, orientation: int, tmp_path: Path
) -> None:
    image = scene().copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    found = inspect(write(tmp_path, image.write_to_buffer(suffix)), Caps()).photo
    assert found.orientation == orientation
    assert (found.width_px > found.height_px) == (orientation < 5)


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_1(orientation: int, tmp_path: Path) -> None:
    content = pillow_saved("JPEG", "RGB", exif=exif_of(orientation))
    assert guard(write(tmp_path, content), Caps()).photo.orientation == 1


def test_a_heic_is_upright_already(tmp_path: Path) -> None:
    found = inspect(write(tmp_path, heic(exif=exif_of(6))), Caps()).photo
    assert (found.orientation, found.width_px, found.height_px) == (1, 240, 320)


def test_capture_data_is_kept_apart(tmp_path: Path) -> None:
    for content in (pillow_saved("JPEG", "RGB", exif=exif_of(1)), heic(exif=exif_of(1))):
        inspection = guard(write(tmp_path, content), Caps())
        assert inspection.capture["make"] == "Ourcam"
        assert "Ourcam" not in repr(inspection)


def test_an_embedded_profile_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "wide.jpg"
    with_profile(large(), DISPLAY_P3).write_to_file(str(path), keep="icc")
    found = inspect(path, Caps())
    assert found.photo.profile_status is ProfileStatus.EMBEDDED
    assert found.photo.profile_name == "Display P3"
    assert found.warnings == ("wide_gamut",)


def test_an_untagged_photo_is_recorded_as_assumed(tmp_path: Path) -> None:
    path = tmp_path / "plain.jpg"
    large().jpegsave(str(path))
    found = inspect(path, Caps())
    assert found.photo.profile_status is ProfileStatus.ASSUMED
    assert found.warnings == ("no_profile",)


def test_a_broken_profile_is_rejected_and_the_photo_taken(tmp_path: Path) -> None:
    content = pillow_saved("JPEG", "RGB", icc_profile=bytes(400))
    found = inspect(write(tmp_path, content), Caps())
    assert found.photo.profile_status is ProfileStatus.REJECTED
    assert "profile_rejected" in found.warnings


def test_a_profile_of_another_space_is_rejected(tmp_path: Path) -> None:
    content = pillow_saved("JPEG", "L", icc_profile=DISPLAY_P3)
    found = inspect(write(tmp_path, content), Caps())
    assert found.photo.profile_status is ProfileStatus.REJECTED


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(lambda: saved(".jpg", bands=4), "cmyk", id="cmyk"),
        pytest.param(lambda: saved(".png", bands=2), "transparency", id="alpha"),
        pytest.param(lambda: photo("png 16 bits"), "sixteen_bit", id="16 bits"),
        pytest.param(lambda: photo("jpeg baseline"), "low_resolution", id="320 x 240"),
    ],
)
def test_each_warning_has_its_photo(content: object, word: str, tmp_path: Path) -> None:
    assert callable(content)
    assert word in inspect(write(tmp_path, content()), Caps()).warnings


def test_pages_and_animations_are_told_apart(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((9, 9, 3), n, np.uint8)) for n in (1, 9)]
    words = {}
    for kind in ("TIFF", "GIF", "PNG"):
        file = io.BytesIO()
        pages[0].save(file, kind, save_all=True, append_images=pages[1:])
        words[kind] = {"multi_page", "animated"} & set(
            guard(write(tmp_path, file.getvalue()), Caps()).warnings
        )
    assert words == {"TIFF": {"multi_page"}, "GIF": {"animated"}, "PNG": {"animated"}}


def test_a_gain_map_is_printed_as_the_standard_picture(tmp_path: Path) -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/"/>'
    content = photo("jpeg baseline")
    length = (len(xmp) + 2).to_bytes(2, "big")
    with_map = content[:2] + b"\xff\xe1" + length + xmp + content[2:] + b"\xff\xd8\xff cut off"
    found = inspect(write(tmp_path, with_map), Caps())
    assert "hdr_gain_map" in found.warnings
    assert (found.photo.width_px, found.photo.bits) == (320, 8)


def test_warnings_come_in_their_order_and_from_the_closed_set(tmp_path: Path) -> None:
    words = inspect(write(tmp_path, saved(".png", bands=2)), Caps()).warnings
    assert list(words) == [word for word in WARNINGS if word in words]


def test_caps_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Caps().pixels = 1  # type: ignore[misc]  # what the test is about
