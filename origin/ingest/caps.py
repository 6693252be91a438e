"""The limits of the decode guard: one frozen value, passed down from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MB: Final = 1_000_000
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Caps:
    """What a photo may ask of us. Each default has its reason; docs/intake.md explains them."""

    upload_bytes: int = 100 * MB
    """A 50 MP camera JPEG is 20 to 40 MB; more than 100 MB is no upload of a web shop."""
    pixels: int = 250_000_000
    """Phones write 200 MP; a 378-byte JPEG that claims 4,290 MP costs 14.5 CPU s and succeeds."""
    side_px: int = 65_500
    """libjpeg's limit, and the VIPS_MAX_COORD of decode/libvips.py."""
    pages: int = 200
    """Pages, frames or images in one file; previews use the first."""
    bands: int = 5
    """CMYK and alpha."""
    decode_bytes: int = 512 * MB
    """What the decoder itself must hold: interlaced PNG, progressive JPEG, WebP and AVIF keep the
    whole frame (a 656 kB interlaced PNG needs 684 MB)."""
    profile_bytes: int = 4 * MIB
    """Press profiles are 0.5 to 3 MB."""
    metadata_bytes: int = 4 * MIB
    """Text and profiles after inflating; a 261 kB zTXt inflates to 256 MB."""
    chunks: int = 5_000
    """PNG chunks, JPEG segments, boxes, directory entries: each costs the decoder a call."""
    scans: int = 100
    """Scans of one JPEG; encoders write 10 to 20, and each one passes over all pixels."""
