"""What the encoder alone costs: the part of a picture that our settings make equal for everyone."""

from __future__ import annotations

from time import process_time

from benchmarks.photos import Original
from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.render.encode import encode
from origin.render.plan import plan

TIMES = 5


def encoder_ms(original: Original, width_px: int, ext: str) -> float:
    """Return the least CPU ms of a few encodings of a reduced photo, in this process, alone."""
    picture = pyvips.Image.thumbnail(str(original.path), width_px).copy_memory()
    how = plan(guard(original.path, Caps()).photo, Look(w=width_px, ext=ext))
    found = []
    for _ in range(TIMES):
        began_s = process_time()
        encode(picture, how)
        found.append(process_time() - began_s)
    return 1_000 * min(found)
