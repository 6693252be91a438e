"""What a worker runs for one photo, and what it warms before the first."""

from __future__ import annotations

import ctypes
import resource
import sys
from pathlib import Path
from typing import Final

from origin.ingest.caps import Caps
from origin.ingest.inspection import Inspection

RESIDENT_GROWTH_KEPT: Final = 32 << 20
"""Bytes above what was left the last time. A pass over a 12 MP JPEG takes 25 MB (measured)."""


def resident_bytes() -> int:
    """Return what this process holds of the machine's memory (proc(5), statm). Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def inspect_and_release(path: Path, caps: Caps) -> Inspection:
    """Judge a photo with its pixels and give the memory back, so that the next starts level."""
    from origin.ingest.guard import inspect  # only workers load the decoders

    try:
        return inspect(path, caps)
    finally:
        release_memory()


class _Level:
    """What the process held after memory was last given back."""

    resident_bytes = 0


def release_memory() -> None:
    """Return freed memory to the kernel where the C library can, once there is much of it.

    Taking the same pages again for the next photo costs 25 ms for 12 MP (measured).
    """
    if sys.platform != "linux" or resident_bytes() < _Level.resident_bytes + RESIDENT_GROWTH_KEPT:
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    _Level.resident_bytes = resident_bytes()


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
