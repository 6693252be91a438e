"""The directory walk of TIFF files."""

from __future__ import annotations

import struct

import pytest

from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.ifd import BYTE, LONG, SHORT
from origin.ingest.magic import RAW
from origin.ingest.tiff_walk import walk_tiff
from tests.unit.ingest.made import photo, tiff

SHAPE = ((256, LONG, 1, 3000), (257, LONG, 1, 2000), (258, SHORT, 1, 16), (277, SHORT, 1, 3))


def refused(content: bytes, caps: Caps | None = None) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        walk_tiff(content, caps or Caps())
    return caught.value


def test_the_shape_of_the_first_page_is_read() -> None:
    found = walk_tiff(tiff(*SHAPE), Caps())
    assert (found.width_px, found.height_px, found.bands, found.bits) == (3000, 2000, 3, 16)


def test_a_file_in_one_strip_is_held_whole() -> None:
    assert walk_tiff(tiff(*SHAPE), Caps()).decode_bytes == 3000 * 2000 * 3 * 2


def test_a_file_in_strips_is_held_by_the_strip() -> None:
    strips = (278, LONG, 1, 16)
    assert walk_tiff(tiff(*SHAPE, strips), Caps()).decode_bytes == 3000 * 16 * 3 * 2


def test_a_file_in_tiles_is_held_by_the_row_of_tiles() -> None:
    tiles = ((322, LONG, 1, 512), (323, LONG, 1, 256))
    assert walk_tiff(tiff(*SHAPE, *tiles), Caps()).decode_bytes == 3072 * 256 * 3 * 2


def test_a_palette_opens_as_three_bands() -> None:
    shape = ((256, LONG, 1, 30), (257, LONG, 1, 20), (262, SHORT, 1, 3))
    assert walk_tiff(tiff(*shape), Caps()).bands == 3


def test_big_endian_and_64_bit_files_are_read() -> None:
    entries = b"".join(
        struct.pack(">HHQQ", tag, LONG, 1, value << 32) for tag, value in ((256, 30), (257, 20))
    )
    head = struct.pack(">2sHHHQQ", b"MM", 43, 8, 0, 16, 2)
    found = walk_tiff(head + entries + bytes(8), Caps())
    assert (found.width_px, found.height_px) == (30, 20)


def test_a_whole_photo_is_walked() -> None:
    found = walk_tiff(photo("tiff with its directory in front"), Caps())
    assert (found.width_px, found.pages) == (320, 1)


def test_a_chain_that_returns_to_itself_ends_there() -> None:
    assert walk_tiff(tiff(*SHAPE, next_at=8), Caps()).pages == 1


def test_a_missing_offset_of_the_next_page_is_the_last_page() -> None:
    assert walk_tiff(tiff(*SHAPE)[:-4], Caps()).pages == 1


def test_pages_are_counted_up_to_the_cap() -> None:
    first = tiff(*SHAPE)
    pages = b"".join(struct.pack("<HI", 0, len(first) + 6 * (n + 1)) for n in range(200))
    endless = tiff(*SHAPE, next_at=len(first)) + pages
    assert refused(endless).code == "photo.pages"
    assert walk_tiff(endless, Caps(pages=300)).pages == 201


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(((50706, BYTE, 4, 0x0104),), id="DNG"),
        pytest.param(((262, SHORT, 1, 32803),), id="colour filter array"),
        pytest.param(((262, SHORT, 1, 34892),), id="linear raw"),
        pytest.param(((254, LONG, 1, 1), (330, LONG, 1, 400)), id="a preview before sub-pictures"),
    ],
)
def test_a_raw_file_is_refused_instead_of_printing_its_thumbnail(
    entries: tuple[tuple[int, int, int, int], ...],
) -> None:
    caught = refused(tiff(*SHAPE, *entries))
    assert (caught.code, caught.public) == ("photo.format", RAW)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(tiff(*SHAPE[1:]), "photo.damaged", id="no width"),
        pytest.param(b"II*\0\xff\xff\xff\x7f" + bytes(8), "photo.damaged", id="past the end"),
        pytest.param(tiff(*SHAPE)[:20], "photo.damaged", id="cut off in the directory"),
        pytest.param(b"II*\0\x08\0\0\0\xff\xff", "photo.damaged", id="65,535 entries"),
        pytest.param(b"xxxxxxxxxxxx", "photo.damaged", id="no byte order"),
    ],
)
def test_a_broken_directory_is_refused(content: bytes, code: str) -> None:
    assert refused(content).code == code


def test_a_profile_over_the_cap_is_refused() -> None:
    profile = (34675, 7, 5_000_000, 8)
    assert refused(tiff(*SHAPE, profile)).code == "photo.profile_size"
