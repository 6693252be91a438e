"""Reads the boxes of an AVIF or HEIC file and names its coding."""

from __future__ import annotations

from typing import Final

from origin.decode.isobmff import HDR_TRANSFERS, read_heif
from origin.decode.view import View
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.layout import Layout
from origin.ingest.magic import EXPORT

PLANES_AND_PIXELS: Final = 2
"""The decoder's planes and the interleaved picture stand in memory together."""


def walk_heif(view: View, caps: Caps) -> Layout:
    """Read what the boxes say of the main picture.

    Raises PhotoRefused ("photo.damaged", "photo.format", "photo.profile_size").
    """
    heif = read_heif(view)
    if heif.coding is None:
        raise PhotoRefused(
            "photo.format",
            f"This HEIF picture has a coding that is not read (HEVC and AV1 are): {EXPORT}",
            log=f"coded as {heif.item_type!r}",
        )
    if heif.profile_bytes > caps.profile_bytes:
        raise PhotoRefused("photo.profile_size", log=f"{heif.profile_bytes} bytes")
    bands = 3 + heif.has_alpha
    sample_bytes = 2 if heif.bits > 8 else 1
    return Layout(
        format=heif.coding,
        width_px=heif.width_px,
        height_px=heif.height_px,
        bands=bands,
        bits=heif.bits,
        decode_bytes=heif.width_px * heif.height_px * bands * sample_bytes * PLANES_AND_PIXELS,
        pages=heif.images,
        is_animated=heif.is_sequence,
        is_hdr=heif.nclx is not None and heif.nclx.transfer in HDR_TRANSFERS,
        has_gain_map=heif.has_gain_map,
        profile_bytes=heif.profile_bytes,
        exif=heif.exif,
    )
