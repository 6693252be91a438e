"""Many at once: 64 equal cold requests, and the memory of 32 different ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from benchmarks.contestants import (
    Contestant,
    Wanted,
    await_answer,
    contestant_of,
    ipx_url,
    node,
    product,
    sharp_url,
)
from benchmarks.install import CACHE, THUMBOR
from benchmarks.load import ask
from benchmarks.photos import FOLDER, Original, phones
from benchmarks.processes import Peak, cpu_s, pss_mb, running
from benchmarks.rounds import Verdict, alternate, ratios, spread
from benchmarks.section import Plot, Section, Table
from tests.system.server import free_ports

NAME = "crowd"
OURS, AGAIN, SHARP = "edgeproof", "edgeproof again", "sharp"
EQUAL, IN_FLIGHT = 64, 32

METHOD = f"""\
Stampede: {EQUAL} clients ask at the same moment for one picture that nobody has made (640 px, of
the 12 MP photo). How many times it is rendered is told by the CPU that it takes, in units of one
render by the same program; edgeproof's own log is counted as well. Memory: the most that the
whole tree of processes holds (sum of PSS, sampled every 20 ms) while {IN_FLIGHT} renders of 1200
px WebP from 12 MP photos are in flight. No peer keeps pictures in memory, so edgeproof's memory
cache is off there (it may hold EDGEPROOF_MEMORY_CACHE_MB on top)."""


def measure(rounds: int) -> Section:
    """Run all rounds."""
    original = phones()[0]
    section = Section(NAME, "Many at once", METHOD, rounds=rounds)
    with ExitStack() as stack:
        made = stack.enter_context(product())
        made.know([original])
        pid, port = stack.enter_context(node("sharp.mjs"))
        sharp = Contestant(SHARP, pid, sharp_url(port, "ours"))
        pid, port = stack.enter_context(node("ipx.mjs"))
        ipx = Contestant("IPX", pid, ipx_url(port))
        field = {one.name: one for one in (contestant_of(made), sharp, ipx, _thumbor(stack))}
        found = alternate(rounds, {name: partial(_turn, one) for name, one in field.items()})
        counted = _renders(made.server.log_lines("preview_answered"), EQUAL)
        renderers = {SHARP: sharp}
        for name in (OURS, AGAIN):
            bare = stack.enter_context(product(memory_cache_mb="0"))
            bare.know([original])
            renderers[name] = contestant_of(bare)
        idle = {name: pss_mb(one.pid) for name, one in renderers.items()}
        peaks = alternate(rounds, {name: partial(_peak, one) for name, one in renderers.items()})
    section.tables += [_stampede_table(found, counted), _memory_table(idle, peaks)]
    section.plots += [
        _plot("benchmark-stampede", f"{EQUAL} equal cold requests", "renders' worth of CPU", found),
        _plot("benchmark-memory", f"{IN_FLIGHT} renders in flight", "peak MB", peaks),
    ]
    section.verdicts += [
        Verdict(f"renders for {EQUAL} equal cold requests", counted, 1),
        Verdict("peak memory ÷ sharp", ratios(peaks[OURS], peaks[SHARP]).median, 1),
    ]
    return section


def _stampede_table(found: Mapping[str, list[float]], counted: float) -> Table:
    rows = [
        [name, spread(values).text(1), f"{counted:.2f} a stampede" if name == OURS else ""]
        for name, values in found.items()
    ]
    return Table(["who", "renders' worth of CPU", "by its log"], rows, "Stampede.")


def _memory_table(idle: Mapping[str, float], peaks: Mapping[str, list[float]]) -> Table:
    rows = [
        [name, f"{idle[name]:.0f}", spread(peaks[name]).text(0), share.text(2)]
        for name in (OURS, AGAIN, SHARP)
        for share in (ratios(peaks[OURS], peaks[name]),)
    ]
    head = ["who", "before MB", "peak MB (min to max)", "edgeproof ÷ it"]
    return Table(head, rows, "Memory; the null pair is a second edgeproof.")


def _plot(name: str, title: str, unit: str, found: Mapping[str, list[float]]) -> Plot:
    groups = {who: [spread(values).bar()] for who, values in found.items() if who != AGAIN}
    return Plot(name, title, unit, ["who"], groups)


def _turn(one: Contestant, _: int) -> float:
    return _stampede(one, phones()[0])


def _peak(one: Contestant, _: int) -> float:
    return _peak_mb(one, phones()[0])


def _thumbor(stack: ExitStack) -> Contestant:
    port = free_ports(1)[0]
    conf = CACHE / "thumbor.conf"
    conf.write_text(
        f"LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = '{FOLDER}'\n"
        "STORAGE = 'thumbor.storages.no_storage'\nRESULT_STORAGE = None\nALLOW_UNSAFE_URL = True\n"
    )
    command = [str(THUMBOR), "-p", str(port), "-i", "127.0.0.1", "-c", str(conf)]
    pid = stack.enter_context(running(command, CACHE / "thumbor.log"))
    await_answer(f"http://127.0.0.1:{port}/healthcheck")

    def url(wanted: Wanted) -> str:
        spec = f"{wanted.width_px}x0/filters:format({wanted.ext})"
        return f"http://127.0.0.1:{port}/unsafe/{spec}/{wanted.original.name}"

    return Contestant("thumbor", pid, url)


def _stampede(contestant: Contestant, original: Original) -> float:
    """Return how many renders' worth of CPU the equal requests took."""
    wanted = Wanted(original, 640, "webp")
    single = contestant.turn(wanted, 8, at_once=1).cpu_s / 8
    url = contestant.url(wanted)
    before = cpu_s(contestant.pid)
    ask([url] * EQUAL, at_once=EQUAL)
    return (cpu_s(contestant.pid) - before) / single


def _renders(lines: list[dict[str, object]], equal: int) -> float:
    """Return the mean number of renders of the paths that were asked for so often."""
    times: dict[object, list[object]] = {}
    for line in lines:
        times.setdefault(line["path"], []).append(line["hit"])
    crowds = [hits for hits in times.values() if len(hits) >= equal]
    return sum(hits.count("render") for hits in crowds) / len(crowds)


def _peak_mb(contestant: Contestant, original: Original) -> float:
    urls = [contestant.url(Wanted(original, 1200, "webp")) for _ in range(2 * IN_FLIGHT)]
    with Peak(contestant.pid) as peak:
        ask(urls, at_once=IN_FLIGHT)
    return peak.mb
