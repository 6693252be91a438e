"""The sample set: which scene becomes which file, with what a camera would have written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edgeproof.samples.capture import Capture, Place
from edgeproof.samples.icc import DISPLAY_P3, SRGB, Primaries


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the set. Sides are upright px, before ``capture.orientation`` turns them away."""

    scene: str
    file: str
    width_px: int
    height_px: int
    profile: Primaries | None = None
    capture: Capture | None = None
    is_cmyk: bool = False


SAMPLES: Final = (
    Sample(
        "lake",
        "lake-at-dusk.jpg",
        4032,
        3024,
        SRGB,
        Capture("2026:09:18 19:42:07", 24, 8.0, (1, 30), 100, place=Place(47.5561, 12.9764, 604.0)),
    ),
    Sample(
        "dahlia",
        "dahlia.jpg",
        3000,
        4000,
        SRGB,
        Capture("2026:08:30 10:15:44", 90, 2.8, (1, 250), 200, orientation=6),
    ),
    Sample(
        "baubles",
        "baubles-display-p3.jpg",
        4200,
        2800,
        DISPLAY_P3,
        Capture("2026:12:06 17:03:20", 50, 1.8, (1, 60), 400),
    ),
    Sample(
        "dunes",
        "dunes-24mp.jpg",
        6000,
        4000,
        SRGB,
        Capture("2026:02:11 07:21:38", 35, 11.0, (1, 320), 100),
    ),
    Sample("city", "city-at-night.jpg", 4032, 3024),
    Sample("balloons", "balloons-cmyk.jpg", 4000, 3000, is_cmyk=True),
    Sample("sticker", "sticker.png", 2000, 2000, SRGB),
)
#: Two small photos in a second or two, for a quick look and for the tests of the page.
QUICK: Final = (
    Sample("lake", "lake-small.jpg", 1600, 1200, SRGB, SAMPLES[0].capture),
    Sample("dahlia", "dahlia-small.jpg", 1200, 1600, SRGB, SAMPLES[1].capture),
)
