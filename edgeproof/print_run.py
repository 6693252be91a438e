"""Runs prints for the commands: orders, makes or waits, verifies, and reads the archive."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from edgeproof import logs, settings
from edgeproof.console import CommandFailed, ExitCode
from edgeproof.printing import Printing, open_printing
from edgeproof.settings import Settings
from edgeproof.wiring import Stores, open_stores
from origin.errors import Gone, OriginError
from origin.flow.print_archive import CHECKS, FILE
from origin.flow.print_jobs import make_print
from origin.flow.prints import Order, added_profile, lent_source
from origin.printing.recipe import read_recipe, recipe_id
from origin.prints import PrintRecord, PrintState, PrintStep
from origin.values import Tenant

#: How often a print that another process makes is looked at, in seconds.
LOOK_S = 0.2
ENDED = (PrintState.DONE, PrintState.REFUSED, PrintState.PAUSED, PrintState.ERASED)
#: How a PDF names the print that it is (docs/print-files.md).
EMBEDDED = re.compile(rb"edgeproof:([a-z2-7]{51}[aq])")

Told = Callable[[PrintStep], None]


@dataclass(frozen=True, slots=True)
class Lane:
    """The print lane of a command."""

    settings: Settings
    stores: Stores
    printing: Printing


@dataclass(frozen=True, slots=True)
class Verified:
    """A print made again. found: SHA-256 of the new bytes; wanted: of those that are compared."""

    print_id: str
    tenant: str
    wanted: str
    found: str

    @property
    def is_same(self) -> bool:
        """Say whether the same recipe gave the same bytes."""
        return self.wanted == self.found


@asynccontextmanager
async def opened() -> AsyncIterator[Lane]:
    """Open the records, the store and a pool of this command's own."""
    loaded = settings.load().model_copy(
        update={"print_fast_workers": 1, "print_careful_workers": 1}
    )
    logs.configure("warning")
    async with (
        open_stores(loaded, is_new_allowed=False) as stores,
        open_printing(loaded, stores, None, structlog.get_logger()) as printing,
    ):
        yield Lane(loaded, stores, printing)


async def render(tenant: str, order: Order, path: Path, told: Told) -> PrintRecord:
    """Order a print, see it made, and write its file; return its record.

    Raises CommandFailed, OriginError, Refusal; a refused or paused print is CommandFailed.
    """
    async with opened() as lane:
        shop = await known_tenant(lane.stores, tenant)
        record, _ = await lane.printing.prints.order(shop, order)
        record = await finished(lane, record, told)
        if record.state is not PrintState.DONE:
            raise CommandFailed(f"{record.state.value}: {record.code}: {record.words}")
        content = await lane.printing.files.part(record, FILE)
        await asyncio.to_thread(write_whole, path, content)
        return record


async def finished(lane: Lane, record: PrintRecord, told: Told) -> PrintRecord:
    """Make the print here, or wait for the process that makes it; return its last record."""
    prints, records = lane.printing.prints, lane.stores.records
    if record.state in (PrintState.REFUSED, PrintState.PAUSED):
        record = await prints.resume(record.tenant, record.print_id)
    which = record.tenant, record.print_id
    while record.state not in ENDED:
        lease_s = lane.settings.print_lease_s
        claimed = await records.claim_print(record.lane, lease_s=lease_s, only=which)
        if claimed is not None:
            making = asyncio.create_task(lane.printing.work.make(claimed))
            while not making.done():
                await asyncio.wait([making], timeout=LOOK_S)
                record = await prints.find(*which)
                told(record.step)
            await making
        else:
            await asyncio.sleep(LOOK_S)
        record = await prints.find(*which)
        told(record.step)
    return record


async def verify(tenant: str | None, target: str) -> Verified:
    """Make a print again from its recipe and compare; target: a file, or a print's id.

    Raises CommandFailed with NOT VERIFIED when it cannot be made again here.
    """
    async with opened() as lane:
        record, content = await found(lane, tenant, target)
        shop = await known_tenant(lane.stores, record.tenant)
        if recipe_id(shop.id_key, record.recipe) != record.print_id:
            raise CommandFailed("print.recipe: the stored recipe is not this print's")
        wanted = record.file.sha256 if record.file else ""
        if content is not None:
            wanted = hashlib.sha256(content).hexdigest()
        elif record.file is not None:
            stored = await lane.printing.files.part(record, FILE)
            wanted = hashlib.sha256(stored).hexdigest()
        return Verified(record.print_id, record.tenant, wanted, await made_again(lane, record))


async def made_again(lane: Lane, record: PrintRecord) -> str:
    """Return the SHA-256 of the print's bytes, made now."""
    recipe = read_recipe(record.recipe)
    if recipe.engine != lane.printing.engine:
        sentence = f"print.engine: made by {recipe.engine}; this host is {lane.printing.engine}"
        raise CommandFailed(sentence, ExitCode.UNVERIFIED)
    asset = await lane.printing.prints.photo(record.tenant, recipe.asset)
    async with lent_source(lane.stores.sources, asset) as source:
        page = await lane.printing.pool.run(
            make_print,
            record.recipe,
            record.print_id,
            source,
            added_profile(lane.settings.profiles_path, recipe.colour.profile),
            lane.settings.preflight_limits,
            deadline_s=lane.settings.print_deadline_s,
        )
    return page.sha256


async def found(lane: Lane, tenant: str | None, target: str) -> tuple[PrintRecord, bytes | None]:
    """Return the print that a file or an id means, and the file's bytes.

    Raises CommandFailed UNVERIFIED when no shop here has it.
    """
    content = await asyncio.to_thread(_content, Path(target))
    for shop in await _shops(lane.stores, tenant):
        record = await _record_of(lane, shop.name, target, content)
        if record is not None and record.state is PrintState.ERASED:
            raise Gone("print.erased")
        if record is not None:
            return record, content
    what = "these bytes" if content is not None else f"the id {target}"
    raise CommandFailed(f"print.unknown: no print here has {what}", ExitCode.UNVERIFIED)


async def checks_of(lane: Lane, record: PrintRecord) -> Sequence[Mapping[str, Any]]:
    """Return what was checked; nothing as long as the print is not done."""
    if record.state is not PrintState.DONE:
        return []
    document = json.loads(await lane.printing.files.part(record, CHECKS))
    checks: list[Mapping[str, Any]] = document["checks"]
    return checks


async def known_tenant(stores: Stores, name: str) -> Tenant:
    """Return the shop; raises CommandFailed when there is none."""
    found = await stores.records.tenant(name)
    if found is None:
        raise CommandFailed(f"there is no tenant {name}", ExitCode.USAGE)
    return found


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; raises CommandFailed."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from error


def embedded_id(content: bytes) -> str | None:
    """Return the print id that a PDF carries in its metadata."""
    if not content.startswith(b"%PDF-"):
        return None
    from io import BytesIO

    from pikepdf import Pdf, PdfError

    try:
        with Pdf.open(BytesIO(content)) as pdf:
            metadata = bytes(pdf.Root.Metadata.read_bytes())
    except (PdfError, AttributeError):
        return None
    match = EMBEDDED.search(metadata)
    return match[1].decode() if match else None


async def _shops(stores: Stores, tenant: str | None) -> Sequence[Tenant]:
    if tenant is not None:
        return [await known_tenant(stores, tenant)]
    return await stores.records.tenants()


async def _record_of(
    lane: Lane, tenant: str, target: str, content: bytes | None
) -> PrintRecord | None:
    records = lane.stores.records
    if content is None:
        return await records.print_record(tenant, target)
    print_id = embedded_id(content)
    if print_id is not None:
        return await records.print_record(tenant, print_id)
    return await records.print_with(tenant, hashlib.sha256(content).hexdigest())


async def resumed(tenant: str, print_id: str) -> PrintRecord:
    """Put a paused or refused print back into the queue, for `serve` to make."""
    loaded = settings.load()
    async with open_stores(loaded, is_new_allowed=False) as stores:
        record = await stores.records.resume_print(tenant, print_id)
        if record is None:
            known = await stores.records.print_record(tenant, print_id)
            raise OriginError("print.unknown" if known is None else "print.resume")
        return record
