"""Walks the RIFF chunks of a WebP file (RFC 9649): canvas, frames, profile, Exif."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from origin.decode.view import View, damaged, number
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.layout import Layout

FIRST_CHUNK_AT: Final = 12
LOSSLESS_SIGNATURE: Final = 0x2F
ALPHA_FLAG, ANIMATION_FLAG = 0x10, 0x02
EXIF_HEAD: Final = b"Exif\x00\x00"


@dataclass(slots=True)
class _Seen:
    """What the walk has met so far."""

    size_px: tuple[int, int] | None = None
    has_alpha: bool = False
    has_canvas: bool = False
    is_animated: bool = False
    frames: int = 0
    chunks: int = 0
    profile_bytes: int = 0
    exif: bytes = field(default=b"", repr=False)


def walk_webp(view: View, caps: Caps) -> Layout:
    """Read every chunk inside the RIFF; what follows it is ignored.

    Raises PhotoRefused ("photo.damaged", "photo.chunks", "photo.profile_size").
    """
    end = 8 + number(view, 4, 4, "little")
    if end > len(view):
        damaged(f"the RIFF says {end} bytes, the file has {len(view)}")
    seen = _Seen()
    at = FIRST_CHUNK_AT
    while at + 8 <= end:
        length = number(view, at + 4, 4, "little")
        seen.chunks += 1
        if seen.chunks > caps.chunks:
            raise PhotoRefused("photo.chunks", log=f"more than {caps.chunks} chunks")
        _read_chunk(view, view[at : at + 4], at + 8, length, seen)
        at += 8 + length + (length & 1)
    if seen.size_px is None:
        damaged("no picture chunk")
    if seen.profile_bytes > caps.profile_bytes:
        raise PhotoRefused("photo.profile_size", log=f"{seen.profile_bytes} bytes")
    width_px, height_px = seen.size_px
    return Layout(
        format="webp",
        width_px=width_px,
        height_px=height_px,
        bands=3 + seen.has_alpha,
        decode_bytes=width_px * height_px * 4,
        pages=max(1, seen.frames),
        is_animated=seen.is_animated,
        profile_bytes=seen.profile_bytes,
        exif=seen.exif,
    )


def _read_chunk(view: View, kind: bytes, start: int, length: int, seen: _Seen) -> None:
    match kind:
        case b"VP8X":
            flags = number(view, start, 1)
            seen.has_canvas = True
            seen.has_alpha = bool(flags & ALPHA_FLAG)
            seen.is_animated = bool(flags & ANIMATION_FLAG)
            seen.size_px = (
                number(view, start + 4, 3, "little") + 1,
                number(view, start + 7, 3, "little") + 1,
            )
        case b"VP8 " if not seen.has_canvas:
            sides = number(view, start + 6, 4, "little")
            seen.size_px = sides & 0x3FFF, (sides >> 16) & 0x3FFF
        case b"VP8L" if not seen.has_canvas:
            _read_lossless(view, start, seen)
        case b"ANMF":
            seen.frames += 1
        case b"ICCP":
            seen.profile_bytes = length
        case b"EXIF":
            seen.exif = view[start : start + length].removeprefix(EXIF_HEAD)


def _read_lossless(view: View, start: int, seen: _Seen) -> None:
    if number(view, start, 1) != LOSSLESS_SIGNATURE:
        damaged("VP8L without its signature")
    packed = number(view, start + 1, 4, "little")
    seen.size_px = (packed & 0x3FFF) + 1, ((packed >> 14) & 0x3FFF) + 1
    seen.has_alpha = bool(packed >> 28 & 1)
