"""The real edges before one recording backend, asked in one way: Varnish, and workerd."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from cache_keys import parse_ring, read_target, sign
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from tests.conftest import missing
from tests.edge.js_worker import worker, worker_secrets, zone_cache
from tests.edge.varnish import Backend, site_vcl, varnishd, write_conf

HOST = "127.0.0.1"
MASTER, OWN, PURGE = "c" * 64, "0a" * 32, "5e" * 32
RING_TEXT = json.dumps({"k1": {"master": MASTER, "tenants": "all", "retired": None}})
RING = parse_ring(RING_TEXT.encode())
DAY_S = 86_400
KINDS = ("varnish", "workerd")


@dataclass
class Front:
    """One running edge; backend: the origin's place, which records what it is asked."""

    port: int
    backend: Backend

    def __post_init__(self) -> None:
        self._connection = HTTPConnection(HOST, self.port, timeout=60)

    def ask(
        self, target: str, fields: Mapping[str, str] | None = None, method: str = "GET"
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask on a connection that is kept; return status, fields in lower case, body."""
        self._connection.request(method, target, headers=dict(fields or {}))
        answer = self._connection.getresponse()
        body = answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def asked(self, path: str) -> int:
        """Return how often the backend was asked for a path."""
        return self.backend.paths().count(path)


def asset(number: int) -> str:
    """Return the id of one of 1,024 photos."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return letters[number // 32] + letters[number % 32] + "a" * 49 + "q"


def signed(path: str, *, days: int = 1, scope: str = "") -> str:
    """Return path and query, signed until the end of a day from now."""
    now = int(time.time())
    exp = (now // DAY_S + days) * DAY_S + DAY_S - 1
    return sign(read_target(path.encode()), RING, "k1", exp, now=now, scope=scope)


@contextmanager
def front(kind: str, folder: Path) -> Iterator[Front]:
    """Run one of the edges before a backend of its own."""
    what = find_missing()
    if what is not None:
        missing(what)
    backend = Backend()
    try:
        if kind == "varnish":
            main = write_conf(
                folder / "edge",
                site=site_vcl(backend.port, host=HOST),
                deployment=Deployment((HOST,), {"catalogue": 604_800}),
                secrets=Secrets(RING, ("e1", OWN), PURGE),
            )
            with varnishd(main) as running, closing(Front(running.port, backend)) as edge:
                yield edge
            return
        (folder / "ring.json").write_text(RING_TEXT)
        secrets = worker_secrets(folder / "ring.json", {"e1": OWN})
        with (
            zone_cache(backend.port, folder) as cache,
            worker(cache, folder, secrets, public_tenants="catalogue=604800") as base,
            closing(Front(int(base.rpartition(":")[2]), backend)) as edge,
        ):
            yield edge
    finally:
        backend.stop()
