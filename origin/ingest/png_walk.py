"""Walks the chunks of a PNG file (W3C PNG 3) and measures what its metadata inflates to."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

from origin.decode.view import View, damaged, number
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.layout import Layout

BANDS: Final = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Channels by colour type; a palette comes out as RGB."""
WITHOUT_ALPHA: Final = frozenset({0, 2, 3})
INFLATED: Final = frozenset({b"zTXt", b"iTXt", b"iCCP"})
PIXELS: Final = frozenset({b"IDAT", b"fdAT"})
PIXEL_CHUNK_BYTES: Final = 4096
"""libpng writes chunks of 8,192 bytes, so a PNG of 24 MP has 6,000 of them."""
FIRST_CHUNK_AT: Final = 8
INPUT_STEP: Final = 65_536
"""Compressed bytes given to zlib at a time: bounds what one step can inflate (1:1032) to 64 MB,
and max_length stops it earlier."""


@dataclass(slots=True)
class _Seen:
    """What the walk has met so far."""

    header: tuple[int, int, int, int, int] | None = None  # width, height, bits, type, interlace
    chunks: int = 0
    pixel_chunks: int = 0
    inflated_bytes: int = 0
    profile_bytes: int = 0
    has_transparency: bool = False
    is_animated: bool = False
    frames: int = 0
    exif: bytes = field(default=b"", repr=False)


def walk_png(view: View, caps: Caps) -> Layout:
    """Read every chunk up to IEND; what follows it is ignored.

    Raises PhotoRefused ("photo.damaged", "photo.chunks", "photo.metadata", "photo.profile_size").
    """
    seen = _Seen()
    at = FIRST_CHUNK_AT
    while at + 8 <= len(view):
        length, kind = number(view, at, 4), view[at + 4 : at + 8]
        _count(kind, len(view), seen, caps)
        if kind == b"IEND":
            break
        _read_chunk(view, kind, at + 8, length, seen, caps)
        at += 12 + length
    if seen.header is None:
        damaged("no IHDR")
    width_px, height_px, bits, colour, interlace = seen.header
    if colour not in BANDS or not width_px or not height_px:
        damaged(f"IHDR says {width_px}x{height_px}, colour type {colour}")
    bands = BANDS[colour] + (seen.has_transparency and colour in WITHOUT_ALPHA)
    frame_bytes = width_px * height_px * bands * max(1, bits // 8)
    return Layout(
        format="png",
        width_px=width_px,
        height_px=height_px,
        bands=bands,
        bits=bits,
        pages=max(1, seen.frames),
        decode_bytes=frame_bytes if interlace else 0,
        is_progressive=bool(interlace),
        is_animated=seen.is_animated and seen.frames > 1,
        profile_bytes=seen.profile_bytes,
        exif=seen.exif,
    )


def _count(kind: bytes, size_bytes: int, seen: _Seen, caps: Caps) -> None:
    """Count a chunk: those of pixels may be many in a large file, but not tiny."""
    if kind in PIXELS:
        seen.pixel_chunks += 1
    else:
        seen.chunks += 1
    if seen.chunks > caps.chunks:
        raise PhotoRefused("photo.chunks", log=f"more than {caps.chunks} chunks")
    if seen.pixel_chunks > caps.chunks + size_bytes // PIXEL_CHUNK_BYTES:
        raise PhotoRefused("photo.chunks", log=f"{seen.pixel_chunks} chunks of pixels")


def _read_chunk(view: View, kind: bytes, start: int, length: int, seen: _Seen, caps: Caps) -> None:
    if seen.header is None and kind != b"IHDR":
        damaged(f"the first chunk is {kind!r}")
    match kind:
        case b"IHDR":
            fields = ((0, 4), (4, 4), (8, 1), (9, 1), (12, 1))
            width, height, bits, colour, interlace = (
                number(view, start + offset, size) for offset, size in fields
            )
            seen.header = (width, height, bits, colour, interlace)
        case b"tRNS":
            seen.has_transparency = True
        case b"acTL":
            seen.is_animated = True
        case b"fcTL":
            seen.frames += 1
        case b"eXIf":
            seen.exif = view[start : start + length]
        case _ if kind in INFLATED:
            _measure(view, kind, start, length, seen, caps)


def _measure(view: View, kind: bytes, start: int, length: int, seen: _Seen, caps: Caps) -> None:
    """Inflate a text or profile, keeping nothing, no further than what is left of the cap."""
    end = min(start + length, len(view))
    packed_at = _packed_at(view, kind, start, end)
    if packed_at is None:
        return
    left = caps.metadata_bytes - seen.inflated_bytes
    size = _inflated_size(view, packed_at, end, left + 1)
    seen.inflated_bytes += size
    if size > left:
        raise PhotoRefused(
            "photo.metadata", log=f"inflates past {caps.metadata_bytes} ({kind.decode()})"
        )
    if kind == b"iCCP":
        seen.profile_bytes = size
        if size > caps.profile_bytes:
            raise PhotoRefused("photo.profile_size", log=f"{size} bytes")


def _packed_at(view: View, kind: bytes, start: int, end: int) -> int | None:
    """Return where the zlib stream of a chunk begins, None when it has none."""
    keyword_end = view.find(b"\x00", start, end)
    if keyword_end < 0:
        return None
    if kind != b"iTXt":
        return keyword_end + 2
    if view[keyword_end + 1 : keyword_end + 2] != b"\x01":
        return None
    language_end = view.find(b"\x00", keyword_end + 3, end)
    translated_end = view.find(b"\x00", language_end + 1, end) if language_end >= 0 else -1
    return translated_end + 1 if translated_end >= 0 else None


def _inflated_size(view: View, at: int, end: int, stop: int) -> int:
    """Return how many bytes come out, at most ``stop``; of a broken stream, up to there."""
    inflate = zlib.decompressobj()
    size = 0
    while at < end and not inflate.eof and size < stop:
        pending = view[at : min(at + INPUT_STEP, end)]
        at += len(pending)
        while pending and size < stop:
            try:
                size += len(inflate.decompress(pending, min(stop - size, 1 << 20)))
            except zlib.error:
                return size
            pending = inflate.unconsumed_tail
    return size
