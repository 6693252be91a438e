"""``edgeproof hold``: keep photos from every erase and sweep, with who, why and until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeproof import completion
from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

if TYPE_CHECKING:
    from edgeproof.wiring import Stores

app = typer.Typer(help="Set, lift and list legal holds.", no_args_is_help=True)

Kind = Annotated[str, typer.Argument(metavar="asset|owner|project", help="What is named.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Photo id, owner or project.")]
TenantName = Annotated[
    str, typer.Option("--tenant", help="The shop.", autocompletion=completion.tenants)
]
Reason = Annotated[str, typer.Option("--reason", help="Why: a case's number. No personal data.")]
By = Annotated[str, typer.Option("--by", help="Who asks for it; default: this account's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command(
    "set",
    epilog="Example: edgeproof hold set owner c-1042 --tenant acme --reason 'case 12'"
    " --until 2027-06-30",
)
def set_(
    kind: Kind,
    name: Name,
    tenant: TenantName,
    reason: Reason,
    until: Annotated[
        str | None, typer.Option("--until", help="The first day without it (UTC): 2027-06-30.")
    ] = None,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Keep photos from every erase and sweep until the day given, or until it is lifted.

    An owner or project means the photos that they have now; later uploads are not held.
    """
    held = asyncio.run(_set(kind, name, tenant, reason, _day(until), by))
    for hold in held:
        out_json(hold) if json else out(f"{hold['asset']}  held  {hold['hold']}")


@app.command(
    "lift", epilog="Example: edgeproof hold lift asset k3q7...a --tenant acme --reason 'closed'"
)
def lift(
    kind: Kind, name: Name, tenant: TenantName, reason: Reason, by: By = "", json: AsJson = False
) -> None:
    """Lift every hold of photos; those of the retention class hold are of class project then."""
    for asset, count in asyncio.run(_lift(kind, name, tenant, reason, by)):
        out_json({"asset": asset, "lifted": count}) if json else out(f"{asset}  lifted  {count}")


@app.command("list", epilog="Example: edgeproof hold list --tenant acme")
def list_(tenant: TenantName, json: AsJson = False) -> None:
    """List the holds that stand now."""
    for hold in asyncio.run(_list(tenant)):
        if json:
            out_json(hold)
        else:
            until = hold["until"] or "lifted"
            out(f"{hold['asset']}  {hold['by']}  until {until}  {hold['reason']}")


def _day(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise CommandFailed(f"{text!r} is no day like 2027-06-30", ExitCode.USAGE) from error


async def _set(
    kind: str, name: str, tenant: str, reason: str, until_s: int | None, by: str
) -> list[dict[str, object]]:
    import time

    from edgeproof.erase_run import opened, this_account
    from edgeproof.erasing import new_id
    from edgeproof.reasons import check_reason
    from origin.erasure import Hold

    now_s, who = time.time(), by or this_account()
    if until_s is not None and until_s <= now_s:
        raise CommandFailed("--until is in the past", ExitCode.USAGE)
    check_reason(reason, who)
    held: list[dict[str, object]] = []
    async with opened(0) as (_, stores, erasing):
        async for asset in _assets(stores, kind, name, tenant):
            hold = Hold(
                hold=new_id("h", now_s),
                tenant=tenant,
                asset=asset,
                by=who,
                reason=reason,
                since_s=int(now_s),
                until_s=until_s,
            )
            facts = {"hold": hold.hold, "by": hold.by, "reason": reason, "until_s": until_s}
            also = _audited(erasing.audit, "hold_set", facts)
            await stores.records.set_hold(hold, also=also)
            held.append({"hold": hold.hold, "asset": asset})
    if not held:
        raise CommandFailed(f"there is no photo of {kind} {name} in {tenant}")
    return held


async def _lift(kind: str, name: str, tenant: str, reason: str, by: str) -> list[tuple[str, int]]:
    from edgeproof.erase_run import opened, this_account
    from edgeproof.reasons import check_reason

    lifted: list[tuple[str, int]] = []
    who = by or this_account()
    check_reason(reason, who)
    async with opened(0) as (_, stores, erasing):
        async for asset in _assets(stores, kind, name, tenant):
            also = _audited(erasing.audit, "hold_lifted", {"by": who, "reason": reason})
            count = await stores.records.lift_holds(tenant, asset, by=who, reason=reason, also=also)
            lifted.append((asset, count))
    if not any(count for _, count in lifted):
        remark("there was no hold to lift")
    return lifted


async def _list(tenant: str) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from edgeproof import settings
    from edgeproof.erase_run import known_tenant
    from edgeproof.receipts import when
    from edgeproof.wiring import open_stores

    found: list[dict[str, Any]] = []
    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        await known_tenant(stores, tenant)
        after = ""
        while page := await stores.records.holds(tenant, after=after):
            after = page[-1].hold
            for hold in page:
                shown = {name: asdict(hold)[name] for name in ("hold", "asset", "by", "reason")}
                until = None if hold.until_s is None else when(hold.until_s)
                found.append(shown | {"since": when(hold.since_s), "until": until})
    return found


async def _assets(stores: Stores, kind: str, name: str, tenant: str) -> AsyncIterator[str]:
    """Yield the living photos that are meant; raises CommandFailed for a word that is no kind."""
    from edgeproof.erase_run import known_tenant

    await known_tenant(stores, tenant)
    if kind == "asset":
        yield name
        return
    finders = {
        "owner": stores.records.assets_of_owner,
        "project": stores.records.assets_of_project,
    }
    if kind not in finders:
        raise CommandFailed(f"{kind!r} is none of asset, owner, project", ExitCode.USAGE)
    after = ""
    while page := await finders[kind](tenant, name, after=after):
        for asset in page:
            yield asset
        after = page[-1]


def _audited(audit: Any, event: str, facts: Mapping[str, object]) -> Any:
    async def also(connection: Any, generations: Any) -> None:
        for name in generations:
            await audit.append(connection, event, {"asset": name, **facts})

    return also
