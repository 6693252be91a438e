"""The block walk of GIF files."""

from __future__ import annotations

import struct

import pytest

from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.gif_walk import BLOCKS_MAX, walk_gif
from tests.unit.ingest.made import photo

HEADER = b"GIF89a" + struct.pack("<HHBBB", 30, 20, 0x80, 0, 0) + bytes(6)
CONTROL = b"\x21\xf9\x04\0\0\0\0\0"
FRAME = b"\x2c" + struct.pack("<HHHHB", 0, 0, 30, 20, 0) + b"\x02" + b"\x03abc" + b"\0"
END = b"\x3b"


def refusal(content: bytes, caps: Caps | None = None) -> str:
    with pytest.raises(PhotoRefused) as refused:
        walk_gif(content, caps or Caps())
    return refused.value.code


def test_size_and_frames_are_read() -> None:
    found = walk_gif(HEADER + (CONTROL + FRAME) * 3 + END, Caps())
    assert (found.width_px, found.height_px, found.pages) == (30, 20, 3)
    assert found.is_animated


def test_one_frame_is_no_animation() -> None:
    assert not walk_gif(photo("gif"), Caps()).is_animated


def test_a_missing_trailer_does_not_matter() -> None:
    assert walk_gif(HEADER + FRAME, Caps()).pages == 1


def test_a_later_frame_that_is_cut_off_is_not_counted() -> None:
    assert walk_gif(HEADER + FRAME + FRAME[:-3], Caps()).pages == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(HEADER + FRAME[:-1], "photo.damaged", id="the first frame is cut off"),
        pytest.param(HEADER + FRAME[:5], "photo.damaged", id="cut off in the frame's header"),
        pytest.param(HEADER + CONTROL + END, "photo.damaged", id="no frame"),
        pytest.param(HEADER[:9], "photo.damaged", id="cut off in the header"),
        pytest.param(HEADER + FRAME * 201 + END, "photo.pages", id="201 frames"),
        pytest.param(
            HEADER + FRAME[:11] + b"\x01x" * (BLOCKS_MAX + 1), "photo.chunks", id="tiny blocks"
        ),
    ],
)
def test_a_broken_or_endless_file_is_refused(content: bytes, code: str) -> None:
    assert refusal(content) == code
