"""Hot previews: what is stored, out of memory and off the disk, against nginx and Varnish."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import Product, Wanted, await_answer, product
from benchmarks.install import CACHE, program
from benchmarks.load import ask
from benchmarks.photos import phones
from benchmarks.processes import running, tree
from benchmarks.rounds import Verdict, alternate, ratios, spread
from benchmarks.section import Plot, Section, Table
from tests.system.server import free_ports

NAME = "hot"
#: Seconds of one turn, connections, and distinct pictures of about 30 kB (an 480 px WebP).
TURN_S, CONNECTIONS, PICTURES = 3, 32, 64
#: The server has one core, the client the other: "one process" is then the same for everyone.
SERVER_CPU, CLIENT_CPU = "0", "1"
#: More cold renders than are made while 600 hits are timed; the loader needs a second to start.
COLD_MAX, LOADED_AFTER_S = 1_000, 3.0
MEMORY, DISK, AGAIN = "edgeproof, memory", "edgeproof, disk", "edgeproof, memory, again"
NGINX, VARNISH, UNCHANGED = "nginx sendfile", "Varnish hit", "edgeproof, 304"

METHOD = f"""\
{PICTURES} stored previews of about 30 kB, asked for by wrk with {CONNECTIONS} kept connections
for {TURN_S} s a turn. Every server runs on one core (taskset) and wrk on the other. edgeproof is
one HTTP process; each request is signed, verified, counted and has its log line. nginx sends the
same bytes from files with sendfile, one worker, no access log; Varnish hits the same bytes in
memory. "disk" is edgeproof without its memory cache: each
answer is read from its file again, and its digest checked. The
last table has the latency of hits on an idle server and while cold renders keep all cores busy,
one request at a time."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What wrk saw in one turn."""

    per_s: float
    p99_ms: float


def measure(rounds: int) -> Section:
    """Run all rounds."""
    with ExitStack() as stack:
        memory = stack.enter_context(_stored({}))
        again = stack.enter_context(_stored({}))
        disk = stack.enter_context(_stored({"memory_cache_mb": "0"}))
        nginx = stack.enter_context(_nginx(memory))
        varnish = stack.enter_context(_varnish(nginx))
        contestants: dict[str, Callable[[int], Shot]] = {
            MEMORY: lambda _: wrk(memory),
            AGAIN: lambda _: wrk(again),
            UNCHANGED: lambda _: wrk(memory, is_conditional=True),
            DISK: lambda _: wrk(disk),
            NGINX: lambda _: wrk(nginx),
            VARNISH: lambda _: wrk(varnish),
        }
        for contestant in contestants.values():
            contestant(0)
        shots: dict[str, list[Shot]] = alternate(rounds, contestants)
    idle_ms, busy_ms = _under_load(rounds)
    section = Section(NAME, "Hot previews", METHOD, rounds=rounds)
    per_s = {name: [shot.per_s for shot in found] for name, found in shots.items()}
    section.tables += [_table(shots, per_s), _latency(idle_ms, busy_ms)]
    groups = {name: [spread(found).bar()] for name, found in per_s.items() if name != AGAIN}
    section.plots.append(
        Plot("benchmark-hot", "Stored previews, one core", "requests/s", ["server"], groups)
    )
    section.verdicts += _verdicts(per_s, idle_ms, busy_ms)
    return section


@dataclass(frozen=True, slots=True)
class Hot:
    """A server that has pictures: their URLs, and its bytes and validators by URL."""

    urls: list[str]
    bodies: list[bytes]
    etags: list[str]
    folder: Path


@contextmanager
def _stored(settings: Mapping[str, str]) -> Iterator[Hot]:
    """Run edgeproof with all pictures made, on its one core."""
    with product(**settings) as made:
        original = phones()[0]
        made.know([original])
        asset = made.assets[original.name]
        # Crops of one photo at one size: distinct pictures of like size.
        leaves = [f"w_480,c_{100 * n}_0_60000_60000.webp" for n in range(PICTURES)]
        urls = [made.server.url(asset, leaf) for leaf in leaves]
        bodies = [bytes(reply.body) for reply in ask(urls, at_once=4)[1]]
        etags = [made.server.http.head(url).headers["etag"] for url in urls]
        pin(made.pid)
        yield Hot(urls, bodies, etags, made.server.data_dir)


def pin(pid: int) -> None:
    """Keep a tree of processes on the servers' core."""
    for each in tree(pid):
        subprocess.run(["taskset", "-apc", SERVER_CPU, str(each)], capture_output=True, check=True)


@contextmanager
def _nginx(same: Hot) -> Iterator[Hot]:
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="edgeproof-nginx-") as name:
        folder = Path(name)
        (folder / "files").mkdir()
        for number, body in enumerate(same.bodies):
            (folder / "files" / f"{number}.webp").write_bytes(body)
        (folder / "nginx.conf").write_text(NGINX_CONF.format(folder=folder, port=port))
        folder.chmod(0o755)
        log = CACHE / "nginx.log"
        with running(
            [program("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(log)], log
        ) as pid:
            urls = [f"http://127.0.0.1:{port}/{number}.webp" for number in range(PICTURES)]
            await_answer(urls[0])
            pin(pid)
            yield Hot(urls, same.bodies, [], folder)


NGINX_CONF = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; user root;
events {{ worker_connections 1024; }}
http {{
  sendfile on; tcp_nopush on; access_log off; keepalive_requests 100000000;
  open_file_cache max=1000; types {{ image/webp webp; }}
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""
VCL = """\
vcl 4.1;
backend origin {{ .host = "127.0.0.1"; .port = "{port}"; }}
sub vcl_backend_response {{ set beresp.ttl = 1h; }}
"""


@contextmanager
def _varnish(behind: Hot) -> Iterator[Hot]:
    port = free_ports(1)[0]
    origin = behind.urls[0].split("/")[2].rpartition(":")[2]
    with tempfile.TemporaryDirectory(prefix="edgeproof-varnish-") as name:
        folder = Path(name)
        (folder / "default.vcl").write_text(VCL.format(port=origin))
        command = [
            program("varnishd"),
            "-F",
            "-j",
            "none",
            "-n",
            str(folder / "work"),
            "-s",
            "malloc,100m",
        ]
        command += ["-a", f"127.0.0.1:{port}", "-f", str(folder / "default.vcl")]
        with running(command, CACHE / "varnish.log") as pid:
            urls = [f"http://127.0.0.1:{port}/{number}.webp" for number in range(PICTURES)]
            await_answer(urls[0])
            ask(urls)
            pin(pid)
            yield Hot(urls, behind.bodies, [], folder)


LUA = """\
local targets = {{{targets}}}
local fields = {{{fields}}}
local requests, at = {{}}, 0
init = function()
  for i, target in ipairs(targets) do
    local own = fields[i] and {{["If-None-Match"] = fields[i]}} or nil
    requests[i] = wrk.format("GET", target, own)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local e = summary.errors
  local bad = e.connect + e.read + e.write + e.timeout + e.status
  local per_s = summary.requests / summary.duration * 1e6
  io.write(string.format("SHOT %f %f %d\\n", per_s, latency:percentile(99) / 1000, bad))
end
"""


def wrk(hot: Hot, *, is_conditional: bool = False) -> Shot:
    """Ask for all pictures in turn; raises RuntimeError when an answer is an error."""
    parts = hot.urls[0].split("/")
    targets = ",".join(f'"/{url.split("/", 3)[3]}"' for url in hot.urls)
    fields = ",".join(f"[=[{etag}]=]" for etag in hot.etags) if is_conditional else ""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA.format(targets=targets, fields=fields))
        script.flush()
        command = ["taskset", "-c", CLIENT_CPU, program("wrk"), "-t1", f"-c{CONNECTIONS}"]
        command += [f"-d{TURN_S}s", "-s", script.name, f"http://{parts[2]}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"SHOT ([0-9.]+) ([0-9.]+) ([0-9]+)", done.stdout)
    if found is None or found[3] != "0":
        raise RuntimeError(done.stdout[-500:])
    return Shot(float(found[1]), float(found[2]))


def _under_load(rounds: int) -> tuple[list[float], list[float]]:
    """Return p99 of hits in ms, round by round: idle, and while cold renders fill all cores."""
    idle, busy = [], []
    with product() as made:
        originals = phones()
        made.know(originals)
        hot = made.url(Wanted(originals[0], 320, "webp"))
        ask([hot])
        for _ in range(rounds):
            idle.append(_p99_ms(hot))
            with _loaded(made):
                busy.append(_p99_ms(hot))
    return idle, busy


@contextmanager
def _loaded(made: Product) -> Iterator[None]:
    """Keep all cores busy with cold renders, asked for by a process of its own."""
    cores = os.cpu_count() or 1
    urls = [made.url(Wanted(phones()[0], 1200, "webp")) for _ in range(COLD_MAX)]
    loader = multiprocessing.get_context("spawn").Process(
        target=ask, args=(urls,), kwargs={"at_once": 2 * cores}
    )
    loader.start()
    time.sleep(LOADED_AFTER_S)
    try:
        yield
        if not loader.is_alive():
            raise RuntimeError("the cold renders were over too soon")
    finally:
        loader.terminate()
        loader.join()


def _p99_ms(url: str, count: int = 600) -> float:
    _, replies = ask([url] * count)
    times = sorted(reply.seconds for reply in replies)
    return 1_000 * times[int(0.99 * count)]


def _table(shots: Mapping[str, list[Shot]], per_s: Mapping[str, list[float]]) -> Table:
    rows = []
    for name, found in shots.items():
        rows.append(
            [
                name,
                spread(per_s[name]).text(0),
                spread(shot.p99_ms for shot in found).text(1),
                ratios(per_s[name], per_s[NGINX]).text(2),
                ratios(per_s[name], per_s[VARNISH]).text(2),
            ]
        )
    return Table(["server", "requests/s (min to max)", "p99 ms", "÷ nginx", "÷ Varnish"], rows)


def _latency(idle_ms: list[float], busy_ms: list[float]) -> Table:
    rows = [["idle", spread(idle_ms).text(2)], ["under cold load", spread(busy_ms).text(2)]]
    rows.append(["busy ÷ idle", ratios(busy_ms, idle_ms).text(1)])
    return Table(["hits", "p99 ms (min to max)"], rows, "Hits beside cold work.")


def _verdicts(
    per_s: Mapping[str, list[float]], idle_ms: list[float], busy_ms: list[float]
) -> list[Verdict]:
    def share(one: str, other: str) -> float:
        return ratios(per_s[one], per_s[other]).median

    return [
        Verdict("requests/s ÷ nginx, memory", share(MEMORY, NGINX), 0.4, is_least=True),
        Verdict("requests/s ÷ Varnish, memory", share(MEMORY, VARNISH), 0.8, is_least=True),
        Verdict("requests/s of 304 ÷ of 200", share(UNCHANGED, MEMORY), 1, is_least=True),
        Verdict("requests/s ÷ nginx, disk", share(DISK, NGINX), 0.15, is_least=True),
        Verdict("p99 of hits, busy ÷ idle", ratios(busy_ms, idle_ms).median, 5),
    ]
