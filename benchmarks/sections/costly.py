"""Cold previews from originals that are dear to decode: large, PNG, progressive, HEIC."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks.contestants import (
    Contestant,
    Wanted,
    await_answer,
    contestant_of,
    node,
    product,
    sharp_url,
)
from benchmarks.install import CACHE, HERE
from benchmarks.photos import FOLDER, Original, others
from benchmarks.processes import running
from benchmarks.rounds import Spread, Turn, Verdict, each_round, ratios, spread
from benchmarks.score import size_and_score
from benchmarks.section import Plot, Section, Table
from tests.system.server import free_ports

NAME = "costly"
WIDTHS_PX, EXTS, COUNT = (320, 640), ("jpg", "webp"), 4
CELLS = [(width_px, ext) for width_px in WIDTHS_PX for ext in EXTS]
RATIO_MAX = 0.3
OURS, AGAIN, PEER = "edgeproof", "edgeproof again", "peer"
#: The one cell that is drawn: the dearest for us.
DRAWN = (640, "webp")

METHOD = """\
As above, from originals that cost more to decode, with our encoder settings for everyone. The
larger ones are no camera's: a mosaic of two photos, and four of them with noise of our own.
sharp's build reads no HEIC; there the peer is pillow-heif with libvips in a small Python server,
which is what one would write."""

Turns = dict[str, dict[str, list[Turn]]]


def measure(rounds: int) -> Section:
    """Run all rounds."""
    originals = others()
    turns: Turns = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        field = _field(stack, originals)
        for number in each_round(rounds):
            for original in originals:
                them = _them(field, original)
                for cell in CELLS:
                    for name in list(them)[:: -1 if number % 2 else 1]:
                        turn = them[name].turn(Wanted(original, *cell), COUNT)
                        turns[_row(original, cell)][name].append(turn)
    section = Section(NAME, "Cold previews of costly originals", METHOD, rounds=rounds)
    section.tables += [_table(field, originals, turns), _ratio_table(originals, turns)]
    section.plots.append(_plot(originals, turns))
    for original in originals:
        for cell in CELLS:
            ratio = _ratio(turns, _row(original, cell), PEER).median
            what = f"CPU ÷ peer, {original.name} {cell[0]} {cell[1]}"
            section.verdicts.append(Verdict(what, ratio, RATIO_MAX))
    return section


def _field(stack: ExitStack, originals: list[Original]) -> dict[str, Contestant]:
    found: dict[str, Contestant] = {}
    for name in (OURS, AGAIN):
        made = stack.enter_context(product())
        made.know(originals)
        found[name] = contestant_of(made)
    pid, port = stack.enter_context(node("sharp.mjs"))
    found["sharp"] = Contestant("sharp", pid, sharp_url(port, "ours"))
    found["pillow-heif"] = _heic(stack)
    return found


def _them(field: Mapping[str, Contestant], original: Original) -> dict[str, Contestant]:
    peer = "pillow-heif" if original.path.suffix == ".HEIC" else "sharp"
    return {OURS: field[OURS], AGAIN: field[AGAIN], PEER: field[peer]}


def _row(original: Original, cell: tuple[int, str]) -> str:
    return f"{original.name} {cell[0]} {cell[1]}"


def _table(field: Mapping[str, Contestant], originals: list[Original], turns: Turns) -> Table:
    rows = []
    for original in originals:
        them = _them(field, original)
        for cell in CELLS:
            for name in (OURS, PEER):
                found = turns[_row(original, cell)][name]
                body = them[name].bodies[original.name, *cell]
                size_kb, looks = size_and_score([(original.path, body)])
                rows.append(
                    [
                        _words(original),
                        f"{cell[0]} {cell[1]}",
                        them[name].name,
                        spread(turn.cpu_ms_each for turn in found).text(),
                        spread(turn.per_s for turn in found).text(0),
                        f"{size_kb:.1f}",
                        f"{looks:.1f}",
                    ]
                )
    head = ["original", "px", "who", "CPU ms (min to max)", "pictures/s", "kB", "SSIMULACRA2"]
    return Table(head, rows)


def _ratio(turns: Turns, row: str, name: str) -> Spread:
    mine, theirs = ([turn.cpu_ms_each for turn in turns[row][who]] for who in (OURS, name))
    return ratios(mine, theirs)


def _ratio_table(originals: list[Original], turns: Turns) -> Table:
    rows = [
        [original.name, f"{cell[0]} {cell[1]}"]
        + [_ratio(turns, _row(original, cell), name).text(2) for name in (AGAIN, PEER)]
        for original in originals
        for cell in CELLS
    ]
    caption = "edgeproof's CPU as a share of the other's, round by round."
    return Table(["original", "px", "null pair", "÷ peer"], rows, caption)


def _plot(originals: list[Original], turns: Turns) -> Plot:
    groups = {
        original.name: [
            spread(turn.cpu_ms_each for turn in turns[_row(original, DRAWN)][name]).bar()
            for name in (OURS, PEER)
        ]
        for original in originals
    }
    title = f"Costly originals, {DRAWN[0]} px WebP"
    return Plot("benchmark-costly", title, "CPU ms a picture", [OURS, PEER], groups)


def _heic(stack: ExitStack) -> Contestant:
    port = free_ports(1)[0]
    command = [sys.executable, str(HERE / "peers" / "heic.py"), str(port), str(FOLDER)]
    pid = stack.enter_context(running(command, CACHE / "heic.log"))
    await_answer(f"http://127.0.0.1:{port}/")
    return Contestant("pillow-heif", pid, sharp_url(port, "ours"))


def _words(original: Original) -> str:
    return f"{original.kind}, {original.path.stat().st_size / 1e6:.1f} MB"
