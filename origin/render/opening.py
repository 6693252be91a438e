"""First step: opens the raster that a plan names, source or master, and reads what it needs."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Final

from blake3 import blake3

from origin.decode.libvips import pyvips
from origin.decode.open import open_source
from origin.decode.upright import SIDEWAYS
from origin.decode.view import viewed
from origin.errors import RenderFailed, StoreUnavailable
from origin.render.plan import Plan
from origin.render.recipe import stored_window
from origin.values import Pixels

Raster = bytes | Path | Pixels
"""A level's bytes, the source's path, or a level's pixels."""
BANDS: Final = 3


def verify_source(path: Path, source_digest: str) -> None:
    """Check that a stored source is still what was taken in.

    source_digest: BLAKE3-256 of its bytes, 64 hex characters.
    Raises StoreUnavailable "store.damaged" or, when it cannot be read, "store.unavailable".
    """
    try:
        with viewed(path) as content:
            found = blake3(content).hexdigest()
    except OSError as error:
        raise StoreUnavailable("store.unavailable", log=str(error)) from error
    if found != source_digest:
        raise StoreUnavailable("store.damaged", log=f"source is {found}, not {source_digest}")


def open_raster(plan: Plan, raster: Raster) -> pyvips.Image:
    """Open the raster lazily at the plan's shrink-on-load; rows come in order, once.

    A source has its stored orientation, bands, depth and profile; a master is upright 8-bit sRGB.
    """
    if isinstance(raster, Pixels):
        assert plan.level is not None
        assert plan.shrink == 1, "a decoder's own shrink gives other pixels"
        return mapped(raster)
    if isinstance(raster, Path):
        assert plan.level is None, plan.level
        return open_source(raster, plan.photo.format, shrink=plan.shrink)
    assert plan.level is not None
    return pyvips.Image.jpegload_buffer(
        raster, shrink=plan.shrink, access="sequential", fail_on="error"
    )


def mapped(pixels: Pixels) -> pyvips.Image:
    """Return a level that is decoded already, without copying it."""
    width, height = pixels.sides_px
    content = mmap.mmap(pixels.file, pixels.size_bytes, mmap.MAP_SHARED, mmap.PROT_READ)
    image = pyvips.Image.new_from_memory(memoryview(content), width, height, BANDS, "uchar")
    return image.copy(interpretation="srgb")


def decode_level(level: bytes, pixels: Pixels) -> None:
    """Write a level's px to where they are kept. Raises RenderFailed for a damaged level."""
    try:
        image = pyvips.Image.jpegload_buffer(level, access="sequential", fail_on="error")
        rest = memoryview(image.write_to_memory())
    except pyvips.Error as error:
        raise RenderFailed("render.failed", log=" ".join(str(error).split())[:500]) from error
    assert (image.width, image.height) == pixels.sides_px, "the level has other sides"
    at = 0
    while at < len(rest):
        at += os.pwrite(pixels.file, rest[at:], at)


def orientation_of(plan: Plan) -> int:
    """Return the EXIF orientation of the raster's pixels: masters are upright."""
    return plan.photo.orientation if plan.level is None else 1


def read_window(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Read into memory the part that the view looks at, still as it is stored.

    Rows below it are never decoded. Turns and tilts need its rows in any order.
    """
    assert plan.sampling is not None
    orientation = orientation_of(plan)
    upright_px = (image.width, image.height)
    if orientation in SIDEWAYS:
        upright_px = (image.height, image.width)
    part = stored_window(plan.sampling.window, orientation, upright_px)
    return image.crop(part.left, part.top, part.width, part.height).copy_memory()
