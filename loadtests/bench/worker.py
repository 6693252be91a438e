"""The Worker's CPU for one signed hit in workerd, and the share of HMAC in it."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cache_keys.keyring import parse_ring
from edge.build import ROOT
from edge.deployment import Deployment
from edge.local import HOSTS, free_port, started, wait_for
from edge.local_worker import MODULES, worker_secrets, zone_cache
from loadtests.bench.varnish import ASSET, RING, Tally, backend, hits
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
#: Between no check of a signature and so many lies what one costs.
CHECKS: Final = 200
ROUNDS: Final = 5


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
            ):
                return _table(_rounds(edge, hmac, seconds, rounds))


def _rounds(
    edge: tuple[str, int], hmac: tuple[str, int], seconds: float, rounds: int
) -> dict[str, list[Tally]]:
    path = f"/v1/{TENANT}/{ASSET}/w_640.jpg"
    asked = signed(path, parse_ring(RING), int(time.time()), 86_400, "")
    cases = {
        "signed hit": (edge[0] + asked, edge[1], "x: y"),
        "unsigned hit (public tenant)": (
            f"{edge[0]}/v1/{CATALOGUE}/{ASSET}/w_640.jpg",
            edge[1],
            "x: y",
        ),
        "refused, wrong signature": (edge[0] + asked[:-4] + "0000", edge[1], "x: y"),
        "empty Worker": (hmac[0] + "/", hmac[1], "times: 0"),
        f"{CHECKS} checks of a MAC": (hmac[0] + "/", hmac[1], f"times: {CHECKS}"),
    }
    found: dict[str, list[Tally]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (url, pid, field) in cases.items():
            found[name].append(hits(url, pid, seconds, field, is_refused="refused" in name))
    return found


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
    one = (cpu[f"{CHECKS} checks of a MAC"] - cpu["empty Worker"]) / CHECKS
    share = one / cpu["signed hit"]
    lines.append("")
    lines.append(f"One HMAC check (WebCrypto) is {one:.1f} µs: {share:.0%} of a signed hit.")
    return "\n".join(lines)


def workerd_version() -> str:
    """Return what workerd says it is."""
    done = subprocess.run([str(WORKERD), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()
