"""The marker walk of JPEG files."""

from __future__ import annotations

import pytest

from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.jpeg_walk import walk_jpeg
from tests.unit.ingest.made import SCAN, frame, jpeg, photo, segment

SOF0, SOF2, SOF9, COM, APP1, APP2 = 0xC0, 0xC2, 0xC9, 0xFE, 0xE1, 0xE2


def refusal(content: bytes, caps: Caps | None = None) -> str:
    with pytest.raises(PhotoRefused) as refused:
        walk_jpeg(content, caps or Caps())
    return refused.value.code


def test_size_and_bands_come_from_the_frame() -> None:
    found = walk_jpeg(jpeg(frame(SOF0, 4000, 3000), SCAN), Caps())
    assert (found.width_px, found.height_px, found.bands, found.bits) == (4000, 3000, 3, 8)


def test_a_baseline_photo_holds_no_frame_in_the_decoder() -> None:
    assert walk_jpeg(jpeg(frame(SOF0, 4000, 3000), SCAN), Caps()).decode_bytes == 0


def test_a_progressive_photo_holds_two_bytes_per_sample() -> None:
    found = walk_jpeg(jpeg(frame(SOF2, 4000, 3000), SCAN), Caps())
    assert found.decode_bytes == 4000 * 3000 * 6 // 4 * 2
    assert found.is_progressive


def test_a_baseline_photo_of_several_scans_is_held_too() -> None:
    assert walk_jpeg(jpeg(frame(SOF0, 400, 300), SCAN, SCAN), Caps()).decode_bytes > 0


def test_markers_inside_entropy_coded_data_do_not_end_the_scan() -> None:
    scan = SCAN + b"\xff\x00\xff\xd0\xff\x00\xff\xd7\xaa"
    assert walk_jpeg(jpeg(frame(SOF0, 64, 64), scan, SCAN), Caps()).is_progressive


def test_the_first_exif_block_is_found() -> None:
    app = segment(APP1, b"Exif\0\0MM\0*rest")
    assert walk_jpeg(jpeg(app, frame(SOF0, 64, 64), SCAN), Caps()).exif == b"MM\0*rest"


def test_the_pieces_of_a_profile_are_added_up() -> None:
    pieces = [segment(APP2, b"ICC_PROFILE\0" + bytes([n, 2]) + bytes(100)) for n in (1, 2)]
    found = walk_jpeg(jpeg(*pieces, frame(SOF0, 64, 64), SCAN), Caps())
    assert found.profile_bytes == 200


@pytest.mark.parametrize(
    "content",
    [
        b'<x:xmpmeta hdrgm:Version="1.0" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>',
        b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0",
    ],
)
def test_a_gain_map_is_noticed(content: bytes) -> None:
    app = segment(APP2, content)
    assert walk_jpeg(jpeg(app, frame(SOF0, 64, 64), SCAN), Caps()).has_gain_map


def test_a_real_photo_has_neither_gain_map_nor_exif() -> None:
    found = walk_jpeg(photo("jpeg baseline"), Caps())
    assert not found.has_gain_map


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(jpeg(frame(SOF0, 64, 0), SCAN), "photo.damaged", id="height 0, DNL"),
        pytest.param(jpeg(frame(SOF0, 0, 64), SCAN), "photo.damaged", id="width 0"),
        pytest.param(jpeg(SCAN), "photo.damaged", id="no frame"),
        pytest.param(jpeg(frame(SOF0, 64, 64)), "photo.damaged", id="no scan"),
        pytest.param(jpeg(*[frame(SOF0, 64, 64)] * 2, SCAN), "photo.damaged", id="two frames"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x01" + bytes(20), "photo.damaged", id="length 1"),
        pytest.param(b"\xff\xd8\xff\xe0\0", "photo.damaged", id="cut off in a length"),
        pytest.param(jpeg(frame(SOF9, 64, 64), SCAN), "photo.format", id="arithmetic coding"),
        pytest.param(
            jpeg(*[segment(COM, b"x")] * 5001, frame(SOF0, 64, 64), SCAN),
            "photo.chunks",
            id="5,001 comments",
        ),
        pytest.param(
            b"\xff\xd8" + b"\xff\xd0" * 10_000, "photo.chunks", id="restarts outside a scan"
        ),
        pytest.param(jpeg(frame(SOF2, 64, 64), *[SCAN] * 101), "photo.chunks", id="101 scans"),
    ],
)
def test_a_lie_in_the_markers_is_refused(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_frame_with_a_sampling_factor_of_0_is_refused() -> None:
    flat = segment(SOF0, b"\x08\0\x40\0\x40\x01" + bytes([1, 0, 0]))
    assert refusal(jpeg(flat, SCAN)) == "photo.damaged"


def test_a_profile_over_the_cap_is_refused() -> None:
    piece = segment(APP2, b"ICC_PROFILE\0\x01\x01" + bytes(200))
    content = jpeg(piece, frame(SOF0, 64, 64), SCAN)
    assert refusal(content, Caps(profile_bytes=199)) == "photo.profile_size"


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    content = b"\xff\xd8" + b"\xff" * 60_000 + jpeg(frame(SOF0, 64, 64), SCAN)[2:]
    assert walk_jpeg(content, Caps()).width_px == 64


def test_fill_bytes_without_end_are_damage() -> None:
    content = b"\xff\xd8" + b"\xff" * 70_000 + jpeg(frame(SOF0, 64, 64), SCAN)[2:]
    assert refusal(content) == "photo.damaged"
