"""``edgeproof tokens``: who may call the private API."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

app = typer.Typer(help="Bearer tokens of the private API.", no_args_is_help=True)


@app.command(
    "new",
    epilog="Examples: `edgeproof tokens new shop-backend --tenant acme` · "
    "`edgeproof tokens new support --tenant acme --scope purge:tag`",
)
def new(
    name: Annotated[str, typer.Argument(help="What the token is for, to find it again.")],
    tenant: Annotated[str, typer.Option(help="The only shop it works for, or * for all.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="assets, designs, purge:url, purge:tag, purge:tenant, purge:all or audit:read; "
            "may be repeated; default assets and designs."
        ),
    ] = None,
) -> None:
    """Make a token and print it. It is shown this once; only its digest is kept."""
    out(asyncio.run(_new(name, tenant, scope)))
    remark("Keep it now: it is not stored and cannot be shown again.")


async def _new(name: str, tenant: str, scope: list[str] | None) -> str:
    from edgeproof import settings
    from edgeproof.wiring import open_stores
    from origin.flow.tokens import DEFAULT_SCOPES, SCOPES, new_token, token_digest
    from origin.ports import TokenRecord

    scopes = tuple(dict.fromkeys(scope or DEFAULT_SCOPES))
    unknown = [word for word in scopes if word not in SCOPES]
    if unknown:
        raise CommandFailed(
            f"no such scope: {unknown[0]}; there are {', '.join(SCOPES)}", ExitCode.USAGE
        )
    token = new_token()
    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        if tenant != "*" and await stores.records.tenant(tenant) is None:
            raise CommandFailed(f"there is no tenant {tenant}")
        await stores.records.add_token(
            TokenRecord(name, token_digest(token), tenant, scopes, int(time.time()), None)
        )
    return token


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List the tokens: names, shops and scopes, never the tokens themselves."""
    for record in asyncio.run(_list()):
        if json:
            out_json(record)
        else:
            state = "revoked" if record["revoked_at"] else "live"
            out(f"{record['name']}  {record['tenant']}  {','.join(record['scopes'])}  {state}")  # type: ignore[arg-type] # scopes are texts


async def _list() -> list[dict[str, object]]:
    from edgeproof import settings
    from edgeproof.wiring import open_stores

    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        return [
            {
                "name": record.name,
                "tenant": record.tenant,
                "scopes": list(record.scopes),
                "created_at": record.created_at_s,
                "revoked_at": record.revoked_at_s,
            }
            for record in await stores.records.tokens()
        ]


@app.command("revoke", epilog="Example: edgeproof tokens revoke shop-backend")
def revoke(name: str) -> None:
    """End a token now."""
    if not asyncio.run(_revoke(name)):
        raise CommandFailed(f"there is no live token {name}")
    remark(f"revoked {name}")


async def _revoke(name: str) -> bool:
    from edgeproof import settings
    from edgeproof.wiring import open_stores

    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        return await stores.records.revoke_token(name)
