"""The chunk walk of WebP files."""

from __future__ import annotations

import struct

import pytest

from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.webp_walk import walk_webp
from tests.unit.ingest.made import photo, riff

LOSSY = (b"VP8 ", b"\x10\x02\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480))
LOSSLESS = (b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14 | 1 << 28))
CANVAS = struct.pack("<I", 1999)[:3] + struct.pack("<I", 999)[:3]


def canvas(flags: int) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + CANVAS


def refusal(content: bytes, caps: Caps | None = None) -> str:
    with pytest.raises(PhotoRefused) as refused:
        walk_webp(content, caps or Caps())
    return refused.value.code


def test_a_lossy_picture_is_read() -> None:
    found = walk_webp(riff(LOSSY), Caps())
    assert (found.width_px, found.height_px, found.bands) == (640, 480, 3)
    assert found.decode_bytes == 640 * 480 * 4


def test_a_lossless_picture_with_alpha_is_read() -> None:
    found = walk_webp(riff(LOSSLESS), Caps())
    assert (found.width_px, found.height_px, found.bands) == (640, 480, 4)


def test_the_canvas_of_an_animation_rules_and_its_frames_are_counted() -> None:
    found = walk_webp(riff(canvas(0x12), *[(b"ANMF", bytes(16))] * 3), Caps())
    assert (found.width_px, found.height_px) == (2000, 1000)
    assert (found.pages, found.is_animated, found.bands) == (3, True, 4)


def test_profile_and_exif_are_found() -> None:
    parts = (canvas(0x28), (b"ICCP", bytes(300)), LOSSY, (b"EXIF", b"Exif\0\0MM\0*x"))
    found = walk_webp(riff(*parts), Caps())
    assert (found.profile_bytes, found.exif) == (300, b"MM\0*x")


def test_a_whole_photo_is_walked() -> None:
    assert walk_webp(photo("webp lossless"), Caps()).width_px == 320


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(riff(LOSSY)[:-2], "photo.damaged", id="shorter than it says"),
        pytest.param(riff((b"EXIF", b"x")), "photo.damaged", id="no picture"),
        pytest.param(riff((b"VP8L", b"\0" * 5)), "photo.damaged", id="no signature"),
        pytest.param(riff(LOSSY, *[(b"junk", b"")] * 5000), "photo.chunks", id="5,001 chunks"),
    ],
)
def test_a_broken_container_is_refused(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_profile_over_the_cap_is_refused() -> None:
    content = riff(canvas(0x20), (b"ICCP", bytes(300)), LOSSY)
    assert refusal(content, Caps(profile_bytes=299)) == "photo.profile_size"
