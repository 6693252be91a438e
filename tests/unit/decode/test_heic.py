"""HEIC of every kind of pixel."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from origin.decode.header import read_header
from origin.decode.heic import open_heic
from origin.decode.libvips import pyvips
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from tests.unit.ingest.made import heic, pillow_scene


def write(folder: Path, content: bytes) -> Path:
    path = folder / "photo.heic"
    path.write_bytes(content)
    return path


def encoded(image: Image.Image) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90)
    return file.getvalue()


@pytest.mark.parametrize(("mode", "has_alpha"), [("RGB", False), ("RGBA", True), ("L", False)])
def test_header_and_pixels_agree(mode: str, *, has_alpha: bool, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(pillow_scene(mode)))
    header, image = read_header(path, "heic"), open_heic(path)
    assert (header.width_px, header.height_px, header.bands) == (320, 240, image.bands)
    assert header.has_alpha is has_alpha is bool(image.hasalpha())
    assert image.format == "uchar"


def test_ten_bits_are_shifted_up_to_sixteen(tmp_path: Path) -> None:
    pixels = np.full((64, 64, 3), 65_535, np.uint16)
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (64, 64), pixels.tobytes()).save(file, quality=100)
    path = write(tmp_path, file.getvalue())
    image = open_heic(path)
    assert (image.format, image.interpretation) == ("ushort", "rgb16")
    assert image.avg() > 65_000
    assert read_header(path, "heic").bits == 10
    assert "sixteen_bit" in guard(path, Caps()).warnings


def test_pixels_are_those_that_were_encoded(tmp_path: Path) -> None:
    image = open_heic(write(tmp_path, heic()))
    original = pyvips.Image.new_from_array(np.asarray(pillow_scene("RGB")))
    difference = (image - original).gaussblur(4)  # 4:2:0 takes the noise out of the colours
    assert difference.abs().avg() < 1


def test_boxes_that_understate_the_sides_do_not_make_a_large_decode(tmp_path: Path) -> None:
    content = bytearray(encoded(Image.new("RGB", (2000, 2000), (9, 200, 30))))
    at = content.find(b"ispe")
    while at >= 0:
        content[at + 8 : at + 16] = (64).to_bytes(4, "big") * 2
        at = content.find(b"ispe", at + 4)
    with pytest.raises(PhotoRefused) as refused:
        open_heic(write(tmp_path, bytes(content)))
    assert refused.value.code == "photo.damaged"


def test_a_box_without_a_picture_is_damage(tmp_path: Path) -> None:
    with pytest.raises(PhotoRefused) as refused:
        open_heic(write(tmp_path, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"))
    assert refused.value.code == "photo.damaged"
