"""The edges under load: Varnish, or workerd with the cache that stands in for Cloudflare's zone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from edge.deployment import Deployment
from edge.local import HOSTS, Local, free_port, started, wait_for
from edge.local_varnish import varnish
from edge.local_worker import worker_command, worker_secrets, zone_cache
from loadtests.house import EDGE_SECRETS, House
from loadtests.shop import CATALOGUE, TENANT

KINDS: Final = ("varnish", "cloudflare")
PURGE_SECRET: Final = "a5" * 32
BROWSER_MAX_AGE_S: Final = 604_800
TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge. cache: base URL of the cache that takes soft purges. pid: its program."""

    kind: str
    url: str
    cache: str
    pid: int

    def soften(self, keys: Iterable[str]) -> int:
        """Make pictures stale in the edge's cache; return how many were there."""
        connection = HTTPConnection(self.cache.partition("//")[2], timeout=TIMEOUT_S)
        found = 0
        for key in keys:
            connection.request("SOFTPURGE", key, headers={"Edgeproof-Purge": PURGE_SECRET})
            answer = connection.getresponse()
            body = answer.read()
            if self.kind == "varnish":
                found += int(json.loads(body)["objects"])
            else:
                found += answer.status == 204
        connection.close()
        return found


@contextmanager
def running_edge(kind: str, house: House, folder: Path) -> Iterator[Edge]:
    """Run an edge with an empty cache before an origin; its files end with the block."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port, [own] = free_port(), json.loads(EDGE_SECRETS).items()
    local = Local(
        port=port,
        origin=house.settings.public_bind,
        host=HOSTS[0],
        folder=folder,
        ring=house.settings.ring_path.read_bytes(),
        own=own,
        purge=PURGE_SECRET,
        public_tenants={CATALOGUE: BROWSER_MAX_AGE_S},
        tenants=frozenset({TENANT, CATALOGUE}),
    )
    url = f"http://127.0.0.1:{port}"
    try:
        if kind == "varnish":
            with varnish(local) as process:
                yield Edge(kind, url, url, process.pid)
        else:
            with _cloudflare(local) as (cache, pid):
                yield Edge(kind, url, cache, pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _cloudflare(local: Local) -> Iterator[tuple[str, int]]:
    variables = Deployment(HOSTS, local.public_tenants).variables()
    secrets = worker_secrets(local.ring, dict([local.own]))
    log = local.folder / "worker.log"
    with zone_cache(local.origin, local.folder) as cache:
        command = worker_command(
            local.port, local.folder, secrets, variables | {"EDGEPROOF_UPSTREAM": cache}
        )
        with started(command, log) as process:
            wait_for(local.port, process, log)
            yield cache, process.pid
