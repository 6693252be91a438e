"""Captions: where the ink lies, the same at every size, from the pinned files only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from origin.render.fonts import FONTS
from origin.render.letters import EM_PX, place_line, set_line
from origin.render.paint import Surface
from tests.unit.render.sheets import PHOTO, averaged, drawn, look

WHITE = {"colour": "ffffff"}
ROOT = Path(__file__).parents[3]


def ink(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how much of each pixel is caption, 0..1."""
    return np.asarray((pixels[..., 0].astype(float) - PHOTO[0]) / (255 - PHOTO[0]))


def bounds(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(ink(pixels) > 0.5)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def caption(text: str, **fields: Any) -> NDArray[np.uint8]:
    """Draw on a sheet of 100 x 100 mm at 4 px per mm; the margin is 10 mm, the em 10 mm."""
    caption_ = {"text": text, "size_mm": 10, **WHITE, **fields}
    return drawn(look((100_000, 100_000), caption=caption_), 400, 400)


@pytest.mark.parametrize(("align", "left", "right"), [("left", 40, None), ("right", None, 360)])
def test_the_ink_begins_or_ends_at_the_margin(
    align: str, left: int | None, right: int | None
) -> None:
    found = bounds(caption("HIH", align=align))
    assert left is None or abs(found[0] - left) <= 1
    assert right is None or abs(found[2] - right) <= 1


def test_centred_ink_is_in_the_middle() -> None:
    left, _, right, _ = bounds(caption("HIH"))
    assert abs(left + right - 400) <= 1


@pytest.mark.parametrize(
    ("place", "baseline"), [("top", 71.2), ("bottom", 351.2), ("middle", 211.2)]
)
def test_a_line_stands_on_its_baseline(place: str, baseline: float) -> None:
    _, top, _, bottom = bounds(caption("HIH", place=place))
    assert abs(bottom - baseline) <= 1
    assert abs(bottom - top - 0.714 * 40) <= 1


def test_lines_are_one_leading_apart() -> None:
    one, two = caption("H", place="top"), caption("H\nH", place="top")
    assert abs(bounds(two)[3] - bounds(one)[3] - 52) <= 1


def test_an_empty_line_keeps_its_height() -> None:
    two, three = caption("H\nH", place="top"), caption("H\n\nH", place="top")
    assert abs(bounds(three)[3] - bounds(two)[3] - 52) <= 1


def test_a_caption_on_the_frame_is_in_the_middle_of_the_band() -> None:
    frame = {"style": "polaroid", "foot_mm": 30, "colour": "285a8c"}  # the photo's colour
    place = {"text": "HIH", "size_mm": 10, "place": "frame", **WHITE}
    pixels = drawn(look((100_000, 100_000), frame=frame, caption=place), 400, 400)
    _, top, _, bottom = bounds(pixels)
    assert abs((top + bottom) / 2 - 340) <= 4


def test_a_caption_stays_inside_the_frame() -> None:
    frame = {"style": "plain", "width_mm": 20, "colour": "285a8c"}
    left = {"text": "H", "size_mm": 10, "align": "left", "place": "top", **WHITE}
    pixels = drawn(look((100_000, 100_000), frame=frame, caption=left), 400, 400)
    assert abs(bounds(pixels)[0] - 120) <= 1


def test_markup_is_text() -> None:
    assert np.array_equal(caption("<b>a</b>"), caption("<b>a</b>"))
    bold, plain = bounds(caption("<b>a</b>")), bounds(caption("a"))
    assert bold[2] - bold[0] > 3 * (plain[2] - plain[0])
    assert not np.array_equal(caption("&amp;"), caption("&"))
    assert not np.array_equal(caption("&lt;"), caption("<"))


@pytest.mark.parametrize("font", list(FONTS))
def test_fonts_differ(font: str) -> None:
    others = [caption("Rag", font=other) for other in FONTS if other != font]
    assert not any(np.array_equal(caption("Rag", font=font), other) for other in others)


def test_bold_is_bolder() -> None:
    regular, bold = (ink(caption("Rag", font=f)).sum() for f in ("noto-sans", "noto-sans-bold"))
    assert bold > 1.2 * regular


def test_a_locale_chooses_letter_shapes() -> None:
    def small_be(locale: str | None) -> bytes:
        line = set_line("\N{CYRILLIC SMALL LETTER BE}", "noto-sans", locale)
        return bytes(line.ink.write_to_memory())

    assert small_be("sr") != small_be("bg") == small_be(None) == small_be("en")


@pytest.mark.parametrize("origin", [(0, 0), (-5.25, 3.5)], ids=str)
@pytest.mark.parametrize("size_mm", [4, 15])
def test_a_caption_is_the_same_at_160_and_at_1280_px(
    origin: tuple[float, float], size_mm: int
) -> None:
    design = look(caption={"text": "Ljubljana\n2026", "size_mm": size_mm, **WHITE})
    small = drawn(design, 160, 112, origin)
    large = drawn(design, 1280, 896, (origin[0] * 8, origin[1] * 8))
    apart = np.abs(averaged(large, 8) - small)
    assert apart.max() <= 12  # bilinear sampling against a box
    assert abs((averaged(large, 8) - small).mean()) <= 0.05


def test_a_caption_beyond_the_window_is_cut_not_moved() -> None:
    design = look((100_000, 100_000), caption={"text": "HIH", "size_mm": 10, **WHITE})
    whole = drawn(design, 400, 400)
    left = drawn(design, 400, 400, (-200, 0))
    assert np.array_equal(left[:, :200], whole[:, 200:])
    assert np.array_equal(drawn(design, 400, 400, (0, -400)), np.full((400, 400, 3), PHOTO))


def test_a_print_may_be_larger_than_the_letters_were_set() -> None:
    surface = Surface(2000, 2000, (1, 1), (0, 0))  # type: ignore[arg-type]  # whole numbers will do
    mask = place_line(set_line("I", "noto-sans", None), surface, 2 * EM_PX, 100, 1000)  # type: ignore[arg-type]  # as above
    rows = np.nonzero(mask.numpy().max(axis=1) > 127)[0]
    assert abs(rows.max() + 1 - 1000) <= 2
    assert abs(len(rows) - 2 * 0.714 * EM_PX) <= 3


SCRIPT = """
import hashlib
from tests.unit.render.sheets import drawn, look
design = look(
    frame={"style": "mat"},
    caption={"text": "Žiga & Ana\\n\u0431 <3", "font": "noto-serif-bold", "place": "frame"},
    locale=None,
    photos=[{"asset": "a" * 52, "filters": {"sepia": 700, "contrast": 90}}],
)
print(hashlib.sha256(drawn(design, 640, 427).tobytes()).hexdigest())
"""


def test_five_fresh_processes_draw_the_same_whatever_the_host_says(tmp_path: Any) -> None:
    hosts: list[dict[str, str]] = [
        {},
        {},
        {"LANG": "sr_RS.UTF-8", "LC_ALL": "sr_RS.UTF-8", "LANGUAGE": "sr", "PANGO_LANGUAGE": "sr"},
        {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        {"FONTCONFIG_FILE": "/etc/fonts/fonts.conf", "FONTCONFIG_PATH": "/etc/fonts"},
    ]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdout=subprocess.PIPE,
            env={**os.environ, **host},
            cwd=ROOT,
        )
        for host in hosts
    ]
    digests = {run.communicate()[0] for run in runs}
    assert all(run.returncode == 0 for run in runs)
    assert len(digests) == 1


def test_the_systems_fonts_are_never_asked() -> None:
    code = """
from origin.render.letters import set_line
from origin.decode.libvips import pyvips
set_line("H", "noto-sans", None)
names = ["DejaVu Sans 64", "Liberation Serif 64", "Nowhere 64"]
print(len({bytes(pyvips.Image.text("Rag", font=name).write_to_memory()) for name in names}))
"""
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert run.stdout.strip() == b"1"


def test_the_pinned_file_is_what_is_drawn() -> None:
    code = """
import hashlib, os
from importlib.resources import files
os.environ["FONTCONFIG_FILE"] = str(files("origin.render") / "fonts.conf")
from origin.decode.libvips import pyvips
print(pyvips.Image.text("Rag", font="Noto Sans 256", dpi=72).width)
"""
    without = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert int(without.stdout) != set_line("Rag", "noto-sans", None).ink.width


def test_the_order_in_which_fonts_are_first_used_does_not_matter() -> None:
    code = """
import hashlib, sys
from origin.render.letters import set_line
inks = {name: set_line("Rag ß", name, "de").ink.write_to_memory() for name in sys.argv[1:]}
print(hashlib.sha256(b"".join(inks[name] for name in sorted(inks))).hexdigest())
"""
    orders = [list(FONTS), list(FONTS)[::-1]]
    runs = [
        subprocess.run([sys.executable, "-c", code, *order], stdout=subprocess.PIPE, check=True)
        for order in orders
    ]
    assert runs[0].stdout == runs[1].stdout
