"""The photos in SQL, and what changes after intake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, delete, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from origin.adapters.records.database import Database, in_transaction, insert_new, move_epoch
from origin.adapters.records.print_erasing import forget_prints_of
from origin.adapters.records.rows import FOCUS_COLUMNS, asset_of, asset_row, focus_of
from origin.adapters.records.schema import (
    assets,
    derivatives,
    design_owners,
    designs,
    masters,
    owners,
    projects,
)
from origin.adapters.retention import stronger
from origin.errors import Gone, NotFound
from origin.ports import Also
from origin.values import NO_PHOTO, Asset

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# What a tombstone forgets: everything that shows or tells something about the photo.
FORGOTTEN: dict[str, object] = {
    "source_digest": "",
    "size_bytes": 0,
    "photo": asdict(NO_PHOTO),
    "capture": {},
    "warnings": [],
    "thumbhash": "",
    "dominant": "",
    **{name: None for pair in FOCUS_COLUMNS.values() for name in pair},
}


class SqlAssets:
    """AssetRecords and AssetChanges."""

    _database: Database
    _now: Callable[[], float]

    async def asset(self, tenant: str, asset: str) -> Asset | None:
        """Return the record, erased ones too."""
        row = await self._database.row(select(assets).where(_is(tenant, asset)))
        return None if row is None else asset_of(row)

    async def assets(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[Asset]:
        """Return records in order of asset id."""
        query = select(assets).where(assets.c.tenant == tenant, assets.c.asset > after)
        return [
            asset_of(row)
            for row in await self._database.rows(query.order_by(assets.c.asset).limit(limit))
        ]

    async def taken_in_since(self, since_s: int, *, limit: int) -> Sequence[Asset]:
        """Return living photos that were first taken in then or later, newest first."""
        is_new = and_(assets.c.created_at_s >= since_s, assets.c.is_erased.is_(False))
        query = select(assets).where(is_new).order_by(assets.c.created_at_s.desc()).limit(limit)
        return [asset_of(row) for row in await self._database.rows(query)]

    async def lives(self, tenant: str, content: str) -> Sequence[Asset]:
        """Return every asset of this content, by life."""
        query = select(assets).where(assets.c.tenant == tenant, assets.c.content == content)
        return [asset_of(row) for row in await self._database.rows(query.order_by(assets.c.life))]

    async def is_erased(self, tenant: str, asset: str) -> bool:
        """Return whether a tombstone stands under that id."""
        row = await self._database.row(select(assets.c.is_erased).where(_is(tenant, asset)))
        return row is not None and bool(row["is_erased"])

    async def capture(self, tenant: str, asset: str) -> Mapping[str, str]:
        """Return what the camera wrote; empty when unknown or erased."""
        row = await self._database.row(select(assets.c.capture).where(_is(tenant, asset)))
        return {} if row is None else dict(row["capture"])

    @in_transaction
    async def add_asset(
        self,
        connection: AsyncConnection,
        asset: Asset,
        *,
        owner: str,
        project: str | None,
        capture: Mapping[str, str],
    ) -> Asset:
        """Record it, or add the owner to what is there and keep the stronger retention.

        Raises Gone "asset.erased", NotFound "tenant.unknown".
        """
        reference: dict[str, object] = {
            "tenant": asset.tenant,
            "asset": asset.asset,
            "owner": owner,
        }
        now_s = int(self._now())
        clocks = {"uploaded_at_s": now_s, "used_at_s": now_s}
        try:
            await insert_new(connection, assets, asset_row(asset, capture) | clocks)
        except IntegrityError as error:
            raise NotFound("tenant.unknown", log=f"{error.orig}") from error
        stored = await living(connection, asset.tenant, asset.asset)
        retention = stronger(stored.retention, asset.retention)
        change = update(assets).where(_is(asset.tenant, asset.asset))
        mended = {"source_damaged_at_s": None}  # these bytes have just been stored again
        await connection.execute(change.values(retention=retention, **mended, **clocks))
        since = {"created_at_s": now_s, "is_direct": project is None}
        await insert_new(connection, owners, reference | since)
        if project is not None:
            await insert_new(connection, projects, reference | {"project": project})
        else:
            is_it = and_(*(owners.c[name] == value for name, value in reference.items()))
            await connection.execute(update(owners).where(is_it).values(is_direct=True))
        return replace(stored, retention=retention, source_damaged_at_s=None)

    @in_transaction
    async def set_focus(
        self,
        connection: AsyncConnection,
        tenant: str,
        asset: str,
        kind: str,
        point: tuple[int, int],
    ) -> tuple[int, int]:
        """Store the point unless there is one; raises NotFound "asset.unknown"."""
        x, y = FOCUS_COLUMNS[kind]
        empty = and_(_is(tenant, asset), assets.c[x].is_(None))
        change = update(assets).where(empty).values({x: point[0], y: point[1]})
        await connection.execute(change)
        found = await connection.execute(select(assets).where(_is(tenant, asset)))
        row = found.mappings().one_or_none()
        stored = None if row is None else focus_of(row, kind)
        if stored is None:
            raise NotFound("asset.unknown")
        return stored

    @in_transaction
    async def bump_generation(
        self, connection: AsyncConnection, tenant: str, asset: str, *, also: Also | None = None
    ) -> int:
        """Return the new generation; raises NotFound "asset.unknown"."""
        generation = await bump(connection, tenant, asset)
        if also is not None:
            await also(connection, {f"{tenant}/{asset}": generation})
        return generation

    @in_transaction
    async def bump_generations(
        self,
        connection: AsyncConnection,
        names: Sequence[tuple[str, str]],
        *,
        also: Also | None = None,
    ) -> Mapping[str, int]:
        """Move these photos on; in one order and before the epoch, so that no two deadlock."""
        moved: dict[str, int] = {}
        for tenant, asset in sorted(set(names)):
            generation = await next_generation(connection, tenant, asset)
            if generation is not None:
                moved[f"{tenant}/{asset}"] = generation
        if moved:
            await move_epoch(connection)
        if also is not None:
            await also(connection, moved)
        return moved

    @in_transaction
    async def bump_all(
        self, connection: AsyncConnection, tenant: str | None, *, also: Also | None = None
    ) -> int:
        """Move every living photo of a shop, or of all, on with one UPDATE; return how many."""
        change = update(assets).where(assets.c.is_erased.is_(False))
        if tenant is not None:
            change = change.where(assets.c.tenant == tenant)
        moved = await connection.execute(change.values(generation=assets.c.generation + 1))
        if moved.rowcount:
            await move_epoch(connection)
        if also is not None:
            await also(connection, {})
        return moved.rowcount

    @in_transaction
    async def mark_erased(
        self, connection: AsyncConnection, tenant: str, asset: str, *, also: Also | None = None
    ) -> None:
        """Set the tombstone, move the generation and forget what the record told of the photo.

        Raises NotFound "asset.unknown". The tombstone keeps id, content and life.
        """
        if (await locked(connection, tenant, asset)).is_erased:
            return
        generation = await bump(connection, tenant, asset)
        if also is not None:  # while the rows of derivatives are there to be sampled
            await also(connection, {f"{tenant}/{asset}": generation})
        await forget(connection, tenant, asset, now_s=int(self._now()))

    @in_transaction
    async def count_failure(
        self, connection: AsyncConnection, tenant: str, asset: str, *, quarantine_at: int
    ) -> bool:
        """Count a crash or time-out; raises NotFound "asset.unknown"."""
        was = await locked(connection, tenant, asset)
        failures = assets.c.failures + 1
        is_bad = or_(assets.c.is_quarantined, failures >= quarantine_at)
        change = update(assets).where(_is(tenant, asset))
        change = change.values(failures=failures, is_quarantined=is_bad)
        found = await connection.execute(change.returning(assets.c.is_quarantined))
        is_quarantined = bool(found.scalar_one())
        if is_quarantined and not was.is_quarantined:
            await move_epoch(connection)
        return is_quarantined


async def living(connection: AsyncConnection, tenant: str, asset: str) -> Asset:
    """Return a photo that no erase can touch until the transaction ends.

    Raises NotFound "asset.unknown", Gone "asset.erased".
    """
    stored = await locked(connection, tenant, asset)
    if stored.is_erased:
        raise Gone("asset.erased")
    return stored


async def locked(connection: AsyncConnection, tenant: str, asset: str) -> Asset:
    """Return a photo, erased ones too, that stays as it is until the transaction ends.

    Raises NotFound "asset.unknown".
    """
    query = select(assets).where(_is(tenant, asset)).with_for_update()
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound("asset.unknown")
    return asset_of(row)


async def bump(connection: AsyncConnection, tenant: str, asset: str) -> int:
    """Move one photo's generation and the epoch; raises NotFound "asset.unknown"."""
    generation = await next_generation(connection, tenant, asset)
    if generation is None:
        raise NotFound("asset.unknown")
    await move_epoch(connection)
    return generation


async def next_generation(connection: AsyncConnection, tenant: str, asset: str) -> int | None:
    """Move one photo's generation only; the caller moves the epoch. None when it is unknown."""
    change = update(assets).where(_is(tenant, asset)).values(generation=assets.c.generation + 1)
    found = await connection.execute(change.returning(assets.c.generation))
    generation: int | None = found.scalar_one_or_none()
    return generation


async def forget(connection: AsyncConnection, tenant: str, asset: str, *, now_s: int) -> None:
    """Set the tombstone and drop all that hangs on the photo: it keeps id, content and life.

    now_s: Unix time, by which a hold on another photo of a print stands or has ended.
    """
    await forget_prints_of(connection, tenant, asset, now_s)
    change = update(assets).where(_is(tenant, asset)).values(is_erased=True, **FORGOTTEN)
    await connection.execute(change)
    of_asset = select(designs.c.design).where(designs.c.tenant == tenant, designs.c.asset == asset)
    is_its = and_(design_owners.c.tenant == tenant, design_owners.c.design.in_(of_asset))
    await connection.execute(delete(design_owners).where(is_its))
    for table in (designs, owners, projects, derivatives, masters):
        is_its = and_(true(), table.c.tenant == tenant, table.c.asset == asset)
        await connection.execute(delete(table).where(is_its))


def _is(tenant: str, asset: str) -> ColumnElement[bool]:
    return and_(assets.c.tenant == tenant, assets.c.asset == asset)
