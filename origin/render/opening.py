"""First step: opens the raster that a plan names, source or master, and reads what it needs."""

from __future__ import annotations

from pathlib import Path

from blake3 import blake3

from origin.decode.libvips import pyvips
from origin.decode.open import open_source
from origin.decode.upright import SIDEWAYS
from origin.decode.view import viewed
from origin.errors import StoreUnavailable
from origin.render.plan import Plan
from origin.render.recipe import stored_window


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


def open_raster(plan: Plan, raster: bytes | Path) -> pyvips.Image:
    """Open the raster lazily at the plan's shrink-on-load; rows come in order, once.

    A source has its stored orientation, bands, depth and profile; a master is upright 8-bit sRGB.
    """
    if isinstance(raster, Path):
        assert plan.level is None, plan.level
        return open_source(raster, plan.photo.format, shrink=plan.shrink)
    assert plan.level is not None
    return pyvips.Image.jpegload_buffer(
        raster, shrink=plan.shrink, access="sequential", fail_on="error"
    )


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
