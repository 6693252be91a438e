"""Varnish with our VCL against Varnish with a bare one: hits by wrk, in turns, one run."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

import psutil

from cache_keys.keyring import parse_ring
from edge.local import HOSTS, Local, free_port, started, wait_for
from edge.local_varnish import varnish
from loadtests.browsers import CHROMIUM
from loadtests.edges import PURGE_SECRET
from loadtests.shop import CATALOGUE, TENANT
from loadtests.verdict import Check
from loadtests.visitor import signed

RING: Final = b'{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % (b"c5" * 32)
PICTURE: Final = b"\xff\xd8" + bytes(30_000)
ASSET: Final = "a" * 52
CONNECTIONS: Final = 16
ROUNDS: Final = 5
UNSIGNED_MIN, SIGNED_MIN = 0.75, 0.60
BARE: Final = """vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "PORT"; }
sub vcl_recv { return (hash); }
sub vcl_backend_response { set beresp.ttl = 1d; }
"""
TEN_OPS: Final = (
    "w_500,h_300,dpr_2,c_1000_1000_90000_90000,r_90,fl_h,fit_cover,g_ne,bg_ffffff,q_80.auto"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """One round: requests a second, and CPU of the server for each, µs."""

    rate: float
    cpu_us: float


class _Picture(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "image/jpeg")
        self.send_header("cache-control", "public, max-age=60")
        self.send_header("cdn-cache-control", "max-age=31536000")
        self.send_header("etag", '"picture"')
        self.send_header("content-length", str(len(PICTURE)))
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


@contextmanager
def backend() -> Iterator[int]:
    """Serve one picture, as the origin dresses it for an edge; yield the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Picture)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@contextmanager
def _bare(port: int, backend: int, folder: Path) -> Iterator[int]:
    folder.mkdir()
    main, log = folder / "bare.vcl", folder / "bare.log"
    main.write_text(BARE.replace("PORT", str(backend)))
    command = ["varnishd", "-j", "none", "-F", "-n", str(folder / "n"), "-T", "none"]
    command += ["-a", f"127.0.0.1:{port}", "-f", str(main), "-s", "malloc,64m"]
    with started(command, log) as process:
        wait_for(port, process, log)
        yield process.pid


def measure(seconds: float, rounds: int = ROUNDS) -> tuple[list[Check], str]:
    """Return the two limits as checks, and the table of all cases."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="edgeproof-bench-")))
        picture_port = stack.enter_context(backend())
        bare_port, own_port = free_port(), free_port()
        bare = stack.enter_context(_bare(bare_port, picture_port, folder / "bare"))
        own_folder = folder / "own"
        own_folder.mkdir()
        public, names = {CATALOGUE: 604_800}, frozenset({TENANT, CATALOGUE})
        origin = f"127.0.0.1:{picture_port}"
        own = ("e1", "5e" * 32)
        secrets = (RING, own, PURGE_SECRET)
        local = Local(own_port, origin, HOSTS[0], own_folder, *secrets, public, names)
        ours = stack.enter_context(varnish(local)).pid
        cases = _cases(bare_port, bare, own_port, ours)
        found: dict[str, list[Tally]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, (url, pid) in cases.items():
                found[name].append(hits(url, pid, seconds))
    return _checks(found), _table(found)


def _cases(bare_port: int, bare: int, own_port: int, ours: int) -> dict[str, tuple[str, int]]:
    own, ring, now = f"http://127.0.0.1:{own_port}", parse_ring(RING), int(time.time())

    def ask(leaf: str) -> str:
        return own + signed(f"/v1/{TENANT}/{ASSET}/{leaf}", ring, now, 86_400, "")

    unsigned = f"/v1/{CATALOGUE}/{ASSET}/w_640.jpg"
    bare_url = f"http://127.0.0.1:{bare_port}{unsigned}"
    return {
        "bare VCL": (bare_url, bare),
        "bare VCL again (null pair)": (bare_url, bare),
        "unsigned, canonical": (own + unsigned, ours),
        "signed, one op": (ask("w_640.jpg"), ours),
        "signed, ten ops, .auto": (ask(TEN_OPS), ours),
    }


def hits(
    url: str,
    pid: int,
    seconds: float,
    field: str = f"Accept: {CHROMIUM}",
    *,
    is_refused: bool = False,
) -> Tally:
    """Ask for one URL as fast as wrk can. pid: of the program whose CPU is counted, children too.

    Raises RuntimeError when an answer is not what it must be.
    """
    before = cpu_s(pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-H", field, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    spent = cpu_s(pid) - before
    if ("Non-2xx" in said) != is_refused or "Socket errors" in said:
        raise RuntimeError(said)
    rate, count = (
        re.search(r"Requests/sec:\s+([\d.]+)", said),
        re.search(r"(\d+) requests in", said),
    )
    assert rate is not None, said
    assert count is not None, said
    return Tally(float(rate[1]), spent / int(count[1]) * 1e6)


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process and all below it have used."""
    root = psutil.Process(pid)
    spent = [process.cpu_times() for process in [root, *root.children(recursive=True)]]
    return float(sum(times.user + times.system for times in spent))


def ratios(found: dict[str, list[Tally]], name: str) -> list[float]:
    """Return a case's throughput against the bare VCL's in the same round."""
    bare = found["bare VCL"]
    return [tally.rate / bare[turn].rate for turn, tally in enumerate(found[name])]


def _checks(found: dict[str, list[Tally]]) -> list[Check]:
    limits = {"unsigned, canonical": UNSIGNED_MIN, "signed, one op": SIGNED_MIN}
    checks = []
    for name, least in limits.items():
        ratio = statistics.median(ratios(found, name))
        rule = f"Varnish hits, {name}: of a bare VCL's throughput"
        checks.append(Check(rule, f"{ratio:.2f}", f"at least {least}", ratio >= least))
    return checks


def _table(found: dict[str, list[Tally]]) -> str:
    lines = [
        "| Varnish, hits of 30 kB | requests/s | against bare (min to max) | µs CPU a hit |",
        "|---|---|---|---|",
    ]
    for name, rounds in found.items():
        against = ratios(found, name)
        rate = statistics.median(tally.rate for tally in rounds)
        cpu = statistics.median(tally.cpu_us for tally in rounds)
        spread = f"{statistics.median(against):.2f} ({min(against):.2f} to {max(against):.2f})"
        lines.append(f"| {name} | {rate:,.0f} | {spread} | {cpu:.1f} |")
    return "\n".join(lines)
