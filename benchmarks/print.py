"""What a print costs over its bare steps: ``.venv/bin/python -m benchmarks.print --rounds 7``.

A photo of 24 megapixels becomes a CMYK JPEG in PDF/X-4, and, in turn, the bare libvips steps are
done: decode, one affine, one colour transform, encode; with the same numbers, in the same process,
in one thread. Each round has the bare steps twice, so that the noise is known.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from benchmarks.rounds import spread
from origin.decode.libvips import pyvips
from origin.printing.page import render_page
from origin.printing.pdfx import as_pdf
from origin.printing.plan import plan_page
from origin.printing.recipe import Recipe
from tests.images import prints
from tests.images.photos import photo_jpeg

SIDES_PX: Final = (6000, 4000)
TRIM_UM: Final = (508_000, 338_667)
"""At 300 px per inch the page has the photo's own size, and the bleed."""
RATIO_MAX: Final = 1.25


def bare(path: Path, recipe: Recipe) -> bytes:
    """Return the JPEG that the bare steps make of a photo."""
    exact = plan_page(recipe).sampling
    assert exact is not None
    image = pyvips.Image.jpegload(str(path), access="sequential").copy_memory()
    width, height = (side * exact.n for side in recipe.page_px)
    image = image.affine(
        list(exact.matrix),
        interpolate=pyvips.Interpolate.new(exact.interpolator),
        odx=exact.odx,
        ody=exact.ody,
        oarea=[0, 0, width, height],
        extend="copy",
    )
    if exact.n > 1:
        image = image.shrink(exact.n, exact.n)
    image = image.icc_transform(
        str(prints.PROFILES.by_name(recipe.colour.profile).path),
        input_profile="srgb",
        intent=recipe.colour.intent,
        black_point_compensation=recipe.colour.has_bpc,
        depth=8,
    )
    return bytes(
        image.jpegsave_buffer(
            Q=recipe.jpeg_quality,
            subsample_mode="off",
            optimize_coding=True,
            keep=pyvips.enums.ForeignKeep.ICC,
        )
    )


def whole(path: Path, recipe: Recipe) -> bytes:
    """Return the PDF/X-4 file that we make of it, verified, checked and read back."""
    page = render_page(recipe, path, prints.PROFILES)
    profile = prints.PROFILES.by_name(recipe.colour.profile).content()
    return as_pdf(page, recipe, profile, "print").content


def timed(work: Callable[[Path, Recipe], bytes], path: Path, recipe: Recipe) -> tuple[float, float]:
    """Return CPU and wall seconds."""
    wall_s, cpu_s = perf_counter(), process_time()
    work(path, recipe)
    return process_time() - cpu_s, perf_counter() - wall_s


def main() -> int:
    """Measure, print the ratios, and fail where the limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(photo_jpeg(*SIDES_PX, 5))
        recipe = prints.recipe_of(path, prints.product("page-a4~1", trim_um=TRIM_UM))
        works = {"bare": bare, "bare again": bare, "print": whole}
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number in range(rounds + 1):  # the first warms up
            for name, work in works.items():
                taken = timed(work, path, recipe)
                if number:
                    found[name].append(taken)
    ratios = {}
    for name in ("bare again", "print"):
        pairs = list(zip(found[name], found["bare"], strict=True))
        ratios[name] = spread(a[0] / b[0] for a, b in pairs)
        wall = spread(a[1] / b[1] for a, b in pairs)
        said = f"{name} / bare: CPU {ratios[name].text(3)}, wall {wall.text(3)}\n"
        sys.stdout.write(said)
    cpu = {name: spread(taken[0] for taken in pairs).text(2) for name, pairs in found.items()}
    sys.stdout.write(f"CPU s, {rounds} rounds: {cpu}; limit {RATIO_MAX}\n")
    return 0 if ratios["print"].median <= RATIO_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
