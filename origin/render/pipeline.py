"""A picture's way from raster to bytes: the literal lists of its steps.

EXACT maps a part of the raster by one affine; FAST resizes a whole photo. FINISH is the same for
both. libvips is lazy: decoding and sampling happen in ``develop``, when the px are first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

from origin.decode.libvips import pyvips
from origin.errors import RenderFailed
from origin.render.alpha import flatten, premultiply, unpremultiply
from origin.render.canvas import lay
from origin.render.colour import to_srgb
from origin.render.depth import to_plain_depth
from origin.render.drawing import draw_design, draw_watermark
from origin.render.encode import encode
from origin.render.opening import open_raster, read_window, verify_source
from origin.render.plan import Plan
from origin.render.resample import average, resize, stand_upright, transform, turn
from origin.values import Rendered

Step = Callable[[pyvips.Image, Plan], pyvips.Image]


class Clock:
    """Notes how long each step took, in milliseconds, by its name."""

    def __init__(self) -> None:
        """Start."""
        self.steps_ms: dict[str, float] = {}
        self._at = perf_counter()

    def note(self, name: str) -> None:
        """Charge the time since the last note to ``name``."""
        now = perf_counter()
        self.steps_ms[name] = round((now - self._at) * 1000, 3)
        self._at = now


def develop(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Make the px: everything before this step was only said."""
    del plan
    return image.copy_memory()


EXACT: Final[tuple[Step, ...]] = (
    read_window,
    stand_upright,
    to_plain_depth,
    premultiply,
    transform,
    average,
)
FAST: Final[tuple[Step, ...]] = (to_plain_depth, premultiply, resize, stand_upright, turn)
FINISH: Final[tuple[Step, ...]] = (
    unpremultiply,
    to_srgb,
    flatten,
    develop,
    draw_design,
    lay,
    draw_watermark,
)


def render_file(plan: Plan, raster: bytes | Path, source_digest: str | None) -> Rendered:
    """Make one picture. Runs in a worker.

    raster: the level's bytes, or the source's path where ``plan.level`` is None. source_digest:
    BLAKE3-256 of the source, hex, checked when it is read; None skips the check.
    Raises StoreUnavailable "store.damaged"; RenderFailed "render.failed"; PhotoRefused.
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


def finished(plan: Plan, raster: bytes | Path, clock: Clock) -> pyvips.Image:
    """Return the picture before it is encoded: uint8 sRGB, or RGBA."""
    image = open_raster(plan, raster)
    clock.note("open")
    for step in (*(FAST if plan.sampling is None else EXACT), *FINISH):
        image = step(image, plan)
        clock.note(step.__name__)
    return image
