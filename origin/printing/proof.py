"""Soft proof: how the print will look, on a display.

The page's px go to the press space at 16 bit (the product's intent and black point compensation)
and from there to sRGB **without** black point compensation, relative or, to show the paper's own
white, absolute. This equals LittleCMS' proofing transform.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from origin.decode.libvips import pyvips
from origin.printing.colour import DEEP, Colouring, to_output, transformed
from origin.printing.profiles import Profile, Profiles

ALARM_DELTA_E2000: Final = 2.0
"""A round trip that moves a colour by more than this left the press's gamut."""


def to_press(image: pyvips.Image, how: Colouring, profiles: Profiles) -> pyvips.Image:
    """Return px of the source's space in the product's, uint16, profile attached."""
    return to_output(image, how, profiles, depth=DEEP)


def to_display(image: pyvips.Image, profile: Profile, *, shows_paper: bool) -> pyvips.Image:
    """Return px of the product's space (8 or 16 bit) as uint8 sRGB, as they will look.

    shows_paper: absolute colorimetric, so that white is the paper's.
    """
    return image.icc_transform(
        "srgb",
        input_profile=str(profile.path),
        intent="absolute" if shows_paper else "relative",
        black_point_compensation=False,
        depth=8,
    )


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
