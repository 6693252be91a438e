"""Renders a photo in a test by the renderer's own functions: masters, plan, picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.render.master import make_levels, make_masters
from origin.render.passes import passes_of
from origin.render.pipeline import Clock, finished, render_file
from origin.render.plan import Plan, plan
from origin.values import Masters, Photo, Rendered

Pixels = NDArray[np.uint8]


@dataclass
class Kept:
    """A stored photo: its file, its facts and, once they are needed, its masters."""

    path: Path
    focus: tuple[int, int] | None = None

    @cached_property
    def photo(self) -> Photo:
        """Return its facts, as intake finds them."""
        return guard(self.path, Caps()).photo

    @cached_property
    def masters(self) -> Masters:
        """Return its masters of all passes."""
        first, *later = passes_of(self.photo)
        masters = make_masters(self.path, self.photo)
        assert tuple(masters.levels) == first
        for levels in later:
            masters.levels.update(make_levels(self.path, self.photo, levels))
        return masters

    def plan(self, look: Look) -> Plan:
        """Return the plan of a look."""
        return plan(self.photo, look, self.focus)

    def raster(self, how: Plan) -> bytes | Path:
        """Return what the plan is made from."""
        return self.path if how.level is None else self.masters.levels[how.level]

    def render(self, look: Look) -> Rendered:
        """Return the encoded picture."""
        how = self.plan(look)
        return render_file(how, self.raster(how), None)

    def pixels(self, look: Look) -> Pixels:
        """Return the picture before it is encoded."""
        how = self.plan(look)
        return np.asarray(finished(how, self.raster(how), Clock()).numpy())


def write_png(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    """Write pixels as PNG, untagged: (h, w, 1..4) uint8 or uint16."""
    spaces = {1: "b-w", 2: "b-w", 3: "srgb", 4: "srgb"}
    deep = {1: "grey16", 2: "grey16", 3: "rgb16", 4: "rgb16"}
    names = deep if pixels.dtype == np.uint16 else spaces
    pyvips.Image.new_from_array(pixels, interpretation=names[pixels.shape[2]]).pngsave(
        str(path), keep=0
    )
    return path
