"""Draws gamut.svg and proof.webp here: ``.venv/bin/python docs/pictures/make_colour.py``."""  # noqa: INP001 - a script, no package

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.colour import to_output
from origin.printing.proof import gamut_alarm, to_display, to_press
from tests.images import prints

HERE: Final = Path(__file__).parent
SCALE: Final = 1.7
LIGHT: Final = 60
SPACES: Final = {
    "prophoto": ("ProPhoto", "#8a63d2"),
    "display-p3": ("Display P3", "#d98b2b"),
    "srgb": ("sRGB", "#4f86c6"),
}
PRESSES: Final = {
    "page-a4~1": ("coated, FOGRA39", "#2a7f62"),
    "book-page-us-trade~1": ("GRACoL 2006", "#b5525c"),
}


def main() -> None:
    """Write both pictures."""
    (HERE / "gamut.svg").write_text(gamut_svg(), "utf-8")
    strip().webpsave(str(HERE / "proof.webp"), Q=90, keep=0)


def gamut_svg() -> str:
    """Return what each space holds at one lightness, in the a*b* plane of CIELAB."""
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-220 -220 440 440" role="img">',
        f"<title>Colours of lightness {LIGHT}</title>",
        "<style>text{font:11px system-ui,sans-serif}</style>",
        '<rect x="-220" y="-220" width="440" height="440" fill="#fff"/>',
        '<path d="M-200 0H200M0-200V200" stroke="#bbb"/>',
        '<text x="172" y="-6">a* +110</text><text x="6" y="-190">b* +110</text>',
    ]
    named = [*_rgb_outlines(), *_press_outlines()]
    for row, (title, colour, points) in enumerate(named):
        path = " ".join(f"{a * SCALE:.1f},{-b * SCALE:.1f}" for a, b in points)
        lines.append(f'<polygon points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        place = f'x="-210" y="{140 + row * 15}" fill="{colour}"'
        lines.append(f"<text {place}>{title}</text>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def _rgb_outlines() -> list[tuple[str, str, NDArray[np.float64]]]:
    grid = np.linspace(0, 65_535, 41)
    px = np.stack(np.meshgrid(grid, grid, grid), -1).reshape(len(grid), -1, 3).astype(np.uint16)
    found = []
    for name, (title, colour) in SPACES.items():
        image = pyvips.Image.new_from_array(px, interpretation="rgb16")
        lab = _lab(with_profile(image, prints.PROFILES.by_name(name).content()))
        found.append((title, colour, _outline(lab)))
    return found


def _press_outlines() -> list[tuple[str, str, NDArray[np.float64]]]:
    grid = np.linspace(0, 65_535, 33)
    px = np.stack(np.meshgrid(grid, grid, grid, grid[:6]), -1).reshape(len(grid), -1, 4)
    found = []
    for reference, (title, colour) in PRESSES.items():
        name = prints.product(reference).colour.profile
        image = pyvips.Image.new_from_array(px.astype(np.uint16), interpretation="cmyk")
        lab = _lab(with_profile(image, prints.PROFILES.by_name(name).content()))
        found.append((title, colour, _outline(lab)))
    return found


def _lab(image: pyvips.Image) -> NDArray[np.float64]:
    imported = image.icc_import(embedded=True, intent="relative", pcs="lab")
    return np.asarray(imported.numpy()).reshape(-1, 3).astype(np.float64)


def _outline(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the farthest a*, b* of that lightness in each of 72 directions."""
    near = lab[np.abs(lab[:, 0] - LIGHT) < 3][:, 1:]
    angle = np.arctan2(near[:, 1], near[:, 0])
    turn = ((angle + np.pi) / (2 * np.pi) * 72).astype(int) % 72
    reach = np.hypot(near[:, 0], near[:, 1])
    return np.array([near[turn == at][reach[turn == at].argmax()] for at in np.unique(turn)])


def strip() -> pyvips.Image:
    """Return hues by lightness as asked, as printed, on its paper, and where the alarm is."""
    height, width = 120, 240
    y, x = np.mgrid[0:height, 0:width]
    hue = x / width * 2 * np.pi
    light, chroma = 95 - 85 * y / height, 75 * np.sin(np.pi * y / height)
    lab = np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], 2).astype(np.float32)
    asked = pyvips.Image.new_from_array(lab, interpretation="lab").icc_export(
        output_profile=str(prints.PROFILES.by_name("display-p3").path), depth=8, pcs="lab"
    )
    asked = with_profile(asked, prints.PROFILES.by_name("display-p3").content()).copy_memory()
    wanted = prints.product("page-a4~1")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hues.tif"
        asked.tiffsave(str(path))
        how = prints.colouring(path, wanted)
        onto_srgb = prints.colouring(path, prints.product("photo-10x15~1"))
    press = to_press(asked, how, prints.PROFILES)
    profile = prints.PROFILES.by_name(wanted.colour.profile)
    plain = to_output(asked, onto_srgb, prints.PROFILES).copy(interpretation="srgb")
    shown = [to_display(press, profile, shows_paper=paper) for paper in (False, True)]
    mask = gamut_alarm(asked, how, prints.PROFILES)
    alarmed = mask.ifthenelse(shown[0].new_from_image([255, 0, 255]), shown[0])
    panels = [plain, *shown, alarmed]
    return pyvips.Image.arrayjoin(panels, across=2, shim=8, background=[255.0])


if __name__ == "__main__":
    main()
