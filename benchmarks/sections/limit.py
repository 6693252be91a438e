"""The limit: how near the whole server comes to bare libvips doing the same pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.contestants import Product, Wanted, product
from benchmarks.install import HERE
from benchmarks.load import ask
from benchmarks.photos import Original, phones
from benchmarks.rounds import Verdict, alternate, ratios, spread
from benchmarks.score import size_and_score
from benchmarks.section import Plot, Section, Table

NAME = "limit"
OURS, AGAIN, BARE = "edgeproof", "edgeproof again", "bare pyvips"
ONCE = "edgeproof, decoding each time"
LIMIT_MIN = 0.9
CELLS = [(width_px, ext) for width_px in (320, 640, 1200) for ext in ("jpg", "webp", "avif")]
#: Runs through all cells and photos in one turn, per process.
REPEATS = 2
#: Pictures that a bare process takes at a time: one that is held up leaves the rest to the others.
PIECE = 3

METHOD = """\
Pictures a second at saturation: 320, 640 and 1200 px in three formats of three camera photos, as
many of each. The limit is one bare pyvips process per core that loads the same stored level,
resizes and encodes with the same calls, and does nothing else: no HTTP, no signature, no store,
no records, no log. edgeproof keeps a decoded level for a minute, which bare processes do not; so
the row that decodes each time is the one that is judged."""


def measure(rounds: int) -> Section:
    """Run all rounds."""
    cores = os.cpu_count() or 1
    originals = phones()
    wanted = [Wanted(original, px, ext) for original in originals for px, ext in CELLS]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeproof-limit-"))
        made = stack.enter_context(product())
        plain = stack.enter_context(product(level_memory_mb="0"))
        for one in (made, plain):
            one.know(originals)
        jobs = _jobs(Path(folder), originals)
        bare = [_bare(jobs) for _ in range(cores)]
        try:
            found = alternate(
                rounds,
                {
                    OURS: lambda _: _ours(made, wanted * REPEATS * cores),
                    ONCE: lambda _: _ours(plain, wanted * REPEATS * cores),
                    BARE: lambda _: _theirs(bare, len(wanted) * REPEATS),
                    AGAIN: lambda _: _ours(made, wanted * REPEATS * cores),
                },
            )
        finally:
            for process in bare:
                process.kill()
                process.wait()
        _, replies = ask([made.url(one) for one in wanted], at_once=cores)
        paths = [one.original.path for one in wanted]
        ours = size_and_score(list(zip(paths, [bytes(one.body) for one in replies], strict=True)))
        made_by_it = [path.read_bytes() for path in _outs(jobs)]
        theirs = size_and_score(list(zip(paths, made_by_it, strict=True)))
    share = ratios(found[ONCE], found[BARE])
    section = Section(NAME, "Against the limit", METHOD, rounds=rounds)
    rows = []
    for name, values in found.items():
        size_kb, looks = theirs if name == BARE else ours
        of_bare = ratios(values, found[BARE]).text(2)
        rows.append([name, spread(values).text(1), of_bare, f"{size_kb:.1f}", f"{looks:.1f}"])
    head = ["who", "pictures/s (min to max)", "÷ bare pyvips", "kB", "SSIMULACRA2"]
    section.tables.append(
        Table(head, rows, "The null pair is a second turn of edgeproof in each round.")
    )
    groups = {name: [spread(values).bar()] for name, values in found.items()}
    title = "Against the limit"
    section.plots.append(Plot("benchmark-limit", title, "pictures/s", ["who"], groups))
    section.verdicts.append(
        Verdict(
            "pictures/s ÷ bare pyvips, both decoding each time",
            share.median,
            LIMIT_MIN,
            is_least=True,
        )
    )
    return section


def _jobs(folder: Path, originals: list[Original]) -> Path:
    """Write the levels and say which picture is made from which: what edgeproof's plan says."""
    from cache_keys.presets import Look
    from origin.ingest.caps import Caps
    from origin.ingest.guard import guard
    from origin.render.master import make_levels
    from origin.render.passes import passes_of
    from origin.render.plan import plan

    jobs = []
    for number, original in enumerate(originals):
        photo = guard(original.path, Caps()).photo
        for levels in passes_of(photo):
            for level, content in make_levels(original.path, photo, levels).items():
                (folder / f"{number}-{level}.jpg").write_bytes(content)
        for px, ext in CELLS:
            planned = plan(photo, Look(ext=ext, w=px))
            width, height = planned.size_px
            raster = str(folder / f"{number}-{planned.level}.jpg")
            out = str(folder / f"{number}-{px}.{ext}")
            size = {"width": width, "height": height, "shrink": planned.shrink}
            jobs.append({"raster": raster, "ext": ext, "out": out, **size})
    path = folder / "jobs.json"
    path.write_text(json.dumps(jobs))
    return path


def _outs(jobs: Path) -> list[Path]:
    """Return where the bare process wrote its first pictures, in the order of the jobs."""
    return [Path(job["out"]) for job in json.loads(jobs.read_text())]


def _bare(jobs: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "peers" / "bare.py"), str(jobs)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _theirs(bare: list[subprocess.Popen[str]], count: int) -> float:
    """Let the processes share as many pictures as all of ours, a few at a time."""
    firsts = iter(range(0, count * len(bare), PIECE))

    def work(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        for first in firsts:
            process.stdin.write(f"{first} {PIECE}\n")
            process.stdin.flush()
            process.stdout.readline()

    started = time.perf_counter()
    with ThreadPoolExecutor(len(bare)) as pool:
        list(pool.map(work, bare))
    return count * len(bare) / (time.perf_counter() - started)


def _ours(made: Product, wanted: list[Wanted]) -> float:
    wall_s, _ = ask([made.url(one) for one in wanted], at_once=8)
    return len(wanted) / wall_s
