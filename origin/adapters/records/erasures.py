"""Erases in SQL: a page of photos is taken, counted and announced in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, insert, select, update

from origin.adapters.records.database import Database, in_transaction, move_epoch
from origin.adapters.records.schema import erased_photos, erasures
from origin.adapters.records.taking import Taking
from origin.erasure import Announce, Announcement, ErasedPhoto, Erasure, Kind, Outcome, Scope

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class _TryOnly(Exception):
    """Ends a transaction that was only to be looked at, so that it is rolled back."""

    def __init__(self, photos: Sequence[ErasedPhoto]) -> None:
        super().__init__()
        self.photos = photos


class SqlErasures:
    """ErasureRecords."""

    _database: Database
    _now: Callable[[], float]

    @in_transaction
    async def begin_erasure(self, connection: AsyncConnection, erasure: Erasure) -> Erasure:
        """Record it, or return the unfinished one of the same tenant, kind and subject."""
        table = erasures.c
        same = (table.tenant == erasure.tenant, table.kind == erasure.kind.value)
        query = select(erasures).where(*same, table.subject == erasure.subject)
        query = query.where(table.receipt.is_(None)).order_by(table.erasure).limit(1)
        found = (await connection.execute(query)).mappings().one_or_none()
        if found is not None:
            return _erasure_of(found)
        await connection.execute(insert(erasures).values(**asdict(erasure)))
        return erasure

    async def erasures(self, tenant: str, kind: Kind, subject: str) -> Sequence[Erasure]:
        """Return the erases of that subject, oldest first."""
        table = erasures.c
        query = select(erasures).where(table.tenant == tenant, table.kind == kind.value)
        query = query.where(table.subject == subject).order_by(table.erasure)
        return [_erasure_of(row) for row in await self._database.rows(query)]

    @in_transaction
    async def erase_page(
        self,
        connection: AsyncConnection,
        erasure: Erasure,
        scope: Scope,
        assets: Sequence[str],
        announce: Announce,
    ) -> Sequence[ErasedPhoto]:
        """Take these photos, tell the purge queue, and write down what was done: all or nothing."""
        before = await _taken_before(connection, erasure.erasure, assets)
        fresh = await self._take(connection, scope, [name for name in assets if name not in before])
        if not fresh:
            return list(before.values())
        gone = {photo.asset: photo.generation for photo in fresh if photo.outcome is Outcome.ERASED}
        designs = tuple(design for photo in fresh for design in photo.designs)
        if gone or any(photo.outcome is Outcome.RELEASED for photo in fresh):
            await move_epoch(connection)
        order = ""
        if gone or designs:
            order = await announce(connection, Announcement(erasure.tenant, gone, designs))
        recorded = [replace(photo, purge=order if _is_purged(photo) else "") for photo in fresh]
        await connection.execute(
            insert(erased_photos),
            [{"erasure": erasure.erasure, **_row(photo)} for photo in recorded],
        )
        return [*before.values(), *recorded]

    async def try_page(self, scope: Scope, assets: Sequence[str]) -> Sequence[ErasedPhoto]:
        """Do what erase_page() would and roll it back: what is foretold is what is done."""

        async def attempt(connection: AsyncConnection) -> None:
            raise _TryOnly(await self._take(connection, scope, assets))

        try:
            await self._database.write(attempt)
        except _TryOnly as tried:
            return tried.photos
        raise AssertionError("a trial ended without its result")

    async def erased_photos(
        self, erasure: str, *, after: str = "", limit: int = 1000
    ) -> Sequence[ErasedPhoto]:
        """Return what became of each photo, by asset id."""
        table = erased_photos.c
        query = select(erased_photos).where(table.erasure == erasure, table.asset > after)
        rows = await self._database.rows(query.order_by(table.asset).limit(limit))
        return [_photo_of(row) for row in rows]

    @in_transaction
    async def note_removed(
        self, connection: AsyncConnection, erasure: str, asset: str, removed: Mapping[str, int]
    ) -> None:
        """Record that the files are gone."""
        table = erased_photos.c
        change = update(erased_photos).where(table.erasure == erasure, table.asset == asset)
        await connection.execute(change.values(removed=dict(removed)))

    @in_transaction
    async def finish_erasure(
        self,
        connection: AsyncConnection,
        erasure: str,
        receipt: str,
        *,
        also: Callable[[AsyncConnection], Awaitable[None]] | None = None,
    ) -> bool:
        """Keep the receipt, the erase is over; False when another run has ended it before."""
        is_open = (erasures.c.erasure == erasure, erasures.c.receipt.is_(None))
        change = update(erasures).where(*is_open).values(receipt=receipt)
        if not (await connection.execute(change)).rowcount:
            return False
        if also is not None:
            await also(connection)
        return True

    async def _take(
        self, connection: AsyncConnection, scope: Scope, assets: Sequence[str]
    ) -> list[ErasedPhoto]:
        taking = Taking(connection, scope, now_s=int(self._now()))
        taken = [await taking.take(asset) for asset in sorted(set(assets))]
        return [photo for photo in taken if photo is not None]


async def _taken_before(
    connection: AsyncConnection, erasure: str, assets: Sequence[str]
) -> dict[str, ErasedPhoto]:
    """Return what this erasure did before it was cut off; what was kept is looked at again."""
    table = erased_photos.c
    of_page = (table.erasure == erasure, table.asset.in_(list(assets)))
    rows = (await connection.execute(select(erased_photos).where(*of_page))).mappings()
    found = {row["asset"]: _photo_of(row) for row in rows}
    kept = [asset for asset, photo in found.items() if photo.outcome is Outcome.KEPT]
    await connection.execute(
        erased_photos.delete().where(table.erasure == erasure, table.asset.in_(kept))
    )
    return {asset: photo for asset, photo in found.items() if asset not in kept}


def _is_purged(photo: ErasedPhoto) -> bool:
    return photo.outcome is Outcome.ERASED or bool(photo.designs)


def _row(photo: ErasedPhoto) -> dict[str, object]:
    row = asdict(photo)
    row |= {"counts": dict(photo.counts), "outcome": photo.outcome.value}
    return row | {"designs": list(photo.designs), "paths": list(photo.paths)}


def _photo_of(row: RowMapping) -> ErasedPhoto:
    plain = {name: value for name, value in row.items() if name != "erasure"}
    plain |= {"designs": tuple(row["designs"]), "paths": tuple(row["paths"])}
    return ErasedPhoto(**{**plain, "outcome": Outcome(row["outcome"])})


def _erasure_of(row: RowMapping) -> Erasure:
    return Erasure(**{**row, "kind": Kind(row["kind"])})
