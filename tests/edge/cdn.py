"""The CDN double before a real Varnish and an origin whose pictures have a generation."""

from __future__ import annotations

import hashlib
import threading
import time
from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import uvicorn
from starlette.types import ASGIApp

from cache_keys import parse_ring
from edge.deployment import Deployment
from edge.varnish_policy import Secrets
from edgeproof.cdn_double.app import make_app
from edgeproof.cdn_double.desk import Accounts
from edgeproof.cdn_double.network import Network
from tests.edge.varnish import (
    Answer,
    Backend,
    Reply,
    Seen,
    Varnish,
    picture,
    site_vcl,
    varnishd,
    write_conf,
)
from tests.system.server import free_ports

HOST = "img.shop.example"
SECRET = "5e" * 32
RING = parse_ring(b'{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % (b"c" * 64))
#: The tenant that answers without a signature.
TENANT = "catalogue"
#: A busy machine may need this long; nothing waits that long when all is well.
WAIT_S = 30.0


class Shop(Backend):
    """An origin whose answers carry the generation that is current when they are made."""

    def __init__(self) -> None:
        super().__init__()
        self.generation = 0
        self.erased: set[str] = set()
        self.reply = self._picture

    def _picture(self, seen: Seen) -> Reply:
        asset = seen.path.split("/")[3]
        if asset in self.erased:
            return Reply(
                410,
                {"content-type": "application/problem+json", "cdn-cache-control": "max-age=3600"},
                b'{"status":410,"code":"asset.erased","detail":"This photo was erased."}',
            )
        shown = picture(seen)
        headers = {**shown.headers, "edgeproof-generation": str(self.generation)}
        headers["etag"] = f'"{asset[:6]}-{self.generation}"'
        return Reply(200, headers, str(self.generation).encode())


def asset_called(name: str) -> str:
    """Return an asset id that no other name has."""
    return b32encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=").lower()


def path_of(asset: str, leaf: str = "w_320.jpg") -> str:
    """Return the canonical path of a picture that needs no signature."""
    return f"/v1/{TENANT}/{asset}/{leaf}"


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@contextmanager
def edge_before(shop: Backend, folder: Path, *, secret: str = SECRET) -> Iterator[Varnish]:
    """Run a Varnish edge before an origin."""
    main = write_conf(
        folder,
        site=site_vcl(shop.port, host=HOST),
        deployment=Deployment((HOST, "127.0.0.1"), {TENANT: 604_800}),
        secrets=Secrets(RING, ("e1", "0a" * 32), secret),
    )
    with varnishd(main) as running:
        yield running


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on loopback from a thread; give its base URL."""
    port = free_ports(1)[0]
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, "the double starts")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)


@dataclass
class Cdn:
    """A running double, its Varnish and its origin."""

    shop: Shop
    edge: Varnish
    double_url: str
    accounts: Accounts
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=WAIT_S))

    @property
    def edge_url(self) -> str:
        return f"http://127.0.0.1:{self.edge.port}"

    def ask(self, path: str) -> Answer:
        """Ask the edge as a browser does."""
        answer = self.edge.ask(path)
        assert answer.status in (200, 410), (answer.status, answer.body)
        return answer

    def generation(self, path: str) -> int:
        """Return the generation that the edge shows."""
        return int(self.ask(path).headers["edgeproof-generation"])

    def fail(self, vendor: str, failure: str, **how: float | None) -> None:
        """Plan a failure through the control endpoint."""
        answer = self.http.post(
            f"{self.double_url}/double/faults", json={"vendor": vendor, "failure": failure, **how}
        )
        assert answer.status_code == 201, answer.text

    def calm(self) -> None:
        """Forget what was planned."""
        assert self.http.delete(f"{self.double_url}/double/faults").status_code == 204

    def calls(self) -> list[dict[str, object]]:
        """Return the calls that were made so far."""
        calls: list[dict[str, object]] = self.http.get(f"{self.double_url}/double").json()["calls"]
        return calls


@contextmanager
def running_cdn(
    folder: Path, accounts: Accounts | None = None, now: Callable[[], float] = time.time
) -> Iterator[Cdn]:
    """Run an origin, a Varnish and the double before it."""
    folder.mkdir(parents=True, exist_ok=True)
    shop, used = Shop(), accounts or Accounts(hosts=(HOST, "127.0.0.1"))
    with edge_before(shop, folder / "edge") as edge:
        network = Network(f"http://127.0.0.1:{edge.port}", SECRET)
        with serving(make_app(network, used, now=now)) as double_url:
            cdn = Cdn(shop, edge, double_url, used)
            yield cdn
            cdn.http.close()
    shop.stop()
