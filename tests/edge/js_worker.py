"""The real Worker in workerd, and the cache that stands in for Cloudflare's zone."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from edge import local_worker
from edge.local import started
from tests.conftest import missing
from tests.system.server import free_ports

START_S = 60.0
MODULES = local_worker.MODULES


def node() -> str:
    """Return the Node that came from npm, else this machine's."""
    found = local_worker.node()
    if found is None:
        missing("Node (tools/edge-packages)")
    return str(found)


def script(*path: str) -> Path:
    """Return a script of an npm package; skips with its name when it is absent."""
    found = MODULES.joinpath(*path)
    if not found.is_file():
        missing(f"the npm package {path[0]} (tools/edge-packages)")
    return found


def environment() -> dict[str, str]:
    """Return the variables of a tool of npm: our Node first, nothing sent home."""
    path = f"{Path(node()).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if "EDGEPROOF" not in name}
    return kept | {"PATH": path, "WRANGLER_SEND_METRICS": "false", "CI": "1", "NO_COLOR": "1"}


@contextmanager
def worker(upstream: str, folder: Path, secrets: Mapping[str, str], **values: str) -> Iterator[str]:
    """Run the Worker before an upstream and yield its base URL.

    secrets: EDGEPROOF_KEY_RING and EDGEPROOF_EDGE_SECRETS. values: variables, in lower case.
    """
    script("wrangler", "bin", "wrangler.js")
    [port] = free_ports(1)
    variables = {"hosts": "127.0.0.1", "upstream": upstream, **values}
    named = {f"EDGEPROOF_{name.upper()}": value for name, value in variables.items()}
    command = local_worker.worker_command(port, folder, secrets, named)
    with started(command, folder / "worker.log", environment()) as process:
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/", process, folder / "worker.log")
        yield base


@contextmanager
def zone_cache(origin_port: int, folder: Path) -> Iterator[str]:
    """Run the bare cache before an origin and yield its base URL."""
    if shutil.which("varnishd") is None:
        missing("varnishd (Debian package varnish)")
    with local_worker.zone_cache(f"127.0.0.1:{origin_port}", folder) as base:
        yield base


def wait_for(url: str, process: subprocess.Popen[bytes], log_path: Path) -> None:
    """Wait until a program answers at all; raises RuntimeError with its log when it ends."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            httpx2.get(url, timeout=10)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer: {log_path.read_text()[-2000:]}")


def worker_secrets(ring_path: Path, edge_secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the two secrets of a Worker for an origin's ring."""
    return local_worker.worker_secrets(ring_path.read_bytes(), edge_secrets)
