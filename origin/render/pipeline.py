"""A picture's way from raster to bytes: the literal lists of its steps.

EXACT maps a part of the raster by one affine; FAST resizes a whole photo; both end in 8-bit sRGB.
libvips is lazy: most steps only say what to do, and it is done when px are asked for. So time is
taken per stage: verify, open (headers), develop (all the px up to here), draw, encode.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Final

from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused
from origin.errors import RenderFailed
from origin.render.alpha import flatten, premultiply, unpremultiply
from origin.render.canvas import lay
from origin.render.colour import to_srgb
from origin.render.depth import to_plain_depth
from origin.render.drawing import draw_design, draw_watermark
from origin.render.encode import encode
from origin.render.opening import (
    Raster,
    open_raster,
    read_window,
    verify_source,
)
from origin.render.plan import Plan
from origin.render.resample import average, resize, stand_upright, transform, turn
from origin.values import Pixels, Rendered

Step = Callable[[pyvips.Image, Plan], pyvips.Image]


class Clock:
    """Notes how long each stage took, in milliseconds, by its name."""

    def __init__(self) -> None:
        """Start."""
        self.steps_ms: dict[str, float] = {}
        self._at = perf_counter()

    def note(self, name: str) -> None:
        """Charge the time since the last note to ``name``."""
        now = perf_counter()
        self.steps_ms[name] = round((now - self._at) * 1000, 3)
        self._at = now


EXACT: Final[tuple[Step, ...]] = (
    read_window,
    stand_upright,
    to_plain_depth,
    premultiply,
    transform,
    average,
    unpremultiply,
    to_srgb,
    flatten,
)
FAST: Final[tuple[Step, ...]] = (
    to_plain_depth,
    premultiply,
    resize,
    stand_upright,
    turn,
    unpremultiply,
    to_srgb,
    flatten,
)
DRAW: Final[tuple[Step, ...]] = (draw_design, lay, draw_watermark)


def render_file(plan: Plan, raster: Raster, source_digest: str | None) -> Rendered:
    """Make one picture. Runs in a worker.

    raster: the level's bytes or pixels, or the source's path where ``plan.level`` is None.
    source_digest: BLAKE3-256 of the source, hex, checked when it is read; None skips the check.
    Raises StoreUnavailable ("store.damaged", "store.unavailable"), PhotoRefused ("photo.damaged",
    "photo.decode_bytes") about the source, RenderFailed "render.failed" about anything else.
    """
    clock = Clock()
    if isinstance(raster, Path) and source_digest is not None:
        verify_source(raster, source_digest)
        clock.note("verify")
    try:
        image = finished(plan, raster, clock)
        content = encode(image, plan)
        clock.note("encode")
    except pyvips.Error as error:
        raise RenderFailed("render.failed", log=" ".join(str(error).split())[:500]) from error
    return Rendered(content, image.width, image.height, clock.steps_ms)


def finished(plan: Plan, raster: Raster, clock: Clock) -> pyvips.Image:
    """Return the picture before it is encoded: uint8 sRGB, or RGBA."""
    image = developed(plan, raster, clock)
    for step in DRAW:
        image = step(image, plan)
    if plan.elements is not None or plan.watermark is not None:
        image = image.copy_memory()
        clock.note("draw")
    return image


def developed(plan: Plan, raster: Raster, clock: Clock) -> pyvips.Image:
    """Return the photo's px at their size, in memory: everything that reads the raster is done.

    Nothing of a decoded level can be found damaged, so where nothing is drawn on it the encoder
    asks for the px row by row: a copy less, and its time has both.
    """
    with damage_refused() if plan.level is None else nullcontext():
        image = open_raster(plan, raster)
        clock.note("open")
        for step in FAST if plan.sampling is None else EXACT:
            image = step(image, plan)
        is_drawn_on = plan.elements is not None or plan.watermark is not None
        if is_drawn_on or not isinstance(raster, Pixels):
            image = image.copy_memory()
    clock.note("develop")
    return image
