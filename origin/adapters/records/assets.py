"""The photos in SQL, and what changes after intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, delete, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.adapters.records.database import Database, in_transaction, insert_new, move_epoch
from origin.adapters.records.rows import FOCUS_COLUMNS, asset_of, asset_row, focus_of
from origin.adapters.records.schema import (
    assets,
    derivatives,
    design_owners,
    designs,
    owners,
    projects,
)
from origin.adapters.retention import stronger
from origin.errors import Gone, NotFound
from origin.values import Asset

# What a tombstone forgets: everything that shows or tells something about the photo.
FORGOTTEN: dict[str, object] = {
    "capture": {},
    "warnings": [],
    "thumbhash": "",
    "dominant": "",
    **{name: None for pair in FOCUS_COLUMNS.values() for name in pair},
}


class SqlAssets:
    """AssetRecords and AssetChanges."""

    _database: Database

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
        try:
            await insert_new(connection, assets, asset_row(asset, capture))
        except IntegrityError as error:
            raise NotFound("tenant.unknown", log=f"{error.orig}") from error
        stored = await living(connection, asset.tenant, asset.asset)
        retention = stronger(stored.retention, asset.retention)
        if retention != stored.retention:
            change = update(assets).where(_is(asset.tenant, asset.asset))
            await connection.execute(change.values(retention=retention))
        since = {"created_at_s": asset.created_at_s}
        await insert_new(connection, owners, reference | since)
        if project is not None:
            await insert_new(connection, projects, reference | {"project": project})
        return replace(stored, retention=retention)

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
    async def bump_generation(self, connection: AsyncConnection, tenant: str, asset: str) -> int:
        """Return the new generation; raises NotFound "asset.unknown"."""
        return await _bump(connection, tenant, asset)

    @in_transaction
    async def mark_erased(self, connection: AsyncConnection, tenant: str, asset: str) -> None:
        """Set the tombstone, move the generation and forget what the record told of the photo.

        Raises NotFound "asset.unknown". The tombstone keeps id, content and life.
        """
        stored = await _locked(connection, tenant, asset)
        if stored.is_erased:
            return
        await _bump(connection, tenant, asset)
        forget = update(assets).where(_is(tenant, asset)).values(is_erased=True, **FORGOTTEN)
        await connection.execute(forget)
        await _drop_references(connection, tenant, asset)

    @in_transaction
    async def count_failure(
        self, connection: AsyncConnection, tenant: str, asset: str, *, quarantine_at: int
    ) -> bool:
        """Count a crash or time-out; raises NotFound "asset.unknown"."""
        was = await _locked(connection, tenant, asset)
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
    stored = await _locked(connection, tenant, asset)
    if stored.is_erased:
        raise Gone("asset.erased")
    return stored


async def _locked(connection: AsyncConnection, tenant: str, asset: str) -> Asset:
    query = select(assets).where(_is(tenant, asset)).with_for_update()
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound("asset.unknown")
    return asset_of(row)


async def _bump(connection: AsyncConnection, tenant: str, asset: str) -> int:
    change = update(assets).where(_is(tenant, asset)).values(generation=assets.c.generation + 1)
    found = await connection.execute(change.returning(assets.c.generation))
    generation: int | None = found.scalar_one_or_none()
    if generation is None:
        raise NotFound("asset.unknown")
    await move_epoch(connection)
    return generation


async def _drop_references(connection: AsyncConnection, tenant: str, asset: str) -> None:
    of_asset = select(designs.c.design).where(designs.c.tenant == tenant, designs.c.asset == asset)
    is_its = and_(design_owners.c.tenant == tenant, design_owners.c.design.in_(of_asset))
    await connection.execute(delete(design_owners).where(is_its))
    for table in (designs, owners, projects, derivatives):
        is_its = and_(true(), table.c.tenant == tenant, table.c.asset == asset)
        await connection.execute(delete(table).where(is_its))


def _is(tenant: str, asset: str) -> ColumnElement[bool]:
    return and_(assets.c.tenant == tenant, assets.c.asset == asset)
