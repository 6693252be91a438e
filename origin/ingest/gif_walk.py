"""Walks the blocks of a GIF file (GIF89a specification): frames, and whether the first is whole."""

from __future__ import annotations

from typing import Final

from origin.decode.view import View, damaged, number
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.layout import Layout

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
TABLE_FLAG: Final = 0x80
HEADER_BYTES: Final = 13
IMAGE_HEADER_BYTES: Final = 10
BLOCKS_MAX: Final = 500_000
"""Data blocks in a file: 127 MB of full ones. Blocks of one byte would make the walk slow."""


def walk_gif(view: View, caps: Caps) -> Layout:
    """Count the frames and follow the first to its end; a later frame that is cut off is ignored.

    Raises PhotoRefused ("photo.damaged", "photo.pages", "photo.chunks").
    """
    width_px, height_px = number(view, 6, 2, "little"), number(view, 8, 2, "little")
    at = HEADER_BYTES + _table_bytes(number(view, 10, 1))
    blocks = _Blocks(view)
    frames = 0
    while at < len(view):
        kind = number(view, at, 1)
        if kind == IMAGE:
            end = _image_end(view, at, blocks)
            if end is None and not frames:
                damaged("the first frame is cut off")
            frames += end is not None
            if frames > caps.pages:
                raise PhotoRefused("photo.pages", log=f"more than {caps.pages} frames")
        elif kind == EXTENSION:
            end = blocks.end(at + 2)
        else:
            break  # the trailer, or bytes after the last frame
        if end is None:
            break
        at = end
    if not frames:
        damaged("no frame")
    return Layout(
        format="gif",
        width_px=width_px,
        height_px=height_px,
        bands=4,
        decode_bytes=width_px * height_px * 4,
        pages=frames,
        is_animated=frames > 1,
    )


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & TABLE_FLAG else 0


def _image_end(view: View, at: int, blocks: _Blocks) -> int | None:
    if at + IMAGE_HEADER_BYTES > len(view):
        return None
    table = _table_bytes(number(view, at + 9, 1))
    return blocks.end(at + IMAGE_HEADER_BYTES + table + 1)


class _Blocks:
    """Follows chains of data blocks and counts them over the whole file."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._left = BLOCKS_MAX

    def end(self, at: int) -> int | None:
        """Return where the chain at ``at`` ends, None when the file ends first."""
        view, size = self._view, len(self._view)
        while at < size:
            length = view[at]
            at += 1 + length
            self._left -= 1
            if self._left < 0:
                raise PhotoRefused("photo.chunks", log=f"more than {BLOCKS_MAX} data blocks")
            if not length:
                return at
        return None
