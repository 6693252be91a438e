"""Walks the directories of a TIFF file (TIFF 6.0): pages, shape, raw files in disguise."""

from __future__ import annotations

from typing import Final

from origin.decode.view import View, damaged
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.ifd import Directory, Reader, reader_of
from origin.ingest.layout import Layout
from origin.ingest.magic import RAW

SUBFILE, WIDTH, LENGTH, BITS, PHOTOMETRIC = 254, 256, 257, 258, 262
SAMPLES, ROWS_PER_STRIP, TILE_WIDTH, TILE_LENGTH, SUB_DIRECTORIES = 277, 278, 322, 323, 330
PROFILE, DNG_VERSION = 34675, 50706
REDUCED: Final = 1
RAW_PHOTOMETRIC: Final = frozenset({32803, 34892})
"""Colour filter array and linear raw (TIFF/EP, DNG)."""
PALETTE: Final = 3
EXIF_BYTES_MAX: Final = 1 << 20
"""How far into the file its own directories are searched for capture data."""


def walk_tiff(view: View, caps: Caps) -> Layout:
    """Count the pages and read the shape of the first.

    Raises PhotoRefused ("photo.damaged", "photo.format", "photo.pages", "photo.profile_size").
    """
    reader = reader_of(view)
    page = reader.directory(reader.first_at, caps.chunks)
    fields = page.entries
    if _is_raw(reader, page):
        raise PhotoRefused("photo.format", RAW, log="a raw file in a TIFF")
    profile = fields.get(PROFILE)
    if profile and profile.size_bytes > caps.profile_bytes:
        raise PhotoRefused("photo.profile_size", log=f"{profile.size_bytes} bytes")
    width_px, height_px = reader.whole(fields.get(WIDTH)), reader.whole(fields.get(LENGTH))
    if not width_px or not height_px:
        damaged(f"sides {width_px}x{height_px}")
    bands, bits = reader.whole(fields.get(SAMPLES), 1), reader.whole(fields.get(BITS), 1)
    if reader.whole(fields.get(PHOTOMETRIC)) == PALETTE and bands == 1:
        bands = 3
    return Layout(
        format="tiff",
        width_px=width_px,
        height_px=height_px,
        bands=bands,
        bits=bits,
        decode_bytes=_held_rows(reader, page, width_px, height_px) * bands * max(1, bits // 8),
        pages=_pages(reader, page, caps),
        profile_bytes=profile.size_bytes if profile else 0,
        exif=b"" if reader.is_big else view[:EXIF_BYTES_MAX],
    )


def _is_raw(reader: Reader, page: Directory) -> bool:
    """Say whether page 0 is a raw file's preview: opening it would print a thumbnail."""
    fields = page.entries
    return (
        DNG_VERSION in fields
        or reader.whole(fields.get(PHOTOMETRIC)) in RAW_PHOTOMETRIC
        or (bool(reader.whole(fields.get(SUBFILE)) & REDUCED) and SUB_DIRECTORIES in fields)
    )


def _held_rows(reader: Reader, page: Directory, width_px: int, height_px: int) -> int:
    """Return how many pixels libtiff holds at once: a strip, or a row of tiles."""
    tile_height = reader.whole(page.entries.get(TILE_LENGTH))
    if tile_height:
        tile_width = reader.whole(page.entries.get(TILE_WIDTH), 1)
        across = -(-width_px // max(1, tile_width)) * tile_width
        return across * tile_height
    rows = reader.whole(page.entries.get(ROWS_PER_STRIP), height_px)
    return width_px * min(rows, height_px)


def _pages(reader: Reader, page: Directory, caps: Caps) -> int:
    """Count the directories of the chain; a chain that returns to itself ends there."""
    seen = {reader.first_at}
    at = page.next_at
    while at and at not in seen:
        seen.add(at)
        if len(seen) > caps.pages:
            raise PhotoRefused("photo.pages", log=f"more than {caps.pages} pages")
        at = reader.next_after(at)
    return len(seen)
