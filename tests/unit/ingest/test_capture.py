"""What the camera wrote, read without trust."""

from __future__ import annotations

import struct

from origin.ingest.capture import read_capture
from tests.unit.ingest.made import exif_of, tiff

EXIF = exif_of(1).removeprefix(b"Exif\0\0")
ASCII, LONG = 2, 4


def test_maker_time_and_presence_of_a_position_are_read() -> None:
    assert read_capture(EXIF) == {
        "make": "Ourcam",
        "model": "One",
        "taken_at": "2026:05:01 10:11:12",
        "gps": "yes",
    }


def test_the_position_itself_is_not_copied() -> None:
    assert "N" not in read_capture(EXIF).values()


def test_nothing_gives_nothing() -> None:
    assert read_capture(b"") == {}


def test_broken_exif_gives_what_could_be_read() -> None:
    content = tiff((271, ASCII, 4, int.from_bytes(b"Nix\0", "little")), (34665, LONG, 1, 99_999))
    assert read_capture(content) == {"make": "Nix"}


def test_exif_that_cannot_be_read_refuses_nothing() -> None:
    assert read_capture(b"garbage") == {}
    assert read_capture(b"II*\0\xff\xff\xff\xff") == {}


def test_a_directory_that_returns_to_itself_ends() -> None:
    assert read_capture(tiff((34665, LONG, 1, 8), (34853, LONG, 1, 8))) == {"gps": "yes"}


def test_texts_are_printable_and_short() -> None:
    text = b"A\x1b]0;x\x07" + b"b" * 5000
    content = tiff((271, ASCII, len(text), 26)) + text
    make = read_capture(content)["make"]
    assert make.startswith("A]0;xb")
    assert len(make) <= 200


def test_a_field_that_lies_outside_is_left_out() -> None:
    content = struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHII", 271, ASCII, 90, 500)
    assert read_capture(content) == {}
