"""``edgeproof sweep``: erase what the retention classes give up, through the same path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof import completion
from edgeproof.console import ExitCode, out, out_json, remark

if TYPE_CHECKING:
    from edgeproof.erasing import Finished
    from origin.erasure import ErasedPhoto

EPILOG = """
Example, once a day from cron; it asks nothing: edgeproof sweep

Exit codes: 0 done (what is held stays and is named), 1 failed, 2 usage, 4 not verified: run it
again.
"""
#: The reason that sweeps give, in the audit and in receipts.
REASON = "retention"


def sweep(
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant", help="One shop; default: all of them.", autocompletion=completion.tenants
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who asks for it; default: this account.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would go; change nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    wait_s: Annotated[
        float, typer.Option("--wait-s", min=0, help="How long to wait for purges, seconds.")
    ] = 120.0,
) -> None:
    """Erase photos whose retention class has ended: transient, project, order; held ones never.

    A public tenant's catalogue is only swept of transient photos: its pictures live at the edges
    for a year without being asked for here.
    """
    if dry_run:
        _foretell(tenant, as_json=json)
        return

    def told(name: str, finished: Finished, path: Path | None) -> None:
        _show(name, finished, path, as_json=json)

    codes = asyncio.run(_sweep(tenant, by, wait_s, told))
    if ExitCode.UNVERIFIED in codes:
        raise typer.Exit(ExitCode.UNVERIFIED)


def _foretell(tenant: str | None, *, as_json: bool) -> None:
    count = 0
    for name, photo, retention in asyncio.run(_due(tenant)):
        count += 1
        row = {"tenant": name, "asset": photo.asset, "retention": retention, "why": photo.why}
        words = f"{name}  {photo.asset}  {retention}  {photo.why or photo.outcome.value}"
        out_json(row | {"outcome": photo.outcome.value}) if as_json else out(words)
    if not count:
        remark("no photo's retention has ended")


def _show(tenant: str, finished: Finished, path: Path | None, *, as_json: bool) -> None:
    counts = {"erased": 0, "kept": 0}
    for photo in finished.photos:
        counts[photo.outcome.value] = counts.get(photo.outcome.value, 0) + 1
    if as_json:
        receipt = None if path is None else str(path)
        out_json({"tenant": tenant, **counts, "receipt": receipt, "exit": finished.exit_code})
    else:
        kept = f", {counts['kept']} held" if counts["kept"] else ""
        out(f"{tenant}  {counts['erased']} erased{kept}  {path or ''}".rstrip())


async def _due(tenant: str | None) -> list[tuple[str, ErasedPhoto, str]]:
    from edgeproof import settings
    from edgeproof.erase_run import origin_erase, swept
    from edgeproof.wiring import open_stores

    loaded = settings.load()
    found: list[tuple[str, ErasedPhoto, str]] = []
    async with open_stores(loaded, is_new_allowed=False) as stores:
        for shop, scope in await swept(stores, loaded, tenant):
            async for photo in origin_erase(stores, loaded).foretell(scope):
                stored = await stores.records.asset(shop.name, photo.asset)
                found.append((shop.name, photo, "" if stored is None else stored.retention))
    return found


async def _sweep(
    tenant: str | None, by: str, wait_s: float, done: Callable[[str, Finished, Path | None], None]
) -> set[ExitCode]:
    from edgeproof.erase_run import keep, opened, shown, swept, this_account
    from edgeproof.erasing import Asked

    codes: set[ExitCode] = set()
    async with opened(wait_s) as (loaded, stores, erasing):
        for shop, scope in await swept(stores, loaded, tenant):
            with shown() as told:
                finished = await erasing.run(Asked(shop, scope, by or this_account(), REASON), told)
            done(shop.name, finished, keep(finished, loaded, None))
            codes.add(finished.exit_code)
    return codes
