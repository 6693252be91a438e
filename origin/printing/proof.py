"""Soft proof: how the print will look, on a display.

The picture goes to the press space at 16 bit (the product's intent and black point compensation)
and from there to sRGB **without** black point compensation, relative or, to show the paper's own
white, absolute. This equals LittleCMS' proofing transform.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from origin.decode.libvips import pyvips
from origin.printing.colour import (
    DEEP,
    EIGHT,
    Colouring,
    Way,
    converted,
    to_depth,
    to_output,
    transformed,
)
from origin.printing.elements import drawn
from origin.printing.input_profile import RGB_ASSUMED
from origin.printing.page import developed
from origin.printing.profiles import Profile, Profiles
from origin.render.canvas import lay
from origin.render.drawing import draw_watermark
from origin.render.pipeline import Clock
from origin.render.plan import Plan

ALARM_DELTA_E2000: Final = 2.0
"""A round trip that moves a colour by more than this left the press's gamut."""
FULL: Final = 255


def proofed(
    plan: Plan,
    source: Path,
    how: Colouring,
    profiles: Profiles,
    clock: Clock,
    *,
    shows_paper: bool,
) -> pyvips.Image:
    """Return a soft proof before it is encoded: uint8 sRGB, in memory. Runs in a worker.

    plan: of ``plan_proof``, whose elements are drawn in the press space, as in a print.
    """
    image = developed(plan, source, clock)
    image = drawn(to_press(image, how, profiles), plan.elements)
    image = to_display(image, profiles.by_name(how.colour.profile), shows_paper=shows_paper)
    for step in (lay, draw_watermark):
        image = step(image, plan)
    image = image.copy_memory()
    clock.note("develop")
    return image


def to_press(image: pyvips.Image, how: Colouring, profiles: Profiles) -> pyvips.Image:
    """Return px of the source's space in the product's, uint16, profile attached."""
    return to_output(image, how, profiles, depth=DEEP)


def to_display(
    image: pyvips.Image, profile: Profile, *, shows_paper: bool, depth: int = EIGHT
) -> pyvips.Image:
    """Return px of the product's space (8 or 16 bit) as sRGB of 8 or 16 bit, as they will look.

    shows_paper: absolute colorimetric, so that white is the paper's. A product in sRGB looks as its
    numbers say.
    """
    if profile.name == RGB_ASSUMED:
        return to_depth(image, depth)
    way = Way(
        profile,
        Profiles().by_name(RGB_ASSUMED),
        "absolute" if shows_paper else "relative",
        has_bpc=False,
    )
    return to_depth(converted(image, way, depth=DEEP), depth)


def gamut_share(image: pyvips.Image, how: Colouring, profiles: Profiles) -> float:
    """Return the share, 0..1, of px that cannot be printed. image: as for ``gamut_alarm``."""
    return float(gamut_alarm(image, how, profiles).avg()) / FULL


def gamut_alarm(image: pyvips.Image, how: Colouring, profiles: Profiles) -> pyvips.Image:
    """Return a mask, 255 where a colour cannot be printed: ΔE00 of the round trip is over 2.

    image: px in the source's own space. Relative colorimetric without black point compensation
    both ways: what is asked is what the press can reach, not how it is mapped.
    """
    profile = profiles.by_name(how.colour.profile)
    plain = replace(how, colour=replace(how.colour, intent="relative", has_bpc=False))
    wanted = transformed(image, plain, profiles.by_name("prophoto"), profiles, depth=DEEP)
    reached = transformed(image, plain, profile, profiles, depth=DEEP)
    return (_lab(wanted).dE00(_lab(reached)) > ALARM_DELTA_E2000).copy(interpretation="b-w")


def _lab(image: pyvips.Image) -> pyvips.Image:
    return image.icc_import(embedded=True, intent="relative", pcs="lab")
