"""Cold previews from originals that are dear to decode: large, PNG, progressive, HEIC."""

from __future__ import annotations

import sys
from collections import defaultdict
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
from benchmarks.rounds import Turn, Verdict, ratios, spread
from benchmarks.section import Section, Table
from tests.system.server import free_ports

NAME = "costly"
WIDTHS_PX, EXTS, COUNT = (320, 640), ("jpg", "webp"), 2
RATIO_MAX = 0.3

METHOD = """\
As above, from originals that cost more to decode, with our encoder settings for everyone. The
larger ones are no camera's: a mosaic of two photos, and four of them with noise of our own.
sharp's build reads no HEIC; there the peer is pillow-heif with libvips in a small Python server,
which is what one would write."""


def measure(rounds: int) -> Section:
    """Run all rounds."""
    originals = others()
    turns: dict[tuple[str, int, str], dict[str, list[Turn]]] = defaultdict(
        lambda: defaultdict(list)
    )
    with ExitStack() as stack:
        made = stack.enter_context(product())
        made.know(originals)
        ours = contestant_of(made)
        pid, port = stack.enter_context(node("sharp.mjs"))
        sharp = Contestant("sharp", pid, sharp_url(port, "ours"))
        heic = _heic(stack)
        for number in range(rounds):
            for original in originals:
                peer = heic if original.path.suffix == ".HEIC" else sharp
                pair = (("ours", ours), ("peer", peer))
                for width_px in WIDTHS_PX:
                    for ext in EXTS:
                        for name, one in pair[:: -1 if number % 2 else 1]:
                            turn = one.turn(Wanted(original, width_px, ext), COUNT, at_once=2)
                            turns[original.name, width_px, ext][name].append(turn)
    section = Section(NAME, "Cold previews of costly originals", METHOD, rounds=rounds)
    rows = []
    for original in originals:
        for width_px in WIDTHS_PX:
            for ext in EXTS:
                found = turns[original.name, width_px, ext]
                mine, theirs = ([t.cpu_ms_each for t in found[name]] for name in ("ours", "peer"))
                ratio = ratios(mine, theirs)
                cells = [spread(mine).text(), spread(theirs).text(), ratio.text(2)]
                rows.append([_words(original), f"{width_px} {ext}", *cells])
                section.verdicts.append(
                    Verdict(
                        f"CPU ÷ peer, {original.name} {width_px} {ext}", ratio.median, RATIO_MAX
                    )
                )
    head = ["original", "px", "edgeproof CPU ms", "peer CPU ms", "ratio"]
    section.tables.append(Table(head, rows))
    return section


def _heic(stack: ExitStack) -> Contestant:
    port = free_ports(1)[0]
    command = [sys.executable, str(HERE / "peers" / "heic.py"), str(port), str(FOLDER)]
    pid = stack.enter_context(running(command, CACHE / "heic.log"))
    await_answer(f"http://127.0.0.1:{port}/")
    return Contestant("pillow-heif", pid, sharp_url(port, "ours"))


def _words(original: Original) -> str:
    return f"{original.kind}, {original.path.stat().st_size / 1e6:.1f} MB"
