"""Many at once: 64 equal cold requests, and the memory of 32 different ones."""

from __future__ import annotations

from contextlib import ExitStack

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
from benchmarks.rounds import Verdict, ratios, spread
from benchmarks.section import Section, Table
from tests.system.server import free_ports

NAME = "crowd"
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
    with ExitStack() as stack:
        made = stack.enter_context(product())
        made.know([original])
        ours = contestant_of(made)
        pid, port = stack.enter_context(node("sharp.mjs"))
        sharp = Contestant("sharp", pid, sharp_url(port, "ours"))
        pid, port = stack.enter_context(node("ipx.mjs"))
        peers = [sharp, Contestant("IPX", pid, ipx_url(port)), _thumbor(stack)]
        rendered = [_stampede(ours, original) for _ in range(rounds)]
        counted = _renders(made.server.log_lines("preview_answered"), EQUAL)
        others = {peer.name: [_stampede(peer, original) for _ in range(rounds)] for peer in peers}
        peaks: dict[str, list[float]] = {"edgeproof": [], "sharp": []}
        bare = stack.enter_context(product(memory_cache_mb="0"))
        bare.know([original])
        renderer = contestant_of(bare)
        idle = {"edgeproof": pss_mb(renderer.pid), "sharp": pss_mb(sharp.pid)}
        for number in range(rounds):
            pair = [("edgeproof", renderer), ("sharp", sharp)][:: -1 if number % 2 else 1]
            for name, one in pair:
                peaks[name].append(_peak_mb(one, original))
    section = Section(NAME, "Many at once", METHOD, rounds=rounds)
    rows = [["edgeproof", spread(rendered).text(1), f"{counted:.2f} a stampede"]]
    rows += [[name, spread(values).text(1), ""] for name, values in others.items()]
    section.tables.append(Table(["who", "renders' worth of CPU", "by its log"], rows, "Stampede."))
    memory = [[name, f"{idle[name]:.0f}", spread(peaks[name]).text(0)] for name in peaks]
    section.tables.append(Table(["who", "before MB", "peak MB"], memory, "Memory."))
    ratio = ratios(peaks["edgeproof"], peaks["sharp"]).median
    section.verdicts += [
        Verdict(f"renders for {EQUAL} equal cold requests", counted, 1),
        Verdict("peak memory ÷ sharp", ratio, 1),
    ]
    return section


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
