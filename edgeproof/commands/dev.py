"""``edgeproof dev``: what stands in for the outside world on a developer's machine."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, remark

if TYPE_CHECKING:
    from edgeproof.cdn_double.desk import Accounts
    from edgeproof.cdn_double.faults import Fault
    from edgeproof.settings import Settings

#: Where the vendors' APIs listen, beside the edge's 8090.
CDN_PORT = 8095

app = typer.Typer(help="Doubles of what is outside, on loopback.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Doubles of what is outside, on loopback."""


@app.command(
    "cdn",
    epilog="Examples: `edgeproof dev cdn --start` · `edgeproof dev cdn --varnish "
    "http://127.0.0.1:8090 --fail fastly:429:3 --fail cloudflare:not-done` · while it runs: "
    '`curl -d \'{"vendor":"fastly","failure":"timeout"}\' 127.0.0.1:8095/double/faults`',
)
def cdn(
    varnish: Annotated[
        str, typer.Option(help="The Varnish edge that is purged; it runs edgeproof's VCL.")
    ] = "http://127.0.0.1:8090",
    start: Annotated[
        bool, typer.Option("--start", help="Start that edge too, before the running origin.")
    ] = False,
    port: Annotated[int, typer.Option(help="Loopback port of the vendors' APIs.")] = CDN_PORT,
    plan: Annotated[
        str, typer.Option(help="Cloudflare's limits: free, pro, business or enterprise.")
    ] = "enterprise",
    fastly_per_hour: Annotated[
        int, typer.Option(min=1, help="Calls that Fastly takes in one hour.")
    ] = 100_000,
    host: Annotated[
        list[str] | None,
        typer.Option(help="A host of the zone and the service; may be repeated."),
    ] = None,
    fail: Annotated[
        list[str] | None,
        typer.Option(help="vendor:failure[:times], of 429, 500, timeout, not-done, partial."),
    ] = None,
) -> None:
    """Speak Fastly's and Cloudflare's purge APIs, with a real Varnish behind them, until Ctrl-C.

    What is printed is the purge configuration (EDGEPROOF_PURGE_CONFIG) that leads here. Calls that
    were made are shown by GET /double; failures are planned by POST /double/faults.
    """
    from pydantic import ValidationError

    from edgeproof import settings
    from edgeproof.cdn_double.desk import Accounts
    from edgeproof.cdn_double.faults import Failure, parse_fault
    from edgeproof.cdn_double.sample import configuration
    from purge.providers.plans import CLOUDFLARE

    if plan not in CLOUDFLARE:
        raise CommandFailed(f"there is no plan {plan}: {', '.join(CLOUDFLARE)}", ExitCode.USAGE)
    try:
        faults = [parse_fault(text) for text in fail or ()]
    except (ValueError, ValidationError) as error:
        words = ", ".join(Failure)
        sentence = f"--fail is fastly or cloudflare:failure[:times], failure one of {words}"
        raise CommandFailed(sentence, ExitCode.USAGE) from error
    hosts = {"hosts": tuple(host)} if host else {}
    accounts = Accounts.model_validate(
        {"cloudflare_plan": plan, "fastly_per_hour": fastly_per_hour, **hosts}
    )
    loaded = _with_purge_secret(settings.load(), is_starting=start)
    try:
        with _edge(loaded, varnish) if start else nullcontext():
            out(configuration(accounts, port, varnish))
            _serve(loaded, varnish, accounts, faults, port)
    except KeyboardInterrupt:
        return


def _serve(
    values: Settings, varnish: str, accounts: Accounts, faults: list[Fault], port: int
) -> None:
    import sys

    import uvicorn

    from edgeproof.cdn_double.app import make_app
    from edgeproof.cdn_double.network import Network
    from edgeproof.serve import bind

    assert values.purge_secret is not None, "it was looked at before"
    network = Network(varnish, values.purge_secret.get_secret_value())
    bound = bind(f"127.0.0.1:{port}")
    remark(f"the double of both vendors listens on http://127.0.0.1:{port}, before {varnish}")
    sys.stdout.flush()
    app = make_app(network, accounts, faults=faults)
    config = uvicorn.Config(app, log_level="warning", lifespan="on")
    uvicorn.Server(config).run(sockets=[bound])


def _with_purge_secret(values: Settings, *, is_starting: bool) -> Settings:
    import secrets

    from pydantic import SecretStr

    if values.purge_secret is not None:
        return values
    if not is_starting:
        raise CommandFailed(
            "the Varnish obeys whoever knows its secret: set EDGEPROOF_PURGE_SECRET", ExitCode.USAGE
        )
    return values.model_copy(update={"purge_secret": SecretStr(secrets.token_hex(32))})


def _edge(values: Settings, varnish: str) -> AbstractContextManager[object]:
    import asyncio
    from urllib.parse import urlsplit

    from edgeproof.local_edge import behind_edge, check_origin, edge_tenants, running_edge

    parts = urlsplit(varnish)
    if parts.hostname not in {"127.0.0.1", "localhost"} or parts.port is None:
        raise CommandFailed(
            f"an edge is started on loopback, not on {varnish}: give --varnish "
            "http://127.0.0.1:PORT",
            ExitCode.USAGE,
        )
    behind = behind_edge(values, "varnish", parts.port)
    check_origin(values, behind, "varnish")
    return running_edge(behind, "varnish", parts.port, asyncio.run(edge_tenants(behind)))
