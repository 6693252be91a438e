"""How much each shop has stored, and what of it was not used for longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, RowMapping, Table, and_, delete, func, select, tuple_, update

from origin.adapters.records.database import Database, in_transaction, move_epoch, put_row
from origin.adapters.records.derivatives import derivative_row, unlocked
from origin.adapters.records.schema import assets, derivatives, masters, tenants
from origin.ports import Evictable, Usage
from origin.values import MasterName

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# In one transaction: see derivatives.TOUCHED_AT_ONCE.
MASTERS_AT_ONCE = 200


class SqlQuotas:
    """QuotaRecords."""

    _database: Database

    async def usage(self) -> Mapping[str, Usage]:
        """Return what every shop that has something stored has stored."""
        previews, levels = await self._sums(derivatives), await self._sums(masters)
        nothing = (0, 0)
        return {
            tenant: Usage(*previews.get(tenant, nothing), *levels.get(tenant, nothing))
            for tenant in sorted(previews.keys() | levels.keys())
        }

    @in_transaction
    async def set_quota(
        self, connection: AsyncConnection, tenant: str, quota_bytes: int | None
    ) -> bool:
        """Return False when there is no such shop."""
        change = update(tenants).where(tenants.c.name == tenant).values(quota_bytes=quota_bytes)
        is_there = (await connection.execute(change)).rowcount > 0
        if is_there:
            await move_epoch(connection)
        return is_there

    async def touch_masters(self, used: Mapping[MasterName, tuple[int, int]]) -> set[MasterName]:
        """Note bytes and last use (Unix s) of masters; return those to tell again.

        Those of no living photo are left out for good; a photo that someone is changing is not
        waited for, since that could be waiting in a circle.
        """
        names, left = sorted(used), set[MasterName]()
        for start in range(0, len(names), MASTERS_AT_ONCE):
            some = names[start : start + MASTERS_AT_ONCE]
            left |= await self._touch_masters({name: used[name] for name in some})
        return left

    async def least_recently_used(
        self, tenant: str, *, before_s: int, limit: int
    ) -> Sequence[Evictable]:
        """Return what was last used before that time, the longest ago first."""
        found: list[Evictable] = []
        for table in (derivatives, masters):
            is_old = and_(table.c.tenant == tenant, table.c.last_used_s < before_s)
            query = select(table).where(is_old).order_by(table.c.last_used_s).limit(limit)
            found += [_evictable(table, row) for row in await self._database.rows(query)]
        return sorted(found, key=lambda one: one.last_used_s)[:limit]

    @in_transaction
    async def forget(
        self, connection: AsyncConnection, chosen: Sequence[Evictable]
    ) -> Sequence[Evictable]:
        """Remove the rows of what was not used, made or erased since; return what was removed."""
        gone: list[Evictable] = []
        for one in sorted(chosen, key=lambda one: one.name):
            table, is_it = _row_of(one)
            same = and_(is_it, table.c.last_used_s == one.last_used_s)
            if (await connection.execute(unlocked(select(table.c.size_bytes).where(same)))).first():
                await connection.execute(delete(table).where(is_it))
                gone.append(one)
        return gone

    async def masters_of(self, tenant: str, asset: str) -> Sequence[MasterName]:
        """Return the masters of one photo that have a row."""
        is_its = and_(masters.c.tenant == tenant, masters.c.asset == asset)
        return [_master(row) for row in await self._database.rows(select(masters).where(is_its))]

    @in_transaction
    async def forget_masters(
        self, connection: AsyncConnection, names: Sequence[MasterName]
    ) -> None:
        """Remove rows whose files are gone."""
        for name in sorted(names):
            await connection.execute(delete(masters).where(_is_master(name)))

    async def _sums(self, table: Table) -> dict[str, tuple[int, int]]:
        counted = (func.count().label("count"), func.sum(table.c.size_bytes).label("bytes"))
        query = select(table.c.tenant, *counted).group_by(table.c.tenant)
        rows = await self._database.rows(query)
        return {row["tenant"]: (row["count"], int(row["bytes"])) for row in rows}

    @in_transaction
    async def _touch_masters(
        self, connection: AsyncConnection, used: Mapping[MasterName, tuple[int, int]]
    ) -> set[MasterName]:
        photos = sorted({name.photo for name in used})
        is_one = tuple_(assets.c.tenant, assets.c.asset).in_(photos)
        query = select(assets.c.tenant, assets.c.asset).where(is_one, assets.c.is_erased.is_(False))
        living = {(tenant, asset) for tenant, asset in await connection.execute(query)}
        # An erase waits until this ends, and then finds these rows and takes them along.
        free = {(tenant, asset) for tenant, asset in await connection.execute(unlocked(query))}
        for name, (size_bytes, used_at_s) in used.items():
            if name.photo in free:
                counted = {"size_bytes": size_bytes, "last_used_s": used_at_s}
                await put_row(connection, masters, asdict(name) | counted)
        return {name for name in used if name.photo in living - free}


def _master(row: RowMapping) -> MasterName:
    return MasterName(row["tenant"], row["asset"], row["engine"], row["level"])


def _is_master(name: MasterName) -> ColumnElement[bool]:
    return and_(*(masters.c[field] == value for field, value in asdict(name).items()))


def _evictable(table: Table, row: RowMapping) -> Evictable:
    is_master = table is masters
    name = _master(row).name if is_master else derivative_row(row).name.object_name
    return Evictable(name, row["size_bytes"], row["last_used_s"], is_master=is_master)


def _row_of(one: Evictable) -> tuple[Table, ColumnElement[bool]]:
    """Find the row again by the name of the object."""
    if one.is_master:
        return masters, _is_master(MasterName.read(one.name))
    key = one.name.rpartition("/")[2].partition(".")[0]
    return derivatives, derivatives.c.key == key
