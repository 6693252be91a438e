"""What a print costs over its bare steps, and how large prints lie on their previews."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import numpy as np

from benchmarks.contestants import product
from benchmarks.rounds import Verdict, alternate, spread
from benchmarks.section import Section, Table
from origin.decode.libvips import pyvips
from origin.flow.print_jobs import make_print
from origin.printing.page import render_page
from origin.printing.plan import plan_page
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.recipe import Recipe, recipe_json
from tests.images import prints
from tests.images.photos import photo_jpeg
from tests.images.print_registration import LARGE, Score
from tests.system.print_registration import registered

NAME = "prints"
SIDES_PX: Final = (6000, 4000)
TRIM_UM: Final = (508_000, 338_667)
"""At 300 px per inch the page has the photo's own size, and the bleed."""
RATIO_MAX: Final = 1.25
PRINT_ID: Final = "a" * 52
FIRST_SEED: Final = 1_000
"""Other crops than those of the tests."""
Work = Callable[[Path, Recipe], object]

METHOD = """\
A photo of 24 megapixels becomes a CMYK JPEG in PDF/X-4, verified, its ink checked, read back and
held to every rule of the file; beside it the bare libvips steps: decode, one affine, one colour
transform, encode; the same numbers, one process on one core. (On two, the bare steps end sooner
than their CPU time: libvips encodes in one thread what another makes. A print is made step by
step, since its px are checked before they are encoded and compared with the file afterwards.) The
bare steps have two turns in each round, so that the noise is known. The last row is the whole
job, with the preflight's checks of the photo (blur, exposure, banding, gamut and others), which
are no part of the file.

Then a random crop of every large product in each round, through the real URLs and `edgeproof print
render`: the page averaged onto its preview's px. Tiles count that have a slope of at least 3 levels
a px in their weakest direction."""


def measure(rounds: int) -> Section:
    """Measure both; the first round of the costs warms up and does not count."""
    section = Section(NAME, "Prints", METHOD, rounds=rounds)
    _costs(section, rounds)
    _registration(section, rounds)
    return section


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


def whole(path: Path, recipe: Recipe) -> object:
    """Make the PDF/X-4 file."""
    return render_page(recipe, path, prints.PROFILES, PRINT_ID)


def job(path: Path, recipe: Recipe) -> object:
    """Do what a worker does for an order."""
    return make_print(recipe_json(recipe), PRINT_ID, path, None, PreflightLimits())


def timed(work: Work, path: Path, recipe: Recipe, _number: int) -> tuple[float, float]:
    """Return CPU and wall seconds on one core."""
    with one_core():
        wall_s, cpu_s = perf_counter(), process_time()
        work(path, recipe)
        return process_time() - cpu_s, perf_counter() - wall_s


@contextmanager
def one_core() -> Iterator[None]:
    """Keep every thread of this process, and those that they begin, on one core meanwhile."""
    cores = os.sched_getaffinity(0)
    try:
        _pin({max(cores)})
        yield
    finally:
        _pin(cores)


def _pin(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended
            os.sched_setaffinity(int(thread.name), cores)


def _costs(section: Section, rounds: int) -> None:
    works: dict[str, Work] = {
        "bare steps": bare,
        "bare steps again": bare,
        "print file": whole,
        "preflight and print file": job,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(photo_jpeg(*SIDES_PX, 5))
        recipe = prints.recipe_of(path, prints.product("page-a4~1", trim_um=TRIM_UM))
        turns = {name: partial(timed, work, path, recipe) for name, work in works.items()}
        found = {name: taken[1:] for name, taken in alternate(rounds + 1, turns).items()}
    rows, ratio = [], {}
    for name, taken in found.items():
        pairs = list(zip(taken, found["bare steps"], strict=True))
        ratio[name] = spread(ours[0] / theirs[0] for ours, theirs in pairs)
        wall = spread(ours[1] / theirs[1] for ours, theirs in pairs)
        rows.append(
            [name, spread(cpu for cpu, _ in taken).text(2), ratio[name].text(3), wall.text(3)]
        )
    head = ["24 MP to CMYK JPEG", "CPU s", "CPU ÷ bare", "wall ÷ bare"]
    section.tables.append(Table(head, rows))
    section.verdicts.append(
        Verdict("CPU: CMYK JPEG in PDF/X ÷ bare steps", ratio["print file"].median, RATIO_MAX)
    )


def _registration(section: Section, rounds: int) -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + rounds)
    with product() as made:
        scores = {reference: list(registered(made.server, reference, seeds)) for reference in LARGE}
    head = [
        "product", "crops", "textured tiles", "tile error, median px", "p99 px",
        "ΔE00 mean", "worst mean", "worst p99", "worst SSIM",
    ]  # fmt: skip
    rows = [[reference, *_row(found)] for reference, found in scores.items()]
    section.tables.append(Table(head, rows))
    every = [score for found in scores.values() for score in found]
    tiles = np.concatenate([score.tiles for score in every])
    share = len(tiles) / sum(score.tile_count for score in every)
    means = [score.delta_mean for score in every]
    section.verdicts += [
        Verdict("large prints: share of tiles with texture", share, 0.8, is_least=True),
        Verdict("large prints: tile error px, 99 %", float(np.percentile(tiles, 99)), 0.05),
        Verdict("large prints: ΔE00 mean of all crops", float(np.mean(means)), 0.5),
        Verdict("large prints: ΔE00 mean, worst crop", max(means), 0.9),
        Verdict("large prints: ΔE00 p99, worst", max(one.delta_p99 for one in every), 2.8),
        Verdict("large prints: SSIM, worst", min(one.ssim for one in every), 0.99, is_least=True),
    ]


def _row(scores: list[Score]) -> list[str]:
    tiles = np.concatenate([one.tiles for one in scores])
    return [
        str(len(scores)),
        f"{len(tiles)} of {sum(one.tile_count for one in scores)}",
        f"{np.median(tiles):.4f}",
        f"{np.percentile(tiles, 99):.4f}",
        f"{np.mean([one.delta_mean for one in scores]):.2f}",
        f"{max(one.delta_mean for one in scores):.2f}",
        f"{max(one.delta_p99 for one in scores):.2f}",
        f"{min(one.ssim for one in scores):.4f}",
    ]
