"""The preflight of one print: the literal list of checks, in a worker."""

from __future__ import annotations

from pathlib import Path

import cv2

from origin.decode.libvips import pyvips
from origin.errors import RenderFailed
from origin.printing.input_profile import check_profile
from origin.printing.preflight.banding import check_banding
from origin.printing.preflight.blur import check_blur
from origin.printing.preflight.clipping import check_clipping
from origin.printing.preflight.crop import check_aspect, check_crop
from origin.printing.preflight.dpi import check_dpi
from origin.printing.preflight.exposure import check_exposure
from origin.printing.preflight.gamut import check_gamut
from origin.printing.preflight.halo import check_halo
from origin.printing.preflight.ink import check_ink
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.preflight.seen import look_at
from origin.printing.preflight.transparency import check_transparency
from origin.printing.profiles import Profiles
from origin.printing.recipe import Recipe
from origin.printing.values import Check

LIMITS = PreflightLimits()


def preflight(
    recipe: Recipe,
    source: Path,
    profiles: Profiles,
    limits: PreflightLimits = LIMITS,
    dpi_floor: int = 0,
) -> tuple[Check, ...]:
    """Return every check of a print, those that are well too. Runs in a worker.

    dpi_floor: the product's, for prints whose recipe was made without refusing few px.
    Raises PhotoRefused, StoreUnavailable, DesignError for a source that cannot be read so,
    RenderFailed.
    """
    cv2.setNumThreads(1)  # one worker, one core, as libvips is told
    try:
        seen = look_at(recipe, source, profiles, limits)
        return (
            check_dpi(seen, dpi_floor),
            check_crop(seen),
            check_aspect(seen),
            check_blur(seen),
            check_halo(seen),
            check_exposure(seen),
            check_clipping(seen),
            check_banding(seen),
            check_gamut(seen),
            *check_ink(seen),
            check_transparency(seen),
            check_profile(recipe),
        )
    except pyvips.Error as error:
        raise RenderFailed("render.failed", log=" ".join(str(error).split())[:500]) from error
