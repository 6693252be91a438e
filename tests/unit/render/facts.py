"""Facts of photos that exist only as facts, and plans of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cache_keys.presets import Look
from origin.render.plan import Plan, plan
from origin.values import Photo, ProfileStatus

PHOTO = Photo(
    format="jpeg",
    width_px=4032,
    height_px=3024,
    orientation=1,
    pages=1,
    bands=3,
    bits=8,
    space="srgb",
    has_alpha=False,
    profile_status=ProfileStatus.ASSUMED,
    profile_name=None,
)
CUTOUT = replace(PHOTO, format="png", width_px=64, height_px=48, bands=4, has_alpha=True)


def plan_of(photo: Photo = PHOTO, ext: str = "png", **look: Any) -> Plan:
    """Return the plan of a look, 64 px wide where nothing else is said."""
    return plan(photo, Look(ext, **({"w": 64} | look)))
