"""``edgeproof edge``: generated files, a deployment's files and secrets, an edge on loopback."""

from __future__ import annotations

import asyncio
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, remark

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where an edge on loopback listens, beside the origin's 8080 and 8081.
EDGE_PORT = 8090

app = typer.Typer(help="Generate, check, deploy and try the edges.", no_args_is_help=True)


@app.command(
    "build",
    epilog="Examples: `edgeproof edge build` · "
    "`EDGEPROOF_HOSTS=img.shop.example edgeproof edge build --deployment deploy/shop`",
)
def build(
    deployment: Annotated[
        Path | None,
        typer.Option(help="Write the values of this deployment (no secrets) into a folder."),
    ] = None,
    environment: Annotated[
        str, typer.Option(help="Which environment of wrangler.toml: dev, staging or production.")
    ] = "production",
) -> None:
    """Write the generated files; with --deployment, what belongs to one deployment instead."""
    if deployment is None:
        from edge.build import write

        for path in write():
            out(path)
        return
    _write_deployment(deployment, environment)


@app.command("check", epilog="Example: `edgeproof edge check`, in continuous integration.")
def check() -> None:
    """Exit with 1 and the names of the generated files that are stale."""
    from edge.build import stale

    names = stale()
    if names:
        raise CommandFailed(f"stale: {', '.join(names)}; run `edgeproof edge build`")
    remark("the edges' generated files are current")


@app.command("secrets", epilog="Example: edgeproof edge secrets deploy/shop")
def write_secrets(
    folder: Annotated[Path, typer.Argument(help="The deployment's folder.")],
    shield_for: Annotated[
        Path | None,
        typer.Option(help='JSON file {"kid": "64 hex"} of the edges that this Varnish shields.'),
    ] = None,
) -> None:
    """Write what an edge must know and nobody may read, mode 0600; never commit it.

    varnish/secrets.vcl and, for Worker and Compute, secrets.json: from the key ring, the first of
    EDGEPROOF_EDGE_SECRETS, EDGEPROOF_PURGE_SECRET and, for Varnish, the tenants of the records.
    """
    from edge.local import write_private
    from edge.local_worker import worker_secrets
    from edge.varnish_deployment import Secrets, secrets_vcl
    from edgeproof import settings
    from edgeproof.keyfiles import read_ring
    from edgeproof.local_edge import edge_tenants, own_secret

    values = settings.load()
    own = own_secret(values)
    if values.purge_secret is None:
        raise CommandFailed(
            "Varnish needs the purge manager's secret: set EDGEPROOF_PURGE_SECRET", ExitCode.USAGE
        )
    ring, purge = read_ring(values.ring_path), values.purge_secret.get_secret_value()
    tenants = asyncio.run(edge_tenants(values)).names
    secrets = Secrets(ring, own, purge, _shielded(shield_for), tenants)
    worker = worker_secrets(values.ring_path.read_bytes(), dict([own]))
    texts = {"varnish/secrets.vcl": secrets_vcl(secrets), "secrets.json": _document(worker)}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_private(folder / name, text)
        out(str(folder / name))


class Kind(StrEnum):
    """An edge that can run on this machine."""

    VARNISH = "varnish"
    CLOUDFLARE = "cloudflare"


@app.command(
    "dev",
    epilog="Example: edgeproof edge dev varnish --port 8090",
)
def dev(
    kind: Annotated[Kind, typer.Argument(help="Which edge.")],
    port: Annotated[int, typer.Option(help="Loopback port of the edge.")] = EDGE_PORT,
) -> None:
    """Run an edge on loopback before the running origin of the same settings, until Ctrl-C.

    Without EDGEPROOF_EDGE_SECRETS its secret is data_dir/keys/edge.json, made when absent: what is
    printed first says how to start the origin with it.
    """
    from edgeproof import settings
    from edgeproof.local_edge import behind_edge, check_origin, edge_tenants, running_edge

    given = settings.load()
    loaded = behind_edge(given, kind, port)
    check_origin(given, loaded, kind)
    tenants = asyncio.run(edge_tenants(loaded))
    try:
        with running_edge(loaded, kind, port, tenants) as process:
            out(f"{kind} edge on http://127.0.0.1:{port} before http://{given.public_bind}")
            sys.stdout.flush()
            code = process.wait()
    except KeyboardInterrupt:
        return
    raise CommandFailed(f"the edge ended by itself, exit code {code}")


def _document(secrets: Mapping[str, str]) -> str:
    """Return what wrangler reads as it is: lines of NAME=value give way to its own environment."""
    return json.dumps(secrets, indent=2) + "\n"


def _shielded(path: Path | None) -> Mapping[str, str]:
    from cache_keys.keyring import RingError, parse_edge_secrets

    if path is None:
        return {}
    try:
        edges = parse_edge_secrets(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}") from error
    except RingError as error:
        raise CommandFailed(f"{path}: {error}", ExitCode.USAGE) from error
    return {kid: secret.decode() for kid, secret in edges.items()}


def _write_deployment(folder: Path, environment: str) -> None:
    from edge.build import ROOT
    from edge.deployment import Deployment, deployment_files
    from edge.varnish_deployment import source_text, varnish_files
    from edgeproof import settings
    from edgeproof.local_edge import edge_tenants

    if not (ROOT / "wrangler.toml").is_file():
        raise CommandFailed("a deployment is described in a checkout: wrangler.toml is not here")
    values = settings.load()
    if not values.hosts:
        raise CommandFailed(
            "a deployment needs the hosts that it answers for: set EDGEPROOF_HOSTS", ExitCode.USAGE
        )
    if environment not in {"dev", "staging", "production"}:
        raise CommandFailed(f"there is no environment {environment}", ExitCode.USAGE)
    tenants = asyncio.run(edge_tenants(values)).public
    described = Deployment(tuple(values.hosts), tenants, values.edge_transform)
    files = deployment_files(described, folder, environment=environment)
    files |= {f"varnish/{name}": text for name, text in varnish_files(described).items()}
    if not (folder / "varnish" / "site.vcl").exists():
        files["varnish/site.vcl"] = source_text("site.example.vcl")
    (folder / "varnish").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        out(str(folder / name))
