"""What workers run. The pixel code is imported there, inside each job, never in an HTTP process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from origin.ingest.caps import Caps
from origin.values import Masters, Photo, Pixels, Rendered

if TYPE_CHECKING:
    from origin.render.plan import Plan


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload that is a good photo. ``capture`` is private: it is kept and never served."""

    photo: Photo
    warnings: tuple[str, ...]
    capture: dict[str, str]
    masters: Masters


def load() -> None:
    """Import what every job needs but soft proofs; no pixel is touched and no thread begins."""
    import origin.ingest.guard
    import origin.render.engine
    import origin.render.focus
    import origin.render.master
    import origin.render.opening
    import origin.render.pipeline  # noqa: F401


def warm() -> None:
    """Run every decoder and colour engine once, so that no request pays for it."""
    from origin.ingest.job import warm_intake

    warm_intake()


def open_upload(path: Path, caps: Caps) -> Opened:
    """Guard an upload and make its masters, whose making decodes all of it.

    Raises PhotoRefused with one stable code.
    """
    from origin.decode.heap import release_memory
    from origin.ingest.guard import guard
    from origin.render.master import make_masters

    try:
        inspection = guard(path, caps)
        masters = make_masters(path, inspection.photo)
        return Opened(inspection.photo, inspection.warnings, dict(inspection.capture), masters)
    finally:
        release_memory()


def remake_masters(
    path: Path, photo: Photo, source_digest: str, levels: tuple[int, ...]
) -> dict[int, bytes]:
    """Make the levels of one pass over a photo that is ours.

    Raises StoreUnavailable "store.damaged".
    """
    from origin.decode.heap import release_memory
    from origin.render.master import make_levels
    from origin.render.opening import verify_source

    try:
        verify_source(path, source_digest)
        return make_levels(path, photo, levels)
    finally:
        release_memory()


def render(plan: Plan, raster: bytes | Path | Pixels, source_digest: str | None = None) -> Rendered:
    """Make one picture from a master's bytes or pixels, or from the source's path."""
    from origin.render.pipeline import render_file

    return render_file(plan, raster, source_digest)


def decode(level: bytes, pixels: Pixels) -> None:
    """Write a master's px where renders find them."""
    from origin.render.opening import decode_level

    decode_level(level, pixels)


def find_focus(raster: bytes, kind: str) -> tuple[int, int]:
    """Find the "smart" or "face" point of a master, in 1/100000; a face without a face is smart."""
    from origin.render.focus import find_focus as find

    return find(raster, kind)


def describe_engine() -> str:
    """Return the engine of this host."""
    from origin.render.engine import describe_engine as describe

    return describe()
