"""Walks the markers of a JPEG file (ITU-T T.81, annex B): frame, scans, profile, gain map."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from origin.decode.view import View, damaged, number
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.layout import Layout

SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SOF_READ: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive Huffman; libvips' libjpeg also reads arithmetic coding, which
no camera writes and browsers refuse."""
SOF_PROGRESSIVE: Final = 0xC2
SOI, EOI, SOS, APP1, APP2 = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2
ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length: TEM and the restarts."""

GAP_BYTES: Final = 65_536
"""How far the next marker may be: some cameras pad, but 100 MB of fill bytes cost 0.8 CPU s."""
MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""The next marker in entropy-coded data: not a stuffed FF 00, not a restart."""

ICC_HEAD: Final = b"ICC_PROFILE\x00"
EXIF_HEAD: Final = b"Exif\x00\x00"
GAIN_MAP_SIGNS: Final = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"HDRGainMap")
ISO_GAIN_MAP: Final = b"urn:iso:std:iso:ts:21496:-1\x00"
ICC_OVERHEAD: Final = 14
"""Signature, chunk number and count in front of each piece of a profile (ICC.1, annex B.4)."""


@dataclass(slots=True)
class _Seen:
    """What the walk has met so far."""

    frame: tuple[int, int, int, int, int] | None = None  # width, height, bands, bits, samples
    is_progressive: bool = False
    scans: int = 0
    segments: int = 0
    profile_bytes: int = 0
    has_gain_map: bool = False
    exif: bytes = field(default=b"", repr=False)


def walk_jpeg(view: View, caps: Caps) -> Layout:
    """Read every marker up to the end of the image; what follows it is ignored.

    Raises PhotoRefused ("photo.damaged", "photo.format", "photo.chunks", "photo.profile_size").
    """
    seen = _Seen()
    at: int | None = 2
    while at is not None:
        at = _step(view, at, seen, caps)
    if seen.frame is None:
        damaged("no frame before the end")
    width_px, height_px, bands, bits, samples = seen.frame
    if not width_px or not height_px:
        damaged("a side is 0 (DNL is not supported)")
    if not seen.scans:
        damaged("no scan")
    held = samples * 2 if seen.is_progressive or seen.scans > 1 else 0
    return Layout(
        format="jpeg",
        width_px=width_px,
        height_px=height_px,
        bands=bands,
        bits=bits,
        decode_bytes=held,
        is_progressive=seen.is_progressive or seen.scans > 1,
        has_gain_map=seen.has_gain_map,
        profile_bytes=seen.profile_bytes,
        exif=seen.exif,
    )


def _step(view: View, at: int, seen: _Seen, caps: Caps) -> int | None:
    """Read the marker at or after ``at``; return where to go on, or None at the end."""
    met = MARKER.search(view, at, at + GAP_BYTES)
    if met is None:
        return None  # the full decode judges whether pixels are missing
    at, marker = met.start(), number(view, met.start() + 1, 1)
    if marker == EOI:
        return None
    seen.segments += 1
    if seen.segments > caps.chunks:
        raise PhotoRefused("photo.chunks", log=f"more than {caps.chunks} segments")
    if marker in ALONE or marker == SOI:
        return at + 2
    length = number(view, at + 2, 2)
    if length < 2:
        damaged(f"segment of length {length}")
    start, end = at + 4, at + 2 + length
    if marker == SOS:
        seen.scans += 1
        if seen.scans > caps.scans:
            raise PhotoRefused("photo.chunks", log=f"more than {caps.scans} scans")
        found = AFTER_SCAN.search(view, end)
        return found.start() if found else None
    if marker in SOF:
        _read_frame(view, start, marker, seen)
    elif marker in (APP1, APP2):
        _read_application(view[start:end], seen, caps)
    return end


def _read_frame(view: View, start: int, marker: int, seen: _Seen) -> None:
    if marker not in SOF_READ:
        raise PhotoRefused(
            "photo.format",
            "This kind of JPEG (lossless, arithmetic or hierarchical) is not read: "
            "please export it as a baseline JPEG.",
            log=f"SOF{marker - 0xC0}",
        )
    if seen.frame is not None:
        damaged("two frames")
    bands = number(view, start + 5, 1)
    width_px, height_px = number(view, start + 3, 2), number(view, start + 1, 2)
    factors = [number(view, start + 7 + 3 * band, 1) for band in range(bands)]
    across = max((factor >> 4 for factor in factors), default=0)
    down = max((factor & 15 for factor in factors), default=0)
    if not across or not down:
        damaged("a sampling factor is 0")
    share = sum((factor >> 4) * (factor & 15) for factor in factors)
    samples = width_px * height_px * share // (across * down)
    seen.frame = (width_px, height_px, bands, number(view, start, 1), samples)
    seen.is_progressive = marker == SOF_PROGRESSIVE


def _read_application(segment: bytes, seen: _Seen, caps: Caps) -> None:
    if segment.startswith(ICC_HEAD):
        seen.profile_bytes += max(0, len(segment) - ICC_OVERHEAD)
        if seen.profile_bytes > caps.profile_bytes:
            raise PhotoRefused("photo.profile_size", log=f"over {caps.profile_bytes} bytes")
    elif segment.startswith(EXIF_HEAD) and not seen.exif:
        seen.exif = segment[len(EXIF_HEAD) :]
    elif segment.startswith(ISO_GAIN_MAP) or any(sign in segment for sign in GAIN_MAP_SIGNS):
        seen.has_gain_map = True
