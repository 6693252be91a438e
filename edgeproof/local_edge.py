"""Starts an edge on loopback with what the settings, the keys and the records of its origin say."""

from __future__ import annotations

import json
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from subprocess import Popen
from typing import NoReturn

from pydantic import SecretStr

from cache_keys.proof import make_proof
from edge.local import HOSTS, EdgeFailed, Local, write_private
from edge.local_varnish import find_missing as varnish_missing
from edge.local_varnish import varnish
from edge.local_worker import cloudflare
from edge.local_worker import find_missing as worker_missing
from edgeproof.console import CommandFailed, ExitCode, remark
from edgeproof.keyfiles import read_ring
from edgeproof.serve import bind
from edgeproof.settings import Settings
from edgeproof.wiring import edge_secrets, open_stores

EDGES = {"varnish": (varnish, varnish_missing), "cloudflare": (cloudflare, worker_missing)}
KID = "e1"
ORIGIN_TIMEOUT_S = 5.0
#: Binds that listen on every address; an edge on this host asks by loopback.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - nothing is bound here


def secret_path(settings: Settings) -> Path:
    """Return where the edge secret of a developer's machine is."""
    return settings.data_dir / "keys" / "edge.json"


def with_edge_secret(settings: Settings) -> Settings:
    """Return the settings with an edge secret: their own, else the data folder's, made if absent.

    Both the origin and the edge must be started with it.
    """
    if settings.edge_secrets is not None:
        return settings
    path = secret_path(settings)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, json.dumps({KID: secrets.token_hex(32)}) + "\n")
    return settings.model_copy(update={"edge_secrets": SecretStr(path.read_text("utf-8").strip())})


def behind_edge(settings: Settings, kind: str, port: int) -> Settings:
    """Return the settings of an origin behind an edge on loopback, which hands out its URLs.

    Raises CommandFailed, before anything is made, when the edge cannot run or its port is taken.
    """
    missing = EDGES[kind][1]()
    if missing is not None:
        raise CommandFailed(f"missing: {missing}")
    bind(f"127.0.0.1:{port}").close()
    hosts = tuple(dict.fromkeys((*settings.hosts, settings.public_bind.lower(), *HOSTS)))
    changes = {"hosts": hosts, "public_url": f"http://127.0.0.1:{port}"}
    return with_edge_secret(settings).model_copy(update=changes)


def own_secret(settings: Settings) -> tuple[str, str]:
    """Return the kid and secret with which an edge of these settings proves itself: the first."""
    for kid, secret in edge_secrets(settings).items():
        return kid, secret.decode()
    sentence = 'an edge needs a secret: set EDGEPROOF_EDGE_SECRETS to {"e1": "64 hex"}'
    raise CommandFailed(sentence, ExitCode.USAGE)


@dataclass(frozen=True, slots=True)
class Tenants:
    """What an edge is told of the tenants that are not suspended.

    public: who is public, and the seconds that browsers may keep it. names: all of them.
    """

    public: Mapping[str, int]
    names: frozenset[str]


async def edge_tenants(settings: Settings) -> Tenants:
    """Return the tenants as the origin knows them."""
    async with open_stores(settings) as stores:
        living = [one for one in await stores.records.tenants() if not one.is_suspended]
    named = settings.public_tenants
    public = {
        one.name: one.browser_max_age_s
        for one in living
        if (one.is_public if named is None else one.name in named)
    }
    return Tenants(public, frozenset(one.name for one in living))


def origin_address(settings: Settings) -> str:
    """Return host:port by which an edge on this host reaches the origin."""
    host, _, port = settings.public_bind.rpartition(":")
    return f"{EVERYWHERE.get(host, host)}:{port}"


def origin_host(settings: Settings) -> str:
    """Return a Host that the origin answers to."""
    return (settings.hosts[0] if settings.hosts else settings.public_bind).lower()


def check_origin(given: Settings, settings: Settings, kind: str) -> None:
    """Ask the origin as the edge will; raises CommandFailed that says how to start it instead.

    given: what the origin was started with, if with the same settings; settings: with the edge.
    """
    kid, secret = own_secret(settings)
    address = origin_address(settings)
    # Varnish asks by a Host that it is told; the Worker by the address of its cache, on loopback.
    host = origin_host(settings) if kind == "varnish" else settings.base_url.partition("//")[2]
    path = f"/v1/demo/{'a' * 52}/info.json"  # nobody's photo: 404 to an edge, 403 to others
    proof = make_proof(kid, secret.encode(), "GET", host, path, now=int(time.time()))
    connection = HTTPConnection(address, timeout=ORIGIN_TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Host": host, "Edgeproof-Edge": proof})
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise CommandFailed(f"no origin answers on {address}; {_serve(given, settings)}") from error
    finally:
        connection.close()
    if status != HTTPStatus.NOT_FOUND:
        raise CommandFailed(
            f"the origin on {address} does not believe this edge; {_serve(given, settings)}"
        )
    if given.base_url != settings.base_url:
        remark(f"EDGEPROOF_PUBLIC_URL={settings.base_url} lets the origin hand out the edge's URLs")


def _serve(given: Settings, settings: Settings) -> str:
    hosts = "" if given.hosts else f"EDGEPROOF_HOSTS={','.join(settings.hosts)} "
    secret = "" if given.edge_secrets else f'EDGEPROOF_EDGE_SECRETS="$(cat {secret_path(given)})" '
    return f"start it:\n{hosts}EDGEPROOF_PUBLIC_URL={settings.base_url} {secret}edgeproof serve"


@contextmanager
def running_edge(
    settings: Settings, kind: str, port: int, tenants: Tenants
) -> Iterator[Popen[bytes]]:
    """Run an edge until the block ends, which SIGTERM does like Ctrl-C; its files end with it."""
    read_ring(settings.ring_path)
    purge = settings.purge_secret
    with tempfile.TemporaryDirectory(prefix="edgeproof-edge-") as folder, _ends_on_sigterm():
        local = Local(
            port=port,
            origin=origin_address(settings),
            host=origin_host(settings),
            folder=Path(folder),
            ring=settings.ring_path.read_bytes(),
            own=own_secret(settings),
            purge=secrets.token_hex(32) if purge is None else purge.get_secret_value(),
            public_tenants=tenants.public,
            tenants=tenants.names,
            edge_transform=settings.edge_transform,
        )
        try:
            with EDGES[kind][0](local) as process:
                yield process
        except EdgeFailed as failure:
            raise CommandFailed(str(failure)) from failure


@contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
