"""The same recipe makes the same bytes: twenty processes, 1 to 16 threads, under load."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.images.photos import photo_jpeg

RUNS: Final = 20
AT_ONCE: Final = 5
"""More than a small machine has cores: each is the others' load."""
THREADS: Final = (1, 2, 3, 4, 8, 16)
CODE: Final = """
import json, pathlib, sys
from cache_keys.design import read_design
from origin.decode.libvips import pyvips
from origin.printing.page import render_page
from tests.images import prints
path = pathlib.Path(sys.argv[1])
pyvips.concurrency_set(int(sys.argv[2]))
look = read_design(json.dumps({
    "photos": [{"asset": prints.ASSET, "crop": [10000, 10000, 60000, 59858], "tilt_mdeg": 3000}],
    "sheet_um": [60000, 40000],
    "frame": {"style": "double", "width_um": 3000, "line_um": 500},
    "caption": {"text": "Sea", "place": "bottom", "size_um": 3000},
}).encode()).look
small = {"trim_um": (60_000, 40_000), "dpi_floor": 10}
made = {}
for reference in sys.argv[3:]:
    recipe = prints.recipe_of(path, prints.product(reference, **small), look)
    page = render_page(recipe, path, prints.PROFILES, "a" * 52)
    made[reference] = [page.media_type, page.sha256]
print(json.dumps(made))
"""


MADE: Final = {
    "photo-10x15~1": "image/jpeg",
    "calendar-a3~1": "image/jpeg",
    "canvas-60x40~1": "image/tiff",
    "page-a4-tiff~1": "image/tiff",
    "page-a4~1": "application/pdf",
}
"""A product of each file: sRGB and CMYK, JPEG and TIFF, and PDF/X."""


def test_twenty_processes_print_the_same_bytes(tmp_path: Path) -> None:
    """With a tilt, a frame and a caption, and as many threads as anybody may have."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photo_jpeg(1471, 983, 1))

    def run(number: int) -> str:
        threads = str(THREADS[number % len(THREADS)])
        command = [sys.executable, "-c", CODE, str(photo), threads, *MADE]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    with ThreadPoolExecutor(AT_ONCE) as pool:
        reports = list(pool.map(run, range(RUNS)))
    made = json.loads(reports[0])
    assert {reference: kind for reference, (kind, _) in made.items()} == MADE
    assert len({digest for _, digest in made.values()}) == len(MADE)
    assert set(reports) == {reports[0]}
