"""Opening a source: the main picture, its profile, and damage as an error on every way in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from origin.decode.attached import attached_profile, with_profile
from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused, open_source
from origin.errors import PhotoRefused
from tests.unit.ingest.made import DISPLAY_P3, KINDS, exif_of, format_of, heic, photo, scene

Use = Callable[[Path, str], object]

WAYS: dict[str, Use] = {
    "row by row": lambda path, fmt: open_source(path, fmt).avg(),
    "at random": lambda path, fmt: open_source(path, fmt, random=True).crop(0, 200, 320, 40).avg(),
    "as a thumbnail": lambda path, fmt: open_source(path, fmt).thumbnail_image(64).avg(),
    "resized": lambda path, fmt: open_source(path, fmt).resize(0.3, kernel="cubic").avg(),
    "copied to memory": lambda path, fmt: open_source(path, fmt).copy_memory(),
    "encoded": lambda path, fmt: open_source(path, fmt).pngsave_buffer(),
}


def write(folder: Path, content: bytes) -> Path:
    path = folder / "photo"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_that_was_cut_off_is_never_grey(kind: str, way: str, tmp_path: Path) -> None:
    content = photo(kind)
    path = write(tmp_path, content[: len(content) * 9 // 10])
    with pytest.raises(PhotoRefused) as refused, damage_refused():
        WAYS[way](path, format_of(kind))
    assert refused.value.code == "photo.damaged"


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_a_cut_off_jpeg_is_refused_at_every_shrink_on_load(shrink: int, tmp_path: Path) -> None:
    content = photo("jpeg baseline")
    path = write(tmp_path, content[: len(content) * 9 // 10])
    with pytest.raises(PhotoRefused), damage_refused():
        open_source(path, "jpeg", shrink=shrink).avg()


@pytest.mark.parametrize("shrink", [2, 4, 8])
def test_a_jpeg_can_be_loaded_smaller(shrink: int, tmp_path: Path) -> None:
    image = open_source(write(tmp_path, photo("jpeg baseline")), "jpeg", shrink=shrink)
    assert (image.width, image.height) == (320 // shrink, 240 // shrink)


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_of_access_give_the_same_pixels(kind: str, tmp_path: Path) -> None:
    path, fmt = write(tmp_path, photo(kind)), format_of(kind)
    one, other = open_source(path, fmt), open_source(path, fmt, random=True)
    assert one.write_to_memory() == other.write_to_memory()


def test_a_name_that_is_no_unicode_can_be_opened(tmp_path: Path) -> None:
    path = tmp_path / b"caf\xe9 [strip].jpg".decode("utf-8", "surrogateescape")
    path.write_bytes(photo("jpeg baseline"))
    assert open_source(path, "jpeg").width == 320


def test_the_first_page_of_a_tiff_is_opened_even_when_another_looks_like_its_thumbnail(
    tmp_path: Path,
) -> None:
    red = Image.new("RGB", (320, 240), (255, 0, 0))
    blue = Image.new("RGB", (160, 120), (0, 0, 255))
    path = tmp_path / "pages.tif"
    red.save(path, save_all=True, append_images=[blue])
    small = open_source(path, "tiff").thumbnail_image(32)
    assert small(5, 5) == [255.0, 0.0, 0.0]


def test_the_first_frame_of_an_animation_is_opened(tmp_path: Path) -> None:
    frames = scene().join(scene().invert(), "vertical").copy()
    frames.set_type(pyvips.GValue.gint_type, "page-height", 240)
    path = tmp_path / "two.webp"
    frames.webpsave(str(path), lossless=True)
    image = open_source(path, "webp")
    assert image.height == 240
    assert image.write_to_memory() == scene().write_to_memory()


def test_an_embedded_profile_stays_attached(tmp_path: Path) -> None:
    for suffix, fmt in ((".jpg", "jpeg"), (".png", "png"), (".tif", "tiff"), (".webp", "webp")):
        path = tmp_path / f"tagged{suffix}"
        with_profile(scene(), DISPLAY_P3).write_to_file(str(path), keep="icc")
        assert attached_profile(open_source(path, fmt)) == DISPLAY_P3


def test_an_iphone_photo_keeps_its_profile(tmp_path: Path) -> None:
    image = open_source(write(tmp_path, heic(icc_profile=DISPLAY_P3)), "heic")
    assert attached_profile(image) == DISPLAY_P3


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_heic_comes_out_upright_by_its_own_boxes(orientation: int, tmp_path: Path) -> None:
    turned = heic(exif=exif_of(orientation))  # the encoder writes irot and keeps the Exif tag
    image = open_source(write(tmp_path, turned), "heic")
    expected = {1: (320, 240), 3: (320, 240), 6: (240, 320), 8: (240, 320)}[orientation]
    assert (image.width, image.height) == expected
    assert image.get_typeof("orientation") == 0


def test_colour_by_numbers_becomes_a_profile(tmp_path: Path) -> None:
    numbers = {"color_primaries": 12, "transfer_characteristics": 13}
    content = heic(save_nclx_profile=True, **{"matrix_coefficients": 6, **numbers})
    at = content.find(b"nclx")
    assert at > 0
    patched = content[: at + 4] + b"\0\x0c\0\x0d" + content[at + 8 :]
    assert attached_profile(open_source(write(tmp_path, patched), "heic")) == DISPLAY_P3
    assert attached_profile(open_source(write(tmp_path, photo("heic")), "heic")) is None


def test_memory_that_runs_out_is_said_as_such() -> None:
    with pytest.raises(PhotoRefused) as refused, damage_refused():
        raise MemoryError
    assert refused.value.code == "photo.decode_bytes"
