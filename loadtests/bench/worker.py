"""The Worker's CPU for one signed hit in workerd, and the share of HMAC in it."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cache_keys.keyring import parse_ring
from edge.build import ROOT
from edge.deployment import Deployment
from edge.local import HOSTS, free_port, started, wait_for
from edge.local_worker import MODULES, worker_secrets, zone_cache
from loadtests.bench.varnish import ASSET, CONNECTIONS, RING, Tally, backend, cpu_s, hits
from loadtests.shop import CATALOGUE, TENANT
from loadtests.visitor import signed

WORKERD: Final = MODULES / "@cloudflare" / "workerd-linux-64" / "bin" / "workerd"
CONFIG: Final = """\
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:@PORT@", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [@MODULES@],
  compatibilityDate = "2026-09-01",
  bindings = [@BINDINGS@],
);
"""
#: Requests for one picture that are under way together share a fetch: a hit by itself is seen only
#: where neighbours ask for others.
PICTURES: Final = 256
IN_TURN: Final = """\
local targets, at = {@TARGETS@}, 0
request = function()
    at = at % #targets + 1
    return wrk.format("GET", targets[at])
end
"""
#: Between no check of a signature and so many lies what one costs.
CHECKS: Final = 200
ROUNDS: Final = 5
SIGNED: Final = "signed hit"
EMPTY: Final = "empty Worker"
MANY_CHECKS: Final = f"{CHECKS} checks of a MAC"
#: One round of so many seconds.
Case = Callable[[float], Tally]


@contextmanager
def _workerd(folder: Path, main: Path, bindings: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Run a module of the repository in workerd itself, without wrangler; yield URL and pid."""
    folder.mkdir()
    port = free_port()
    names = {f"{main.parent.name}/{path.name}": path for path in (main, *main.parent.glob("*.js"))}
    names |= {f"js/{path.name}": path for path in sorted((ROOT / "edge" / "js").glob("*.js"))}
    for name, path in names.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(path.read_text("utf-8"))
    modules = ", ".join(f'(name = "{name}", esModule = embed "{name}")' for name in names)
    texts = ", ".join(
        f"(name = {json.dumps(name)}, text = {json.dumps(value)})"
        for name, value in bindings.items()
    )
    text = CONFIG.replace("@PORT@", str(port)).replace("@MODULES@", modules)
    config, log = folder / "config.capnp", folder / "workerd.log"
    config.write_text(text.replace("@BINDINGS@", texts))
    with started([str(WORKERD), "serve", str(config)], log) as process:
        wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}", process.pid


def measure(seconds: float, rounds: int = ROUNDS) -> str:
    """Return the table: CPU of workerd (all its threads) for each kind of request."""
    with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as name, backend() as port:
        folder = Path(name)
        described = Deployment(HOSTS, {CATALOGUE: 604_800})
        secrets = worker_secrets(RING, {"e1": "5e" * 32})
        doubles = Path(__file__).parents[1] / "doubles"
        with zone_cache(f"127.0.0.1:{port}", folder) as cache:
            bindings = described.variables() | secrets | {"EDGEPROOF_UPSTREAM": cache}
            with (
                _workerd(
                    folder / "edge", ROOT / "edge" / "cloudflare" / "index.js", bindings
                ) as edge,
                _workerd(folder / "hmac", doubles / "hmac_worker.js", {}) as hmac,
                _workerd(folder / "bare", doubles / "fetch_worker.js", bindings) as bare,
            ):
                cases = _cases(edge, hmac, folder) | _bare_cases(bare, folder)
                found: dict[str, list[Tally]] = {name: [] for name in cases}
                for _ in range(rounds):
                    for case_name, case in cases.items():
                        found[case_name].append(case(seconds))
                return _table(found)


def _cases(edge: tuple[str, int], hmac: tuple[str, int], folder: Path) -> dict[str, Case]:
    ours, now = [_asked(TENANT, number) for number in range(PICTURES)], int(time.time())
    asked = [signed(path, parse_ring(RING), now, 86_400, "") for path in ours]
    wrong = edge[0] + asked[0][:-4] + "0000"
    return {
        SIGNED: in_turn(edge, asked, folder / "signed.lua"),
        "signed hit, all of one picture": lambda s: hits(edge[0] + asked[0], edge[1], s),
        "unsigned hit (public tenant)": in_turn(
            edge, [_asked(CATALOGUE, number) for number in range(PICTURES)], folder / "public.lua"
        ),
        "refused, wrong signature": lambda s: hits(wrong, edge[1], s, is_refused=True),
        EMPTY: lambda s: hits(hmac[0] + "/", hmac[1], s, "times: 0"),
        MANY_CHECKS: lambda s: hits(hmac[0] + "/", hmac[1], s, f"times: {CHECKS}"),
    }


def _bare_cases(bare: tuple[str, int], folder: Path) -> dict[str, Case]:
    paths = [_asked(TENANT, number) for number in range(PICTURES)]
    return {"Worker that only fetches": in_turn(bare, paths, folder / "bare.lua")}


def _asked(tenant: str, number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    photo = letters[number // 32] + letters[number % 32] + ASSET[2:]
    return f"/v1/{tenant}/{photo}/w_640.jpg"


def in_turn(server: tuple[str, int], targets: Sequence[str], script: Path) -> Case:
    """Return a case that asks for targets one after the other. server: its URL and pid."""
    script.write_text(IN_TURN.replace("@TARGETS@", ", ".join(map(json.dumps, targets))), "utf-8")

    def measured(seconds: float) -> Tally:
        before = cpu_s(server[1])
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(script)]
        ran = subprocess.run([*command, server[0]], capture_output=True, text=True, check=True)  # noqa: S603
        spent = cpu_s(server[1]) - before
        rate = re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)
        count = re.search(r"(\d+) requests in", ran.stdout)
        if rate is None or count is None or "Non-2xx" in ran.stdout or "Socket err" in ran.stdout:
            raise RuntimeError(ran.stdout)
        return Tally(float(rate[1]), spent / int(count[1]) * 1e6)

    return measured


def _table(found: dict[str, list[Tally]]) -> str:
    cpu = {name: statistics.median(tally.cpu_us for tally in found[name]) for name in found}
    lines = [
        "| workerd, hits of 30 kB | requests/s | µs CPU a request (min to max) |",
        "|---|---|---|",
    ]
    for name, tallies in found.items():
        spent = [tally.cpu_us for tally in tallies]
        rate = statistics.median(tally.rate for tally in tallies)
        lines.append(
            f"| {name} | {rate:,.0f} | {cpu[name]:.0f} ({min(spent):.0f} to {max(spent):.0f}) |"
        )
    one = (cpu[MANY_CHECKS] - cpu[EMPTY]) / CHECKS
    share = one / cpu[SIGNED]
    lines.append("")
    lines.append(f"One HMAC check (WebCrypto) is {one:.1f} µs: {share:.0%} of a signed hit.")
    return "\n".join(lines)


def workerd_version() -> str:
    """Return what workerd says it is."""
    done = subprocess.run([str(WORKERD), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()
