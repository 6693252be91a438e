"""First sight of a photo, and its whole life: intake and twelve previews."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import ExitStack

from benchmarks.contestants import Contestant, Product, Wanted, node, product, sharp_url
from benchmarks.load import ask
from benchmarks.photos import Original, phones
from benchmarks.processes import cpu_s
from benchmarks.rounds import Verdict, alternate, ratios, spread
from benchmarks.section import Section, Table

NAME = "life"
FIRST_MAX, LIFE_MAX = 3.0, 0.8
WIDTHS_PX, EXTS, LIFE = (320, 640, 1200), ("jpg", "webp", "avif"), "whole life"
KINDS = {f"first sight, {px} {ext}": [(px, ext)] for px in WIDTHS_PX for ext in EXTS}
KINDS[LIFE] = [(px, ext) for px in (320, 640, 960, 1280) for ext in EXTS]

METHOD = """\
First sight: a photo comes in that was never seen (upload, checks, records, ThumbHash, the master
levels that this takes) and one preview of it is made; sharp renders that preview once. A size is
judged by its three formats together, since a browser takes what it can; a JPEG, whose encoder
costs least, is the hardest. Whole life: intake and 320, 640, 960 and 1280 px as JPEG, WebP and
AVIF; sharp renders the twelve from the original. Our encoder settings for both. Sums of CPU over
the three camera photos; each upload differs by a comment in the file."""


def measure(rounds: int) -> Section:
    """Run all rounds."""
    originals = phones()
    section = Section(NAME, "First sight and whole life", METHOD, rounds=rounds)
    with ExitStack() as stack:
        made = stack.enter_context(product())
        pid, port = stack.enter_context(node("sharp.mjs"))
        sharp = Contestant("sharp", pid, sharp_url(port, "ours"))
        uploads = _Uploads(made)
        rows = []
        spent = {
            kind: _spent(rounds, uploads, sharp, originals, cells) for kind, cells in KINDS.items()
        }
        for kind, found in spent.items():
            each = [
                spread(1_000 * value / len(originals) for value in found[name]) for name in found
            ]
            ratio = ratios(found["edgeproof"], found["sharp"])
            rows.append([kind, each[0].text(0), each[1].text(0), ratio.text(2)])
        for width_px in WIDTHS_PX:
            kinds = [spent[f"first sight, {width_px} {ext}"] for ext in EXTS]
            ours, theirs = (
                [sum(values) for values in zip(*(kind[name] for kind in kinds), strict=True)]
                for name in ("edgeproof", "sharp")
            )
            what = f"CPU ÷ sharp, first sight at {width_px} px, the three formats"
            section.verdicts.append(Verdict(what, ratios(ours, theirs).median, FIRST_MAX))
        life = ratios(spent[LIFE]["edgeproof"], spent[LIFE]["sharp"]).median
        section.verdicts.append(Verdict(f"CPU ÷ sharp, {LIFE}", life, LIFE_MAX))
    head = ["what", "edgeproof CPU ms a photo", "sharp CPU ms", "ratio"]
    section.tables.append(Table(head, rows))
    return section


def _spent(
    rounds: int,
    uploads: _Uploads,
    sharp: Contestant,
    originals: list[Original],
    cells: list[tuple[int, str]],
) -> dict[str, list[float]]:
    """Return CPU seconds of all photos, by contestant and round."""
    contestants: dict[str, Callable[[int], float]] = {
        "edgeproof": lambda _: sum(uploads.life(original, cells) for original in originals),
        "sharp": lambda _: _renders(sharp, originals, cells),
    }
    return alternate(rounds, contestants)


class _Uploads:
    """Uploads that are new each time."""

    def __init__(self, made: Product) -> None:
        self._made = made
        self._count = 0

    def life(self, original: Original, cells: list[tuple[int, str]]) -> float:
        """Return CPU seconds of an upload and its previews."""
        self._count += 1
        content = with_comment(original.path.read_bytes(), str(self._count))
        before = cpu_s(self._made.pid)
        self._made.assets[original.name] = self._made.server.asset(content)
        ask([self._made.url(Wanted(original, px, ext)) for px, ext in cells], at_once=2)
        return cpu_s(self._made.pid) - before


def _renders(sharp: Contestant, originals: list[Original], cells: list[tuple[int, str]]) -> float:
    before = cpu_s(sharp.pid)
    ask([sharp.url(Wanted(o, px, ext)) for o in originals for px, ext in cells], at_once=2)
    return cpu_s(sharp.pid) - before


def with_comment(jpeg: bytes, text: str) -> bytes:
    """Return a JPEG with a comment segment (ISO 10918-1 B.2.4.5) after its first marker."""
    assert jpeg[:2] == b"\xff\xd8", "no JPEG"
    note = text.encode()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + jpeg[2:]
