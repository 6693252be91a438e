"""Cold previews of a known photo: master there, derivative not; the peers render the original."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks.contestants import (
    Contestant,
    Wanted,
    contestant_of,
    ipx_url,
    node,
    product,
    sharp_url,
)
from benchmarks.encoder import encoder_ms
from benchmarks.matched import qualities
from benchmarks.photos import Original, phones
from benchmarks.rounds import Spread, Turn, Verdict, each_round, pooled, ratios, spread
from benchmarks.score import score
from benchmarks.section import Plot, Section, Table

NAME = "cold"
#: Pictures of each photo in a turn: enough of the small ones to be seen in 10 ms ticks.
COUNTS = {320: 12, 640: 6, 1200: 3}
EXTS = ("jpg", "webp", "avif")
OURS, AGAIN, EQUAL = "edgeproof", "edgeproof again", "sharp, our encoder settings"
ONCE = "edgeproof, decoding each time"
DEFAULTS, IPX = "sharp, its defaults", "IPX, its defaults"
#: CPU against sharp with our encoder settings, at most, as JPEG. Of WebP and AVIF the encoder alone
#: is most of sharp's CPU, so nothing before it could reach such shares: the page shows how much.
EQUAL_MAX = {320: 0.3, 640: 0.5, 1200: 0.85}
#: CPU of WebP against sharp's defaults, at most.
DEFAULT_WEBP_MAX = {640: 0.5, 1200: 0.7}
Cell = tuple[int, str]
Turns = dict[str, dict[Cell, list[Turn]]]

METHOD = """\
Three camera JPEGs of the corpus (8 to 12 MP, baseline 4:2:0). edgeproof knows them (their masters
are stored) and is asked for previews that it has never made; sharp (in a small Node server) and
IPX render the original. Each answer goes over HTTP on loopback, four at a time; CPU is user +
system time of the whole tree of processes. edgeproof checks a signature, stores each picture
durably, records and logs it: that is in its figures; the peers store nothing. Its bound on new
pictures of one photo (EDGEPROOF_COLD_RENDERS_PER_MINUTE) is lifted here and in all sections. All
convert to sRGB and write no metadata. In the rows "its defaults" the peers keep their own effort
and get the quality that scores as ours (SSIMULACRA2 against a Lanczos reference by Pillow); their
AVIF at default effort costs seconds and is left out. The null pair is a second edgeproof in the
same rounds. A photo that is asked for again within a minute is not decoded again
(EDGEPROOF_LEVEL_MEMORY_MB): in a turn only the first picture of each photo waits for that, as in a
visit to a shop. The rows "decoding each time" have that memory off."""


def measure(rounds: int) -> Section:
    """Run all rounds."""
    originals = phones()
    with ExitStack() as stack:
        field = _field(stack, originals)
        matched = qualities(field[DEFAULTS], field[OURS], originals, list(COUNTS), ("jpg", "webp"))
        turns: Turns = {name: defaultdict(list) for name in field}
        for number in each_round(rounds):
            _round(field, originals, matched, turns, is_reversed=number % 2 == 1)
        scores = _scores(field, originals)
    section = Section(NAME, "Cold previews of a known photo", METHOD, rounds=rounds)
    section.tables.append(_table(field, turns, scores, originals))
    section.tables.append(_ratio_table(turns))
    section.tables.append(_encoder_table(turns, originals))
    section.plots.append(_plot(turns))
    section.verdicts += _verdicts(turns, field, originals)
    return section


def _field(stack: ExitStack, originals: list[Original]) -> dict[str, Contestant]:
    found: dict[str, Contestant] = {}
    for name, settings in ((OURS, {}), (AGAIN, {}), (ONCE, {"level_memory_mb": "0"})):
        made = stack.enter_context(product(**settings))
        made.know(originals)
        found[name] = contestant_of(made)
    for name, kind in ((EQUAL, "ours"), (DEFAULTS, "defaults")):
        pid, port = stack.enter_context(node("sharp.mjs"))
        found[name] = Contestant("sharp", pid, sharp_url(port, kind))
    pid, port = stack.enter_context(node("ipx.mjs"))
    found[IPX] = Contestant("IPX", pid, ipx_url(port))
    return found


def _round(
    field: Mapping[str, Contestant],
    originals: list[Original],
    matched: Mapping[Cell, int],
    turns: Turns,
    *,
    is_reversed: bool,
) -> None:
    names = list(field)[::-1] if is_reversed else list(field)
    for width_px, count in COUNTS.items():
        for ext in EXTS:
            for name in names:
                is_default = name in (DEFAULTS, IPX)
                if is_default and ext == "avif":
                    continue
                q = matched[width_px, ext] if is_default else None
                took = [
                    field[name].turn(Wanted(original, width_px, ext, q), count)
                    for original in originals
                ]
                turns[name][width_px, ext].append(pooled(took))


def _scores(
    field: Mapping[str, Contestant], originals: list[Original]
) -> dict[str, dict[Cell, float]]:
    found: dict[str, dict[Cell, float]] = {}
    for name, contestant in field.items():
        if name == AGAIN:
            continue
        cells: dict[Cell, list[float]] = defaultdict(list)
        for original in originals:
            for (photo, width_px, ext), body in contestant.bodies.items():
                if photo == original.name:
                    cells[width_px, ext].append(score(original.path, body))
        found[name] = {cell: sum(values) / len(values) for cell, values in cells.items()}
    return found


def size_kb(contestant: Contestant, originals: list[Original], cell: Cell) -> float:
    """Return the mean size of a cell's pictures in kB."""
    sizes = [len(contestant.bodies[original.name, *cell]) for original in originals]
    return sum(sizes) / len(sizes) / 1_000


def cpu(turns: Turns, name: str, cell: Cell) -> list[float]:
    """Return CPU ms per picture, round by round."""
    return [turn.cpu_ms_each for turn in turns[name][cell]]


def _table(
    field: Mapping[str, Contestant],
    turns: Turns,
    scores: Mapping[str, Mapping[Cell, float]],
    originals: list[Original],
) -> Table:
    rows = []
    for width_px in COUNTS:
        for ext in EXTS:
            cell = width_px, ext
            for name, contestant in field.items():
                if name == AGAIN or cell not in turns[name]:
                    continue
                rows.append(
                    [
                        f"{width_px} {ext}",
                        name,
                        spread(cpu(turns, name, cell)).text(),
                        spread(turn.per_s for turn in turns[name][cell]).text(0),
                        f"{size_kb(contestant, originals, cell):.1f}",
                        f"{scores[name][cell]:.1f}",
                    ]
                )
    head = ["px", "who", "CPU ms (min to max)", "pictures/s", "kB", "SSIMULACRA2"]
    return Table(head, rows, "Means of three photos, medians of the rounds.")


def _ratio_table(turns: Turns) -> Table:
    cells = [(width_px, ext) for width_px in COUNTS for ext in EXTS]
    rows = []
    for cell in cells:
        ratio = [
            _ratio(turns, name, cell).text(2) if cell in turns[name] else ""
            for name in (AGAIN, ONCE, EQUAL, DEFAULTS, IPX)
        ]
        rows.append([f"{cell[0]} {cell[1]}", *ratio])
    head = ["px", "null pair", *(f"÷ {name}" for name in (ONCE, EQUAL, DEFAULTS, IPX))]
    return Table(head, rows, "edgeproof's CPU as a share of the other's, round by round.")


def _encoder_table(turns: Turns, originals: list[Original]) -> Table:
    rows = []
    for width_px, ext in ((width_px, ext) for width_px in COUNTS for ext in EXTS):
        each = [encoder_ms(original, width_px, ext) for original in originals]
        alone_ms = sum(each) / len(each)
        mine, theirs = (spread(cpu(turns, name, (width_px, ext))).median for name in (OURS, EQUAL))
        rest = (mine - alone_ms) / (theirs - alone_ms)
        share = alone_ms / theirs
        rows.append([f"{width_px} {ext}", f"{alone_ms:.1f}", f"{share:.2f}", f"{rest:.2f}"])
    head = ["px", "encoder alone, CPU ms", "its share of sharp's", "all the rest, ÷ sharp's"]
    return Table(
        head, rows, "The encoder does the same work for both: no share of the whole is below its."
    )


def _ratio(turns: Turns, name: str, cell: Cell) -> Spread:
    return ratios(cpu(turns, OURS, cell), cpu(turns, name, cell))


def _plot(turns: Turns) -> Plot:
    series = [OURS, EQUAL, DEFAULTS, IPX]
    groups: dict[str, list[tuple[float, float, float]]] = {}
    for width_px in COUNTS:
        for ext in ("jpg", "webp"):
            cell = width_px, ext
            groups[f"{width_px} {ext}"] = [spread(cpu(turns, name, cell)).bar() for name in series]
    return Plot(
        "benchmark-cold", "Cold previews of a known photo", "CPU ms a picture", series, groups
    )


def _verdicts(
    turns: Turns, field: Mapping[str, Contestant], originals: list[Original]
) -> list[Verdict]:
    found = []
    for width_px, most in EQUAL_MAX.items():
        ratio = _ratio(turns, EQUAL, (width_px, "jpg")).median
        found.append(Verdict(f"CPU ÷ sharp with our settings, {width_px} px jpg", ratio, most))
    for width_px, most in DEFAULT_WEBP_MAX.items():
        for name in (DEFAULTS, IPX):
            ratio = _ratio(turns, name, (width_px, "webp")).median
            found.append(Verdict(f"CPU ÷ {name}, {width_px} px webp", ratio, most))
    for width_px in COUNTS:
        mine, theirs = (width_px, "avif"), (width_px, "webp")
        bytes_ratio = size_kb(field[OURS], originals, mine) / size_kb(
            field[DEFAULTS], originals, theirs
        )
        cpu_ratio = ratios(cpu(turns, OURS, mine), cpu(turns, DEFAULTS, theirs)).median
        found.append(Verdict(f"bytes of our AVIF ÷ their WebP, {width_px} px", bytes_ratio, 1))
        found.append(Verdict(f"CPU of our AVIF ÷ their WebP, {width_px} px", cpu_ratio, 1))
    return found
