"""Runs erases for the commands: opens everything, shows progress, keeps the receipt's file."""

from __future__ import annotations

import os
import pwd
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from edgeproof import logs, settings
from edgeproof.console import CommandFailed, ExitCode, remarks
from edgeproof.erasing import Asked, Erasing, Finished
from edgeproof.erasing import Progress as Told
from edgeproof.proving import open_proving
from edgeproof.receipts import write_receipt
from edgeproof.settings import Settings
from edgeproof.wiring import Stores, open_stores
from origin.adapters.wipe import RecordsWipe
from origin.erasure import Clock, ErasedPhoto, Kind, Scope
from origin.flow.erase import Erase, EraseParts
from origin.flow.print_archive import PrintFiles
from origin.values import Tenant
from purge.errors import PurgeError

DAY_S = 86_400
#: What each step of an erase does, for the one who waits.
STEPS = {
    "tombstone": "photos that are 410 now",
    "delete": "photos whose files are gone",
    "purge": "purges that every cache took twice",
    "verify": "URLs asked for at the edges",
}


@dataclass(frozen=True, slots=True)
class Foretold:
    """What an erase would do. owners: of the photo, where one photo is meant."""

    photos: Sequence[ErasedPhoto]
    owners: Sequence[str]


def clocks_of(loaded: Settings) -> Mapping[str, Clock]:
    """Return when each retention class ends. A hold has no end."""
    return {
        "transient": Clock(int(loaded.transient_days * DAY_S), is_idle=False),
        "project": Clock(int(loaded.project_idle_days * DAY_S), is_idle=True),
        "order": Clock(int(loaded.order_idle_days * DAY_S), is_idle=True),
    }


async def swept(
    stores: Stores, loaded: Settings, tenant: str | None
) -> Sequence[tuple[Tenant, Scope]]:
    """Return what a sweep looks through; raises CommandFailed for an unknown shop.

    A public tenant's pictures are asked for at the edges, not here: they are never idle.
    """
    shops = await stores.records.tenants()
    if tenant is not None:
        shops = [await known_tenant(stores, tenant)]
    return [(shop, Scope(Kind.SWEEP, shop.name, clocks=_clocks(loaded, shop))) for shop in shops]


def _clocks(loaded: Settings, shop: Tenant) -> Mapping[str, Clock]:
    clocks = clocks_of(loaded)
    if not shop.is_public:
        return clocks
    return {name: clock for name, clock in clocks.items() if not clock.is_idle}


def this_account() -> str:
    """Return the name of the account that runs this program."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def origin_erase(stores: Stores, loaded: Settings) -> Erase:
    """Wire the origin's part of an erase."""
    records = stores.records
    wipe = RecordsWipe(loaded.records_url)
    prints = PrintFiles(records, stores.objects)
    return Erase(EraseParts(records, stores.sources, stores.objects, stores.locks, wipe, prints))


async def foretell(tenant: str, scope: Scope) -> Foretold:
    """Say what an erase would do; raises CommandFailed for an unknown shop."""
    loaded = settings.load()
    async with open_stores(loaded, is_new_allowed=False) as stores:
        await known_tenant(stores, tenant)
        photos = [photo async for photo in origin_erase(stores, loaded).foretell(scope)]
        owners: Sequence[str] = ()
        if scope.kind is Kind.ASSET:
            owners = await stores.records.owners_of(tenant, scope.name)
        return Foretold(photos, owners)


async def erase(
    tenant: str, scope: Scope, by: str, reason: str, wait_s: float, path: Path | None
) -> tuple[Finished, Path | None]:
    """Erase and keep the receipt; return both. Raises CommandFailed, OriginError."""
    async with opened(wait_s) as (loaded, stores, erasing):
        asked = Asked(await known_tenant(stores, tenant), scope, by or this_account(), reason)
        with shown() as told:
            finished = await erasing.run(asked, told)
        return finished, keep(finished, loaded, path)


@asynccontextmanager
async def opened(wait_s: float) -> AsyncIterator[tuple[Settings, Stores, Erasing]]:
    """Open all that an erase needs; what the purge manager says becomes a sentence."""
    loaded = settings.load()
    logs.configure("warning")
    try:
        async with (
            open_stores(loaded, is_new_allowed=False) as stores,
            open_proving(loaded, stores) as proving,
        ):
            erasing = Erasing(stores, origin_erase(stores, loaded), proving, limit_s=wait_s)
            yield loaded, stores, erasing
    except PurgeError as error:
        raise CommandFailed(f"{error.code}: {error.public} {error.log}".rstrip()) from error


async def known_tenant(stores: Stores, name: str) -> Tenant:
    """Return the shop; raises CommandFailed when there is none."""
    found = await stores.records.tenant(name)
    if found is None:
        raise CommandFailed(f"there is no tenant {name}", ExitCode.USAGE)
    return found


def keep(finished: Finished, loaded: Settings, path: Path | None) -> Path | None:
    """Write the receipt's file; return where it is."""
    if finished.receipt is None:
        return None
    path = path or loaded.data_dir / "receipts" / f"{finished.erasure}.json"
    write_receipt(path, finished.receipt)
    return path


@contextmanager
def shown() -> Iterator[Told]:
    """Show each step as it goes, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=remarks, disable=not remarks.is_terminal
    ) as progress:
        bars = {step: progress.add_task(words, total=None) for step, words in STEPS.items()}

        def told(step: str, count: int) -> None:
            progress.update(bars[step], completed=count)

        yield told
