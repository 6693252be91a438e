"""The chunk walk of PNG files."""

from __future__ import annotations

import struct
import zlib

import pytest

from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.png_walk import walk_png
from tests.unit.ingest.made import photo, png, png_chunk

MIB = 1 << 20
PACKED_8_MIB = zlib.compress(bytes(8 * MIB))
PACKED_1_MIB = zlib.compress(bytes(MIB))


def refusal(content: bytes, caps: Caps | None = None) -> str:
    with pytest.raises(PhotoRefused) as refused:
        walk_png(content, caps or Caps())
    return refused.value.code


def test_the_header_is_read() -> None:
    found = walk_png(png(sides=(70, 50)), Caps())
    assert (found.width_px, found.height_px, found.bands, found.bits) == (70, 50, 3, 8)


def test_only_an_interlaced_picture_is_held_whole() -> None:
    assert walk_png(png(sides=(700, 500)), Caps()).decode_bytes == 0
    assert walk_png(png(sides=(700, 500), interlace=1), Caps()).decode_bytes == 700 * 500 * 3


def test_a_transparent_colour_is_a_fourth_band() -> None:
    assert walk_png(png(png_chunk(b"tRNS", bytes(6))), Caps()).bands == 4


def test_an_animation_is_counted_by_its_frames_not_by_its_claim() -> None:
    claim = png_chunk(b"acTL", struct.pack(">II", 2**31, 0))
    frames = [png_chunk(b"fcTL", bytes(26))] * 3
    found = walk_png(png(claim, *frames), Caps())
    assert (found.pages, found.is_animated) == (3, True)


def test_exif_is_found() -> None:
    assert walk_png(png(png_chunk(b"eXIf", b"MM\0*x")), Caps()).exif == b"MM\0*x"


def test_a_whole_photo_is_walked_to_its_end() -> None:
    assert walk_png(photo("png palette"), Caps()).bands == 3


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(png_chunk(b"zTXt", b"Comment\0\0" + PACKED_8_MIB), id="zTXt"),
        pytest.param(png_chunk(b"iTXt", b"Key\0\x01\0en\0w\0" + PACKED_8_MIB), id="iTXt"),
        pytest.param(png_chunk(b"iCCP", b"icc\0\0" + PACKED_8_MIB), id="iCCP"),
    ],
)
def test_metadata_that_inflates_past_the_cap_is_refused(chunk: bytes) -> None:
    assert refusal(png(chunk)) == "photo.metadata"


def test_many_small_texts_count_together() -> None:
    texts = [png_chunk(b"zTXt", b"Comment\0\0" + PACKED_1_MIB)] * 5
    assert refusal(png(*texts)) == "photo.metadata"
    assert walk_png(png(*texts[:4]), Caps()).width_px == 8


def test_a_profile_over_its_own_cap_is_refused() -> None:
    chunk = png_chunk(b"iCCP", b"icc\0\0" + PACKED_1_MIB)
    assert refusal(png(chunk), Caps(profile_bytes=MIB - 1)) == "photo.profile_size"
    assert walk_png(png(chunk), Caps(profile_bytes=MIB)).profile_bytes == MIB


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(png_chunk(b"zTXt", b"Comment\0\0broken"), id="a stream that is no zlib"),
        pytest.param(png_chunk(b"zTXt", b"no end of the keyword"), id="no keyword"),
        pytest.param(png_chunk(b"iTXt", b"Key\0\0\0en\0w\0plain"), id="plain text"),
        pytest.param(png_chunk(b"iTXt", b"Key\0\x01\0en"), id="cut-off text"),
    ],
)
def test_odd_texts_do_not_refuse_a_photo(chunk: bytes) -> None:
    assert walk_png(png(chunk), Caps()).width_px == 8


def test_too_many_chunks_are_refused() -> None:
    assert refusal(png(*[png_chunk(b"tEXt", b"a\0b")] * 5000)) == "photo.chunks"


def test_a_large_file_may_have_many_chunks_of_pixels() -> None:
    usual = png(*[png_chunk(b"IDAT", bytes(8192))] * 6000)
    assert walk_png(usual, Caps()).width_px == 8


def test_many_tiny_chunks_of_pixels_are_refused() -> None:
    assert refusal(png(*[png_chunk(b"IDAT", b"")] * 6000)) == "photo.chunks"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(png()[:20], id="cut off in the header"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + png_chunk(b"tEXt", b"a\0b"), id="no header first"),
        pytest.param(png(sides=(0, 8)), id="width 0"),
        pytest.param(png().replace(b"\x08\x02\0\0\0", b"\x08\x05\0\0\0", 1), id="colour type 5"),
    ],
)
def test_a_header_that_cannot_be_is_damage(content: bytes) -> None:
    assert refusal(content) == "photo.damaged"
