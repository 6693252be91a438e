"""A real origin behind a Varnish shield, and an outer Varnish that two vendors' doubles purge."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from edge.deployment import Deployment
from edge.varnish_policy import Secrets
from edgeproof.cdn_double.app import make_app
from edgeproof.cdn_double.desk import Accounts
from edgeproof.cdn_double.network import Network
from tests.edge.cdn import serving
from tests.edge.varnish import Answer, Varnish, site_vcl, varnishd, write_conf
from tests.system.server import Server, server

OWN, OUTER, PURGE = "0a" * 32, "0b" * 32, "5e" * 32
#: Short, so that a second purge comes 5 s after the first.
DEADLINE_S = 3
#: A busy machine may need this long; nothing waits that long when all is well.
WAIT_S = 60.0


@dataclass
class Chain:
    """origin ◀ shield ◀ edge; the shield purged as Varnish, the edge as Fastly and Cloudflare."""

    origin: Server
    shield: Varnish
    edge: Varnish
    double_url: str
    token: str

    def target(self, asset: str, leaf: str) -> str:
        return self.origin.url(asset, leaf).removeprefix(self.origin.public_url)

    def ask(self, target: str) -> Answer:
        """Ask the outer edge as a browser does."""
        return self.edge.ask(target, host=f"127.0.0.1:{self.origin.public_port}")

    def generation(self, target: str) -> int:
        answer = self.ask(target)
        assert answer.status == 200, (answer.status, answer.body)
        return int(answer.headers["edgeproof-generation"])

    def purge(self, **body: object) -> Any:
        """Order a purge over HTTP; return its document."""
        answer = self.api("POST", "/api/v1/purges", body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def api(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """Ask the private API with the purger's token."""
        head = {"authorization": f"Bearer {self.token}", **(headers or {})}
        content = None if body is None else json.dumps(body).encode()
        url = f"{self.origin.private_url}{path}"
        return self.origin.http.request(method, url, content=content, headers=head)

    def status(self, order: str) -> Any:
        """Return where an order stands."""
        answer = self.api("GET", f"/api/v1/purges/{order}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settled(self, order: str) -> Any:
        """Wait until nothing of an order is left to send."""
        deadline = time.monotonic() + WAIT_S
        while (status := self.status(order))["state"] not in ("settled", "dead", "partly"):
            assert time.monotonic() < deadline, status
            time.sleep(0.1)
        return status


def configuration(shield_port: int, edge_port: int, double_url: str, host: str) -> str:
    """Return the purge configuration of a chain."""
    accounts = Accounts()
    return f"""
[[varnish]]
name = "shield"
instances = ["http://127.0.0.1:{shield_port}"]

[[fastly]]
name = "fastly"
service = "{accounts.fastly_service}"
token_env = "LOOPBACK_FASTLY"
hosts = ["{host}"]
base_url = "{double_url}"

[[cloudflare]]
name = "cloudflare"
zone = "{accounts.cloudflare_zone}"
zone_name = "shop.example"
plan = "enterprise"
token_env = "LOOPBACK_CLOUDFLARE"
hosts = ["{host}"]
base_url = "{double_url}/client/v4"

[[edge]]
name = "outer"
base_url = "http://127.0.0.1:{edge_port}"
host = "{host}"

[[edge]]
name = "shield"
base_url = "http://127.0.0.1:{shield_port}"
host = "{host}"
"""


@contextmanager
def varnish(
    folder: Path, backend_port: int, host: str, secrets: Secrets, *, is_probed: bool
) -> Iterator[Varnish]:
    """Run one Varnish before a backend."""
    main = write_conf(
        folder,
        site=site_vcl(backend_port, host=host, is_probed=is_probed),
        deployment=Deployment((host,), {}),
        secrets=secrets,
    )
    with varnishd(main) as running:
        yield running


@contextmanager
def chain(folder: Path, **settings: str) -> Iterator[Chain]:
    """Run the whole chain; settings are EDGEPROOF_ names in lower case, of the origin."""
    wanted = {"response_deadline_s": str(DEADLINE_S), "purge_secret": PURGE, **settings}
    # The settings name the configuration before it is there: the server reads it when it starts
    # again, once the edges' ports are known.
    with server(folder / "data", edge_secrets=json.dumps({"e1": OWN}), **wanted) as origin:
        host = f"127.0.0.1:{origin.public_port}"
        inner = Secrets(origin.ring, ("e1", OWN), PURGE, {"e2": OUTER})
        outer = Secrets(origin.ring, ("e2", OUTER), PURGE)
        with (
            varnish(folder / "shield", origin.public_port, host, inner, is_probed=False) as shield,
            varnish(folder / "edge", shield.port, host, outer, is_probed=False) as edge,
        ):
            network = Network(f"http://127.0.0.1:{edge.port}", PURGE)
            accounts = Accounts(hosts=(host,))
            with serving(make_app(network, accounts, now=time.time)) as double_url:
                config = folder / "purge.toml"
                config.write_text(configuration(shield.port, edge.port, double_url, host))
                origin.environment |= {
                    "EDGEPROOF_PURGE_CONFIG": str(config),
                    "LOOPBACK_FASTLY": accounts.fastly_token,
                    "LOOPBACK_CLOUDFLARE": accounts.cloudflare_token,
                }
                origin.stop()
                origin.start()
                token = origin.run(
                    *("tokens", "new", "purger", "--tenant", "*"),
                    *("--scope", "purge:all", "--scope", "audit:read"),
                ).stdout.strip()
                yield Chain(origin, shield, edge, double_url, token)
