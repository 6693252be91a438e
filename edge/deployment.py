"""What belongs to one deployment, as each host reads it. Secrets are never part of it."""

from __future__ import annotations

import json
import os.path
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.build import HEADER, ROOT


@dataclass(frozen=True, slots=True)
class Deployment:
    """The public values of one deployment.

    hosts: lower case; one without a port stands for every port. public_tenants: each tenant that
    answers unsigned requests, and how many seconds a browser may keep what it gives.
    edge_transform: whether the edge may make pictures of the edge lane itself.
    """

    hosts: tuple[str, ...]
    public_tenants: Mapping[str, int]
    edge_transform: bool = False

    def variables(self) -> dict[str, str]:
        """Return them as the texts that edge/js/settings.js reads."""
        tenants = (f"{name}={max_age_s}" for name, max_age_s in sorted(self.public_tenants.items()))
        return {
            "EDGEPROOF_HOSTS": ",".join(self.hosts),
            "EDGEPROOF_PUBLIC_TENANTS": ",".join(tenants),
            "EDGEPROOF_EDGE_TRANSFORM": "on" if self.edge_transform else "off",
        }


def deployment_files(
    deployment: Deployment, folder: Path, *, environment: str = "production"
) -> dict[str, str]:
    """Return the files of one deployment, name to text. folder: where they will be.

    ``wrangler.{environment}.json`` is a whole configuration for ``wrangler deploy -c``,
    ``fastly-config-store.json`` the items of a config store. Varnish: edge/varnish_deployment.py.
    """
    return {
        f"wrangler.{environment}.json": _json(_worker(deployment, folder, environment)),
        "fastly-config-store.json": _json(deployment.variables()),
    }


def _worker(deployment: Deployment, folder: Path, environment: str) -> dict[str, object]:
    """Return wrangler.toml's environment, flat, with the hosts' Routes and the values."""
    base = tomllib.loads((ROOT / "wrangler.toml").read_text(encoding="utf-8"))
    chosen = base.pop("env")[environment]
    name = f"{base['name']}-{environment}"
    config = {**base, "name": name, **chosen}
    # A Route over the whole host: a cached canonical URL cannot be asked for around the Worker.
    routes = [f"{host.partition(':')[0]}/*" for host in deployment.hosts]
    return {
        "$comment": HEADER,
        **config,
        "main": os.path.relpath(ROOT / base["main"], folder),
        "routes": routes,
        "vars": deployment.variables(),
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
