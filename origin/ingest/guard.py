"""The decode guard: the list of what a photo must pass, in order, before and after its pixels."""

from __future__ import annotations

from pathlib import Path

from origin.decode.header import Header, read_header
from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused, open_source
from origin.decode.upright import SIDEWAYS
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.capture import read_capture
from origin.ingest.inspection import Inspection
from origin.ingest.layout import Layout
from origin.ingest.profile import Profile, judge
from origin.ingest.walk import walk
from origin.ingest.warnings import warnings_for
from origin.values import Photo

SAME_SIDES = frozenset({"jpeg", "png", "webp", "tiff"})
"""Formats whose walk and decoder must agree on the sides. A GIF's first frame may be larger than
its canvas, a HEIF picture may be cropped and turned."""


def guard(path: Path, caps: Caps) -> Inspection:
    """Judge a photo without decoding a pixel: kind, markers, caps, header, profile.

    Raises PhotoRefused with the first code that applies. A photo that passes may still be damaged:
    whoever reads its pixels next (decode_fully, or the making of masters) finds out.
    """
    refuse_large(path, caps)
    layout = walk(path, caps)
    refuse_beyond_caps(layout, caps)
    header = read_header(path, layout.format)
    refuse_unlike(layout, header, caps)
    assert header.space is not None
    profile = judge(header.profile, header.space)
    return Inspection(
        photo=_photo(layout, header, profile),
        warnings=warnings_for(layout, header, profile),
        capture=read_capture(layout.exif),
    )


def decode_fully(path: Path, photo: Photo) -> None:
    """Decode every pixel of the main image to nothing, a few rows at a time.

    Raises PhotoRefused ("photo.damaged", "photo.decode_bytes").
    """
    image = open_source(path, photo.format)
    nowhere = pyvips.TargetCustom()  # a worker can open no file for writing
    nowhere.on_write(len)
    with damage_refused():
        image.rawsave_target(nowhere)


def inspect(path: Path, caps: Caps) -> Inspection:
    """Judge a photo with its pixels; raises PhotoRefused."""
    inspection = guard(path, caps)
    decode_fully(path, inspection.photo)
    return inspection


def refuse_large(path: Path, caps: Caps) -> None:
    """Refuse a file over the upload limit (a streamed upload was stopped there already)."""
    size_bytes = path.stat().st_size
    if size_bytes > caps.upload_bytes:
        raise PhotoRefused("photo.too_large", log=f"{size_bytes} bytes")


def refuse_beyond_caps(layout: Layout, caps: Caps) -> None:
    """Refuse declared sides, pixels, pages, channels or decoder memory beyond the caps."""
    sides = layout.width_px, layout.height_px
    asked = (
        ("photo.side", max(sides), caps.side_px),
        ("photo.pixels", sides[0] * sides[1], caps.pixels),
        ("photo.pages", layout.pages, caps.pages),
        ("photo.bands", layout.bands, caps.bands),
        ("photo.decode_bytes", layout.decode_bytes, caps.decode_bytes),
    )
    for code, value, most in asked:
        if value > most:
            raise PhotoRefused(code, log=f"{value} is over {most} ({sides[0]}x{sides[1]})")


def refuse_unlike(layout: Layout, header: Header, caps: Caps) -> None:
    """Refuse a header that the decoder reads otherwise than the walk did, or beyond the caps."""
    sides = header.width_px, header.height_px
    if layout.format in SAME_SIDES and sides != (layout.width_px, layout.height_px):
        raise PhotoRefused(
            "photo.damaged", log=f"walked {layout.width_px}x{layout.height_px}, opened {sides}"
        )
    asked = (
        ("photo.side", max(sides), caps.side_px),
        ("photo.pixels", sides[0] * sides[1], caps.pixels),
        ("photo.bands", header.bands, caps.bands),
    )
    for code, value, most in asked:
        if value > most:
            raise PhotoRefused(code, log=f"opened: {value} is over {most}")
    if header.space is None:
        raise PhotoRefused("photo.format", log="no colour space that we know")
    if header.profile and len(header.profile) > caps.profile_bytes:
        raise PhotoRefused("photo.profile_size", log=f"{len(header.profile)} bytes")


def _photo(layout: Layout, header: Header, profile: Profile) -> Photo:
    is_sideways = header.orientation in SIDEWAYS
    return Photo(
        format=layout.format,
        width_px=header.height_px if is_sideways else header.width_px,
        height_px=header.width_px if is_sideways else header.height_px,
        orientation=header.orientation,
        pages=layout.pages,
        bands=header.bands,
        bits=header.bits,
        space=header.space or "",
        has_alpha=header.has_alpha,
        profile_status=profile.status,
        profile_name=profile.name,
        is_progressive=layout.is_progressive,
    )
