"""Take photos away for good: tombstone ▸ delete ▸ wipe. The purge and its proof come after.

Each step is recorded, so that an erase that was cut off anywhere goes on where it was: the page of
tombstones is one transaction with its purge; files are deleted under the intake's own lock; what
was deleted is noted; the records are wiped last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from origin.adapters.stores import KeptObjects
from origin.adapters.wipe import Wiped
from origin.erasure import (
    Announce,
    Clock,
    ErasedPhoto,
    Erasure,
    ErasureRecords,
    Kind,
    Outcome,
    PrintErasure,
    Scope,
)
from origin.ports import AssetRecords, HostLocks, SourceStore

#: Photos that become tombstones in one transaction: about a tenth of a second of SQLite's lock.
PAGE = 100
#: Files that are deleted while no preview of their photo can be stored: some tens of ms of a disk.
DELETED_AT_ONCE = 20


class Records(ErasureRecords, AssetRecords, Protocol):
    """The records of photos and of what was erased."""

    async def assets_of_owner(
        self, tenant: str, owner: str, *, after: str = "", limit: int = 1000
    ) -> Sequence[str]:
        """Return the ids of an owner's photos, and of those that a design of the owner shows."""

    async def assets_of_project(
        self, tenant: str, project: str, *, after: str = "", limit: int = 1000
    ) -> Sequence[str]:
        """Return the ids of a project's photos."""

    async def assets_due(
        self, tenant: str, clocks: Mapping[str, Clock], *, after: str = "", limit: int = 1000
    ) -> Sequence[str]:
        """Return the ids of photos whose retention class has ended."""

    async def with_photo_held(
        self, tenant: str, asset: str, work: Callable[[Collection[str]], Awaitable[int]]
    ) -> int:
        """Run ``work`` with the names of the photo's recorded objects; none is stored meanwhile."""


class Wipe(Protocol):
    """Makes the records' files forget what their rows held."""

    async def wipe(self) -> Wiped:
        """Overwrite it, as far as this database can; say what may be left."""


@dataclass(frozen=True, slots=True)
class EraseParts:
    """What an erase goes through, wired once."""

    records: Records
    sources: SourceStore
    objects: KeptObjects
    locks: HostLocks
    wipe: Wipe
    prints: PrintErasure | None = None


#: Told after each step: its name, and the photo that it was about.
Progress = Callable[[str, ErasedPhoto], None]


class Erase:
    """The origin's part of an erase."""

    def __init__(self, parts: EraseParts) -> None:
        self._parts = parts

    async def foretell(self, scope: Scope) -> AsyncIterator[ErasedPhoto]:
        """Yield what run() would do to each photo, and change nothing."""
        async for names in self._pages(scope):
            for photo in await self._parts.records.try_page(scope, names):
                yield photo

    async def run(
        self, erasure: Erasure, scope: Scope, announce: Announce, on_progress: Progress
    ) -> Wiped:
        """Take away all that the scope means, and return how well the records forgot it.

        Raises StoreUnavailable when a store or the records are away: then run it again.
        """
        async for names in self._pages(scope):
            for photo in await self._parts.records.erase_page(erasure, scope, names, announce):
                on_progress("tombstone", photo)
        async for photo in self._photos(erasure):
            if photo.removed is None:
                removed = await self._delete(erasure.tenant, photo)
                await self._parts.records.note_removed(erasure.erasure, photo.asset, removed)
            on_progress("delete", photo)
        return await self._parts.wipe.wipe()

    async def _delete(self, tenant: str, photo: ErasedPhoto) -> Mapping[str, int]:
        """Delete the files of one photo and of its prints; harmless when repeated."""
        removed = await self._delete_photo(tenant, photo)
        if self._parts.prints is None:
            return removed
        gone, kept = await self._parts.prints.erase_prints(tenant, photo.asset)
        # Of a photo that others keep, their prints are no news.
        kept = 0 if photo.outcome is Outcome.RELEASED else kept
        counts = {"prints": gone, "prints_kept": kept}
        return {**removed, **{what: count for what, count in counts.items() if count}}

    async def _delete_photo(self, tenant: str, photo: ErasedPhoto) -> Mapping[str, int]:
        if photo.outcome is Outcome.KEPT:
            return {}
        of_photo = f"{tenant}/derivatives/{photo.asset}/"
        if photo.outcome is Outcome.RELEASED:
            # A design's previews are among them; what the others still want is made anew.
            if not photo.designs:
                return {}
            return {"derivatives": await self._delete_superseded(tenant, photo.asset, of_photo)}
        stored = await self._parts.records.asset(tenant, photo.asset)
        assert stored is not None, "a tombstone stands for ever"
        async with self._parts.locks.hold(f"intake:{tenant}/{stored.content}"):
            await self._parts.sources.delete(tenant, photo.asset)
            masters = await self._parts.objects.delete_prefix(f"{tenant}/masters/{photo.asset}/")
            return {
                "sources": 1,
                "masters": masters,
                "derivatives": await self._parts.objects.delete_prefix(of_photo),
            }

    async def _delete_superseded(self, tenant: str, asset: str, of_photo: str) -> int:
        """Delete what was rendered before the tombstone's transaction; return how much.

        That took the rows of all of it. Who wants the photo meanwhile, and an erase that goes on a
        day later finds much of that, has it made anew: such pictures have a row and stay.
        """
        objects, removed = self._parts.objects, 0

        async def remove(some: Sequence[str], recorded: Collection[str]) -> int:
            old = [name for name in some if name not in recorded]
            for name in old:
                await objects.delete(name)
            return len(old)

        names = [listed.name async for listed in objects.names(of_photo)]
        for first in range(0, len(names), DELETED_AT_ONCE):
            some = partial(remove, names[first : first + DELETED_AT_ONCE])
            removed += await self._parts.records.with_photo_held(tenant, asset, some)
        return removed

    async def _pages(self, scope: Scope) -> AsyncIterator[Sequence[str]]:
        if scope.kind is Kind.ASSET:
            yield [scope.name]
            return
        after = ""
        while page := await self._page(scope, after):
            yield page
            after = page[-1]

    async def _page(self, scope: Scope, after: str) -> Sequence[str]:
        records, tenant = self._parts.records, scope.tenant
        match scope.kind:
            case Kind.OWNER:
                return await records.assets_of_owner(tenant, scope.name, after=after, limit=PAGE)
            case Kind.PROJECT:
                return await records.assets_of_project(tenant, scope.name, after=after, limit=PAGE)
            case _:
                return await records.assets_due(tenant, scope.clocks, after=after, limit=PAGE)

    async def _photos(self, erasure: Erasure) -> AsyncIterator[ErasedPhoto]:
        after = ""
        while page := await self._parts.records.erased_photos(erasure.erasure, after=after):
            for photo in page:
                yield photo
            after = page[-1].asset
