"""``edgeproof tenants``: the shops."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import asdict
from typing import Annotated, Any

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

app = typer.Typer(help="Add, change, list, suspend and resume shops.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="a-z, 0-9 and -, at most 32 characters")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Quota = Annotated[
    str | None,
    typer.Option(
        "--quota",
        metavar="SIZE",
        help="Masters and previews that may stay: 20GB, 'unlimited', or 'default' (the setting's).",
    ),
]
#: Words for a quota that is no size: None is the setting's, 0 unlimited.
QUOTA_WORDS = {"default": None, "unlimited": 0}


def read_quota(text: str | None) -> int | None:
    """Return a quota in bytes; raises CommandFailed, exit code 2."""
    from edgeproof.sizes import read_bytes

    if text is None or text in QUOTA_WORDS:
        return QUOTA_WORDS[text or "default"]
    return read_bytes(text)


@app.command("add", epilog="Example: edgeproof tenants add acme --quota 20GB")
def add(
    name: Name,
    public: Annotated[
        bool, typer.Option("--public", help="Catalogue pictures: answers unsigned requests.")
    ] = False,
    keep_copyright: Annotated[
        bool, typer.Option("--keep-copyright", help="Copyright and creator stay in previews.")
    ] = False,
    quota: Quota = None,
    json: AsJson = False,
) -> None:
    """Add a shop. Its id key is made now, kept in the records and never changes."""
    quota_bytes = read_quota(quota)
    asyncio.run(_add(name, public=public, keep_copyright=keep_copyright, quota_bytes=quota_bytes))
    if json:
        out_json({"tenant": name, "public": public, "quota_bytes": quota_bytes})
    else:
        remark(f"added {name}")


async def _add(name: str, *, public: bool, keep_copyright: bool, quota_bytes: int | None) -> None:
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
        quota_bytes=quota_bytes,
    )
    async with open_stores(settings.load()) as stores:
        await stores.records.add_tenant(tenant)


@app.command("set", epilog="Example: edgeproof tenants set acme --quota 50GB")
def set_(name: Name, quota: Quota = None) -> None:
    """Change a shop's quota; what is over it is evicted, least recently used first."""
    if quota is None:
        raise CommandFailed("say what to set, like --quota 50GB", ExitCode.USAGE)
    if not asyncio.run(_set_quota(name, read_quota(quota))):
        raise CommandFailed(f"there is no tenant {name}", ExitCode.FAILED)
    remark(f"the quota of {name} is {quota}")


async def _set_quota(name: str, quota_bytes: int | None) -> bool:
    from edgeproof import settings
    from edgeproof.wiring import open_stores

    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        return await stores.records.set_quota(name, quota_bytes)


@app.command("list", epilog="Example: edgeproof tenants list --json")
def list_(json: AsJson = False) -> None:
    """List the shops and what each has stored in masters and previews (sources do not count)."""
    for tenant in asyncio.run(_list()):
        if json:
            out_json(tenant)
        else:
            out(_line(tenant))


def _line(tenant: dict[str, Any]) -> str:
    from edgeproof.sizes import said_bytes

    quota = tenant["quota_bytes"]
    limit = f"of {said_bytes(quota)}" if quota else "unlimited"
    marks = [mark for mark in ("public", "suspended") if tenant[mark]]
    stored = said_bytes(tenant["stored_bytes"])
    return f"{tenant['tenant']}  {stored} {limit}  {' '.join(marks)}".rstrip()


async def _list() -> list[dict[str, Any]]:
    from edgeproof import settings
    from edgeproof.wiring import open_stores
    from origin.ports import Usage

    chosen = settings.load()
    async with open_stores(chosen, is_new_allowed=False) as stores:
        used = await stores.records.usage()
        default_bytes = chosen.quota_mb * 1_000_000
        return [
            {
                "tenant": tenant.name,
                "public": tenant.is_public,
                "suspended": tenant.is_suspended,
                "keeps_copyright": tenant.keeps_copyright,
                "quota_bytes": default_bytes if tenant.quota_bytes is None else tenant.quota_bytes,
                "stored_bytes": used.get(tenant.name, Usage()).total_bytes,
                **asdict(used.get(tenant.name, Usage())),
            }
            for tenant in await stores.records.tenants()
        ]


@app.command("suspend", epilog="Example: edgeproof tenants suspend acme")
def suspend(
    name: Name,
    resume: Annotated[bool, typer.Option("--resume", help="Answer for this shop again.")] = False,
) -> None:
    """Stop answering for a shop: every URL of it is 404 from the next quarter second on.

    What the caches have of it is purged; `edgeproof purge status` says how far that is.
    """
    from edgeproof.suspending import resumed, suspended

    if resume:
        is_known = asyncio.run(resumed(name))
        words = f"resumed {name}"
    else:
        order = asyncio.run(suspended(name))
        is_known = order is not None
        words = f"suspended {name}, purge {order}"
    if not is_known:
        raise CommandFailed(f"there is no tenant {name}", ExitCode.FAILED)
    remark(words)
