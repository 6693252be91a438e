"""What a worker runs for one photo, and what it warms before the first."""

from __future__ import annotations

from pathlib import Path

from origin.decode.heap import release_memory
from origin.ingest.caps import Caps
from origin.ingest.inspection import Inspection


def inspect_and_release(path: Path, caps: Caps) -> Inspection:
    """Judge a photo with its pixels and give the memory back, so that the next starts level."""
    from origin.ingest.guard import inspect  # only workers load the decoders

    try:
        return inspect(path, caps)
    finally:
        release_memory()


def warm_intake() -> None:
    """Load every decoder and colour engine, so that no photo pays for it."""
    from PIL import ImageCms

    from origin.decode.libvips import pyvips
    from origin.ingest.profile import judge

    pixels = pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb")
    for suffix in (".jpg", ".png", ".webp", ".gif", ".tif"):
        pixels.write_to_buffer(suffix)
    judge(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), "srgb")
    release_memory()
