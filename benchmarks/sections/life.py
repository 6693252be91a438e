"""First sight of a photo, and its whole life: intake and twelve previews."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import Contestant, Product, Wanted, node, product, sharp_url
from benchmarks.load import ask
from benchmarks.photos import Original, phones
from benchmarks.processes import cpu_s
from benchmarks.rounds import Spread, Turn, Verdict, each_round, ratios, spread
from benchmarks.score import size_and_score
from benchmarks.section import Plot, Section, Table

NAME = "life"
FIRST_MAX, LIFE_MAX = 3.0, 0.8
WIDTHS_PX, EXTS, LIFE = (320, 640, 1200), ("jpg", "webp", "avif"), "whole life"
KINDS = {f"first sight, {px} {ext}": [(px, ext)] for px in WIDTHS_PX for ext in EXTS}
KINDS[LIFE] = [(px, ext) for px in (320, 640, 960, 1280) for ext in EXTS]

OURS, AGAIN, SHARP = "edgeproof", "edgeproof again", "sharp"
Cells = list[tuple[int, str]]

METHOD = """\
First sight: a photo comes in that was never seen (upload, checks, records, ThumbHash, the master
levels that this takes) and one preview of it is made; sharp renders that preview once. A size is
judged by its three formats together, since a browser takes what it can; a JPEG, whose encoder
costs least, is the hardest. Whole life: intake and 320, 640, 960 and 1280 px as JPEG, WebP and
AVIF; sharp renders the twelve from the original. Our encoder settings for both, two pictures at a
time. Means of the three camera photos; each upload differs by a comment in the file. The null pair
is a second edgeproof."""


@dataclass(frozen=True, slots=True)
class Lives:
    """One contestant's turn: what it cost, and by photo and cell what came."""

    turn: Turn
    bodies: dict[tuple[Path, int, str], bytes]


def measure(rounds: int) -> Section:
    """Run all rounds."""
    originals = phones()
    section = Section(NAME, "First sight and whole life", METHOD, rounds=rounds)
    with ExitStack() as stack:
        contestants: dict[str, _Uploads | Contestant] = {
            name: _Uploads(stack.enter_context(product())) for name in (OURS, AGAIN)
        }
        pid, port = stack.enter_context(node("sharp.mjs"))
        contestants[SHARP] = Contestant(SHARP, pid, sharp_url(port, "ours"))
        found: dict[str, dict[str, list[Lives]]] = {
            kind: {name: [] for name in contestants} for kind in KINDS
        }
        for number in each_round(rounds):
            for kind, cells in KINDS.items():
                for name in list(contestants)[:: -1 if number % 2 else 1]:
                    found[kind][name].append(_lives(contestants[name], originals, cells))
    section.tables += [_table(found), _ratio_table(found)]
    section.plots.append(_plot(found))
    for width_px in WIDTHS_PX:
        kinds = [found[f"first sight, {width_px} {ext}"] for ext in EXTS]
        ours, theirs = (
            [sum(values) for values in zip(*(_cpu_ms(kind[name]) for kind in kinds), strict=True)]
            for name in (OURS, SHARP)
        )
        what = f"CPU ÷ sharp, first sight at {width_px} px, the three formats"
        section.verdicts.append(Verdict(what, ratios(ours, theirs).median, FIRST_MAX))
    section.verdicts.append(
        Verdict(f"CPU ÷ sharp, {LIFE}", _ratio(found[LIFE], SHARP).median, LIFE_MAX)
    )
    return section


def _cpu_ms(lives: list[Lives]) -> list[float]:
    return [one.turn.cpu_ms_each for one in lives]


def _ratio(kind: dict[str, list[Lives]], name: str) -> Spread:
    return ratios(_cpu_ms(kind[OURS]), _cpu_ms(kind[name]))


def _table(found: dict[str, dict[str, list[Lives]]]) -> Table:
    rows = []
    for kind, by_name in found.items():
        for name in (OURS, SHARP):
            lives = by_name[name]
            pictures = [(path, body) for (path, _, _), body in lives[0].bodies.items()]
            size_kb, looks = size_and_score(pictures)
            rows.append(
                [
                    kind,
                    name,
                    spread(_cpu_ms(lives)).text(0),
                    spread(one.turn.per_s for one in lives).text(),
                    f"{size_kb:.1f}",
                    f"{looks:.1f}",
                ]
            )
    head = ["what", "who", "CPU ms a photo (min to max)", "photos/s", "kB", "SSIMULACRA2"]
    return Table(head, rows, "kB and SSIMULACRA2 are means of the pictures.")


def _ratio_table(found: dict[str, dict[str, list[Lives]]]) -> Table:
    rows = [
        [kind, _ratio(by_name, AGAIN).text(2), _ratio(by_name, SHARP).text(2)]
        for kind, by_name in found.items()
    ]
    caption = "edgeproof's CPU as a share of the other's, round by round."
    return Table(["what", "null pair", "÷ sharp"], rows, caption)


def _plot(found: dict[str, dict[str, list[Lives]]]) -> Plot:
    series = [OURS, SHARP]
    groups = {
        kind.replace("first sight, ", ""): [spread(_cpu_ms(by_name[name])).bar() for name in series]
        for kind, by_name in found.items()
    }
    return Plot("benchmark-life", "First sight and whole life", "CPU ms a photo", series, groups)


def _lives(one: _Uploads | Contestant, originals: list[Original], cells: Cells) -> Lives:
    """Return what the lives of all photos cost, one photo after the other."""
    before, started = cpu_s(one.pid), time.perf_counter()
    bodies = {}
    for original in originals:
        url = one.take_in(original) if isinstance(one, _Uploads) else one.url
        _, replies = ask([url(Wanted(original, px, ext)) for px, ext in cells], at_once=2)
        for (px, ext), reply in zip(cells, replies, strict=True):
            bodies[original.path, px, ext] = bytes(reply.body)
    wall_s = time.perf_counter() - started
    return Lives(Turn(len(originals), cpu_s(one.pid) - before, wall_s), bodies)


class _Uploads:
    """A product to which each photo is new each time."""

    def __init__(self, made: Product) -> None:
        self._made = made
        self._count = 0
        self.pid = made.pid

    def take_in(self, original: Original) -> Callable[[Wanted], str]:
        """Upload a photo and return how it is asked for."""
        self._count += 1
        content = with_comment(original.path.read_bytes(), str(self._count))
        self._made.assets[original.name] = self._made.server.asset(content)
        return self._made.url


def with_comment(jpeg: bytes, text: str) -> bytes:
    """Return a JPEG with a comment segment (ISO 10918-1 B.2.4.5) after its first marker."""
    assert jpeg[:2] == b"\xff\xd8", "no JPEG"
    note = text.encode()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + jpeg[2:]
