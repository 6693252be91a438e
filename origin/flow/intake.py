"""The intake's flow: receive ▸ validate ▸ normalise ▸ (master) ▸ archive."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cache_keys.ids import asset_id
from origin.adapters.retention import RETENTION_CLASSES
from origin.errors import (
    BadDocument,
    OriginError,
    PhotoRefused,
    RenderFailed,
    StoreUnavailable,
    Unauthorized,
)
from origin.flow.admit import Admission
from origin.flow.jobs import Opened, open_upload
from origin.flow.render import Renders
from origin.ingest.caps import Caps
from origin.ingest.receive import Received, receive
from origin.ports import AssetRecords, HostLocks, SourceStore, Workers
from origin.values import Asset, Tenant

#: An owner or project reference: the shop's own number or pseudonym, never a name or an address.
REFERENCE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
#: The only owner in a public tenant: its pictures are the shop's own, never a customer's.
CATALOGUE_OWNER = "catalogue"
#: What a dead worker says about the photo that it was opening.
BLAME = {"render.deadline": "photo.timeout", "render.crashed": "photo.crashed"}


@dataclass(frozen=True, slots=True)
class Upload:
    """One photo on its way in: whose it is and what it is for."""

    tenant: Tenant
    owner: str
    project: str | None = None
    retention: str = "project"


@dataclass(frozen=True, slots=True)
class Taken:
    """What intake answers: the record, and whether these bytes are new to the shop."""

    asset: Asset
    is_new: bool


@dataclass(frozen=True, slots=True)
class IntakeParts:
    """What intake goes through, wired once."""

    workers: Workers
    sources: SourceStore
    records: AssetRecords
    renders: Renders
    locks: HostLocks
    admission: Admission
    on_new: Callable[[Asset], None] = lambda _: None  # presets that are made ahead


class Intake:
    """Takes photos in. deadline_s: life of the job that opens one upload."""

    def __init__(
        self,
        parts: IntakeParts,
        *,
        caps: Caps,
        deadline_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._parts = parts
        self._caps = caps
        self._deadline_s = deadline_s
        self._now = now

    async def take(self, upload: Upload, chunks: AsyncIterator[bytes]) -> Taken:
        """Take one photo in; the same bytes again are the same asset with one more owner.

        Raises PhotoRefused with one stable code, BadDocument, Unauthorized or StoreUnavailable;
        then nothing of the upload stays.
        """
        check_upload(upload)
        async with self._parts.admission.place(), self._parts.sources.receive() as path:
            received = await receive(chunks, path, self._caps, upload.tenant.id_key)
            async with self._parts.locks.hold(f"intake:{upload.tenant.name}/{received.content}"):
                life, known = await self._life(upload.tenant, received)
                if known is not None:
                    # The same bytes again mend a stored source that was lost or damaged.
                    await self._parts.sources.adopt(known.tenant, known.asset, path)
                    asked = replace(known, retention=upload.retention)
                    return Taken(await self._record(asked, upload, {}), is_new=False)
                opened = await self._validate(path)
                asset = self._asset(upload, received, opened, life)
                await self._archive(asset, path, opened)
                recorded = await self._record(asset, upload, opened.capture)
                self._parts.on_new(recorded)
                return Taken(recorded, is_new=True)

    async def _life(self, tenant: Tenant, received: Received) -> tuple[int, Asset | None]:
        """Return the smallest life without a tombstone, and the asset that lives it, if any."""
        lives = {
            asset.life: asset
            for asset in await self._parts.records.lives(tenant.name, received.content)
        }
        life = 0
        while life in lives and lives[life].is_erased:
            life += 1
        return life, lives.get(life)

    async def _validate(self, path: Path) -> Opened:
        """Open the upload in a worker: guard, then the masters, whose making decodes all of it."""
        try:
            return await self._parts.workers.run(
                open_upload,
                path,
                self._caps,
                deadline_s=self._deadline_s,
                is_background=True,
            )
        except RenderFailed as failure:
            code = BLAME.get(failure.code)
            if code is None:
                raise
            raise PhotoRefused(code, log=failure.log) from failure

    def _asset(self, upload: Upload, received: Received, opened: Opened, life: int) -> Asset:
        return Asset(
            tenant=upload.tenant.name,
            asset=asset_id(upload.tenant.id_key, received.content, life),
            content=received.content,
            source_digest=received.digest,
            life=life,
            size_bytes=received.size_bytes,
            photo=opened.photo,
            warnings=opened.warnings,
            retention=upload.retention,
            generation=0,
            is_erased=False,
            is_quarantined=False,
            created_at_s=int(self._now()),
            thumbhash=opened.masters.thumbhash,
            dominant=opened.masters.dominant,
        )

    async def _archive(self, asset: Asset, path: Path, opened: Opened) -> None:
        """Store the source and its masters; the record, written last, makes them exist."""
        await self._parts.sources.adopt(asset.tenant, asset.asset, path)
        await self._parts.renders.store_masters(asset, opened.masters.levels)

    async def _withdraw(self, asset: Asset) -> None:
        """Remove what has no living record; the start's sweep sees to it when nobody can say."""
        with suppress(StoreUnavailable):
            stored = await self._parts.records.asset(asset.tenant, asset.asset)
            if stored is None or stored.is_erased:
                await self._parts.sources.delete(asset.tenant, asset.asset)
                await self._parts.renders.remove_masters(asset)

    async def _record(self, asset: Asset, upload: Upload, capture: dict[str, str]) -> Asset:
        try:
            return await self._parts.records.add_asset(
                asset, owner=upload.owner, project=upload.project, capture=capture
            )
        except OriginError:  # the records are away, or an erase came in between
            await self._withdraw(asset)
            raise


def check_upload(upload: Upload) -> None:
    """Refuse an upload that may not come in; raises BadDocument or Unauthorized."""
    if upload.tenant.is_public and upload.owner != CATALOGUE_OWNER:
        raise Unauthorized("tenant.public_uploads")
    if not REFERENCE.fullmatch(upload.owner):
        raise BadDocument("api.owner", field="owner")
    if upload.project is not None and not REFERENCE.fullmatch(upload.project):
        raise BadDocument("api.parameter", field="project")
    if upload.retention not in RETENTION_CLASSES:
        raise BadDocument("api.parameter", field="retention")
