"""What a container says of itself, read without inflating one pixel."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layout:
    """The declared shape of a photo. Sides are of the stored pixels, in px."""

    format: str  # jpeg png webp avif heic tiff gif
    width_px: int
    height_px: int
    bands: int
    decode_bytes: int  # what the decoder itself must hold at once, estimated
    pages: int = 1
    bits: int = 8  # per sample
    is_progressive: bool = False  # progressive or multi-scan JPEG, interlaced PNG
    is_animated: bool = False
    is_hdr: bool = False  # PQ or HLG
    has_gain_map: bool = False
    profile_bytes: int = 0
    exif: bytes = field(default=b"", repr=False)  # a TIFF structure, without "Exif\0\0"
