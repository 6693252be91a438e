"""The photo as the checks see it: the px that will be printed, at the scale of the paper."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused
from origin.printing.bleed import place
from origin.printing.colour import DEEP, EIGHT, as_srgb, colouring_of, to_depth
from origin.printing.paper import lay_on_paper
from origin.printing.plan import effective_dpi, plan_page
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.profiles import Profiles
from origin.printing.recipe import Recipe
from origin.render.alpha import premultiply
from origin.render.depth import LAB, to_plain_depth
from origin.render.geometry import px_from_um
from origin.render.opening import open_raster, read_window
from origin.render.plan import Plan
from origin.render.resample import resized, stand_upright

Pixels = NDArray[np.uint8]
Grey = NDArray[np.float32]
Counts = NDArray[np.int64]

SCALE: Final = 2 / 3
"""Of the product's target: what people see at the distance that the target is meant for. At 300 dpi
that is 200 px per inch, 1.7 minutes of arc at 25 cm."""
DPI_MIN: Final = 30
PIXELS_MAX: Final = 12_000_000
"""Enough for 50 x 70 cm at 133 px per inch; larger sheets are looked at more coarsely."""
SMALL_PX: Final = 360
"""Long edge of the picture that colour is judged on."""
LUMA: Final = (0.2126, 0.7152, 0.0722)
"""Rec. 709, on sRGB's own coded levels."""
ROWS: Final = 128
LEVELS: Final = 256


@dataclass(frozen=True)
class Seen:
    """One print before it is made. ``image``: the source's own space, no alpha, in memory."""

    recipe: Recipe
    source: Path
    profiles: Profiles
    limits: PreflightLimits
    plan: Plan
    image: pyvips.Image

    @cached_property
    def rgb(self) -> Pixels:
        """(h, w, 3) uint8 sRGB at print scale; 8 bit are converted at 8 bit."""
        depth = EIGHT if self.image.format == "uchar" else DEEP
        srgb = as_srgb(self.image, colouring_of(self.recipe), self.profiles, depth=depth)
        return np.asarray(to_depth(srgb, EIGHT).numpy())

    @cached_property
    def grey(self) -> Grey:
        """(h, w) float32 luma of ``rgb``, 0..255."""
        rows = self.rgb.shape[0]
        grey = np.empty(self.rgb.shape[:2], np.float32)
        for top in range(0, rows, ROWS):  # a few rows at a time stay in the processor's cache
            part = self.rgb[top : top + ROWS].astype(np.float32)
            grey[top : top + ROWS] = cv2.transform(part, np.array([LUMA], np.float32))
        return grey

    @cached_property
    def tones(self) -> Counts:
        """How many px have each level of ``grey``, rounded."""
        return level_counts(self.grey)

    @cached_property
    def small(self) -> pyvips.Image:
        """The same picture, at most SMALL_PX long, in the source's own space."""
        scale = SMALL_PX / max(self.image.width, self.image.height)
        return self.image.resize(min(1.0, scale)).copy_memory()

    @property
    def trim_um(self) -> tuple[int, int]:
        """The finished sheet, as it lies."""
        return self.recipe.trim_um

    def dpi_effective(self) -> float:
        """Return crop px per trim inch."""
        return float(effective_dpi(self.recipe.photo, self.recipe.look, self.trim_um))


def look_at(recipe: Recipe, source: Path, profiles: Profiles, limits: PreflightLimits) -> Seen:
    """Read the px that will be printed: the trim without bleed, at print scale.

    Photos with fewer px are seen at their own scale, so that only the check of dpi counts them.
    Raises what reading a source raises: PhotoRefused, StoreUnavailable, DesignError.
    """
    plan = plan_page(at_print_scale(recipe))
    with damage_refused():
        image = read_window(open_raster(plan, source), plan)
    for step in (stand_upright, to_plain_depth, premultiply):
        image = step(image, plan)
    flat = lay_on_paper(image, plan)
    if plan.view.pose.tilt_mdeg or flat.interpretation in LAB:
        placed = lay_on_paper(place(image, plan, recipe.bleed_fill), plan).copy_memory()
        return Seen(recipe, source, profiles, limits, plan, placed)
    return Seen(recipe, source, profiles, limits, plan, _reduced(_crop(flat, plan), plan))


def _reduced(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Return an upright crop at print scale: neither turned nor flipped, which no check sees.

    By the kernel that is nearest to the box of the exact affine: the checks' figures differ by a
    few percent (test_seen.py), at a tenth of its cost.
    """
    page = plan.view.width_px, plan.view.height_px
    across, down = page[::-1] if plan.view.pose.is_sideways else page
    return resized(image, (min(across, image.width), min(down, image.height))).copy_memory()


def level_counts(grey: Grey) -> Counts:
    """Return the histogram of 256 levels. grey: (h, w) float32, 0..255."""
    counts = np.zeros(LEVELS, np.int64)
    for top in range(0, len(grey), ROWS):
        levels = np.rint(grey[top : top + ROWS]).astype(np.uint8)
        counts += np.bincount(levels.ravel(), minlength=LEVELS)
    return counts


def _crop(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Return the px that the view looks at, to whole ones, of an upright window."""
    assert plan.sampling is not None
    view, window = plan.view, plan.sampling.window
    sides = view.scale[0] * view.width_px, view.scale[1] * view.height_px
    if view.pose.is_sideways:
        sides = sides[::-1]
    (left, across), (top, down) = (
        _part((view.centre[axis], sides[axis]), plan.shrink, (first, whole))
        for axis, (first, whole) in enumerate(
            ((window.left, image.width), (window.top, image.height))
        )
    )
    return image.crop(left, top, across, down)


def _part(crop: tuple[Fraction, Fraction], shrink: int, window: tuple[int, int]) -> tuple[int, int]:
    """Return where a crop begins in a window along one axis, and how many px of it there are.

    crop: its centre and its side, source px. window: its first px and its side, loaded px.
    """
    centre, side = crop
    first, whole = window
    begin = min(max(round((centre - side / 2) / shrink) - first, 0), whole - 1)
    return begin, min(max(1, round(side / shrink)), whole - begin)


def at_print_scale(recipe: Recipe) -> Recipe:
    """Return the recipe of the trimmed page at the scale that the checks see."""
    width, height = recipe.trim_um
    own = float(effective_dpi(recipe.photo, recipe.look, recipe.trim_um))
    inches_squared = width * height / 25_400**2
    most = math.sqrt(PIXELS_MAX / inches_squared)
    dpi = max(DPI_MIN, math.floor(min(recipe.dpi * SCALE, own, most)))
    sides = px_from_um(width, dpi), px_from_um(height, dpi)
    return replace(recipe, dpi=dpi, bleed_um=0, page_px=sides)
