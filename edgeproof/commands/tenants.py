"""``edgeproof tenants``: the shops."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

app = typer.Typer(help="Add, list, suspend and resume shops.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="a-z, 0-9 and -, at most 32 characters")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command("add", epilog="Example: edgeproof tenants add acme")
def add(
    name: Name,
    public: Annotated[
        bool, typer.Option("--public", help="Catalogue pictures: answers unsigned requests.")
    ] = False,
    keep_copyright: Annotated[
        bool, typer.Option("--keep-copyright", help="Copyright and creator stay in previews.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Add a shop. Its id key is made now, kept in the records and never changes."""
    asyncio.run(_add(name, public=public, keep_copyright=keep_copyright))
    if json:
        out_json({"tenant": name, "public": public})
    else:
        remark(f"added {name}")


async def _add(name: str, *, public: bool, keep_copyright: bool) -> None:
    from cache_keys.policy import TENANT
    from edgeproof import settings
    from edgeproof.wiring import open_stores
    from origin.errors import BadDocument
    from origin.values import Tenant

    if not re.fullmatch(TENANT, name):
        raise BadDocument("tenant.name")
    tenant = Tenant(
        name=name,
        id_key=secrets.token_bytes(32),
        is_public=public,
        is_suspended=False,
        keeps_copyright=keep_copyright,
    )
    async with open_stores(settings.load()) as stores:
        await stores.records.add_tenant(tenant)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the shops."""
    for tenant in asyncio.run(_list()):
        if json:
            out_json(tenant)
        else:
            marks = [mark for mark in ("public", "suspended") if tenant[mark]]
            out(f"{tenant['tenant']}  {' '.join(marks)}".rstrip())


async def _list() -> list[dict[str, object]]:
    from edgeproof import settings
    from edgeproof.wiring import open_stores

    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        return [
            {
                "tenant": tenant.name,
                "public": tenant.is_public,
                "suspended": tenant.is_suspended,
                "keeps_copyright": tenant.keeps_copyright,
            }
            for tenant in await stores.records.tenants()
        ]


@app.command("suspend", epilog="Example: edgeproof tenants suspend acme")
def suspend(
    name: Name,
    resume: Annotated[bool, typer.Option("--resume", help="Answer for this shop again.")] = False,
) -> None:
    """Stop answering for a shop: every URL of it is 404 from the next quarter second on."""
    if not asyncio.run(_suspend(name, is_suspended=not resume)):
        raise CommandFailed(f"there is no tenant {name}", ExitCode.FAILED)
    remark(f"{'resumed' if resume else 'suspended'} {name}")


async def _suspend(name: str, *, is_suspended: bool) -> bool:
    from edgeproof import settings
    from edgeproof.wiring import open_stores

    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        return await stores.records.update_tenant(name, is_suspended=is_suspended)
