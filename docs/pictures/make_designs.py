"""Draws docs/pictures/designs.webp: ``.venv/bin/python docs/pictures/make_designs.py``."""  # noqa: INP001 - a script, no package

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

from cache_keys.design import read_design
from edgeproof.samples import balloons
from edgeproof.samples.canvas import Film, develop
from origin.decode.libvips import pyvips
from origin.render.elements import apply_elements
from origin.render.fonts import check_caption

SIDES_PX = (168, 112)
SHEET_MM = (150, 100)
DESIGNS: list[dict[str, object]] = [
    {"frame": {"style": "plain"}},
    {"frame": {"style": "double"}},
    {"frame": {"style": "mat"}},
    {"frame": {"style": "line"}},
    {"frame": {"style": "rounded"}},
    {
        "frame": {"style": "polaroid"},
        "caption": {
            "text": "Morning flight, 2026",
            "font": "noto-serif",
            "size_mm": 7,
            "place": "frame",
        },
    },
    {"filters": {"grey": 1000, "contrast": 150}},
    {"filters": {"sepia": 800}},
    {
        "filters": {"saturation": 250},
        "caption": {
            "text": "two lines,\nto the left",
            "size_mm": 9,
            "colour": "ffffff",
            "align": "left",
        },
    },
]


def draw(photo: pyvips.Image, fields: dict[str, object]) -> pyvips.Image:
    """Return the photo with one of the designs."""
    rest = dict(fields)
    shown = {"asset": "a" * 52, "filters": rest.pop("filters", None)}
    document = {"photos": [shown], "sheet_mm": SHEET_MM, **rest}
    look = read_design(json.dumps(document).encode()).look
    check_caption(look)
    um_per_px = (
        Fraction(SHEET_MM[0] * 1_000, SIDES_PX[0]),
        Fraction(SHEET_MM[1] * 1_000, SIDES_PX[1]),
    )
    return apply_elements(photo, look, um_per_px, (Fraction(0), Fraction(0)))


def main() -> None:
    """Write the picture of all of them."""
    width, height = 6 * SIDES_PX[0], 6 * SIDES_PX[1]
    pixels = develop(
        balloons.paint(width, height, 7),
        width,
        height,
        Film(exposure=1.1, grain=0, contrast=1.55),
        7,
    )
    photo = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").shrink(6, 6)
    photo = photo.rint().cast("uchar")
    pictures = [draw(photo, fields) for fields in DESIGNS]
    sheet = pyvips.Image.arrayjoin(pictures, across=3, shim=12, background=[214])
    sheet = sheet.embed(
        12, 12, sheet.width + 24, sheet.height + 24, extend="background", background=[214]
    )
    target = Path(__file__).with_name("designs.webp")
    sheet.webpsave(str(target), Q=68, effort=6, smart_subsample=True)


if __name__ == "__main__":
    main()
