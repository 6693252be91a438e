"""The photo as the checks see it: the px that will be printed, at the scale of the paper."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from origin.decode.libvips import pyvips
from origin.printing.colour import as_srgb, colouring_of, to_depth
from origin.printing.page import developed
from origin.printing.plan import effective_dpi, plan_page
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.profiles import Profiles
from origin.printing.recipe import Recipe
from origin.render.geometry import px_from_um
from origin.render.pipeline import Clock
from origin.render.plan import Plan

Pixels = NDArray[np.uint8]

SCALE: Final = 2 / 3
"""Of the product's target: what people see at the distance that the target is meant for. At 300 dpi
that is 200 px per inch, 1.7 minutes of arc at 25 cm."""
DPI_MIN: Final = 30
PIXELS_MAX: Final = 12_000_000
"""Enough for 50 x 70 cm at 133 px per inch; larger sheets are looked at more coarsely."""
SMALL_PX: Final = 500
"""Long edge of the picture that colour is judged on."""
LUMA: Final = (0.2126, 0.7152, 0.0722)
"""Rec. 709, on sRGB's own coded levels."""


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
        """(h, w, 3) uint8 sRGB at print scale."""
        plain = to_depth(as_srgb(self.image, colouring_of(self.recipe), self.profiles), 8)
        return np.asarray(plain.numpy())

    @cached_property
    def grey(self) -> NDArray[np.float32]:
        """(h, w) float32 luma of ``rgb``, 0..255."""
        return np.asarray(cv2.transform(self.rgb.astype(np.float32), np.array([LUMA], np.float32)))

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
    image = developed(plan, source, Clock()).copy_memory()
    return Seen(recipe, source, profiles, limits, plan, image)


def at_print_scale(recipe: Recipe) -> Recipe:
    """Return the recipe of the trimmed page at the scale that the checks see."""
    width, height = recipe.trim_um
    own = float(effective_dpi(recipe.photo, recipe.look, recipe.trim_um))
    inches_squared = width * height / 25_400**2
    most = math.sqrt(PIXELS_MAX / inches_squared)
    dpi = max(DPI_MIN, math.floor(min(recipe.dpi * SCALE, own, most)))
    sides = px_from_um(width, dpi), px_from_um(height, dpi)
    return replace(recipe, dpi=dpi, bleed_um=0, page_px=sides)
