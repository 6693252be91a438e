"""The rows of derivatives: what is stored, how large, how old, when it was last used."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import RowMapping, Select, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import sqlite

from origin.adapters.records.database import Database, in_transaction, put_row
from origin.adapters.records.local import sql_of
from origin.adapters.records.schema import assets, derivatives
from origin.errors import RenderFailed
from origin.values import DerivativeName

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

# In one transaction: it keeps others waiting in SQLite, and SQLite takes 32,766 parameters.
TOUCHED_AT_ONCE = 500
CURRENT = select(assets.c.generation, assets.c.is_erased).where(
    assets.c.tenant == bindparam("tenant"), assets.c.asset == bindparam("asset")
)
CURRENT_SQL = sql_of(CURRENT)
_NEW = sqlite.insert(derivatives)
PUT_SQL = sql_of(
    _NEW.on_conflict_do_update(
        index_elements=[derivatives.c.key],
        set_={column.name: _NEW.excluded[column.name] for column in derivatives.columns},
    )
)


@dataclass(frozen=True, slots=True)
class DerivativeRow:
    """What the records keep of a stored derivative. ``digest`` is BLAKE3-256 in hex."""

    name: DerivativeName
    digest: str
    size_bytes: int
    generation: int


class SqlDerivatives:
    """Compare and set for the store of derivatives."""

    _database: Database
    _now: Callable[[], float]

    async def record_derivative(
        self,
        row: DerivativeRow,
        publish: Callable[[], Awaitable[DerivativeRow]],
        publish_here: Callable[[], DerivativeRow] | None = None,
    ) -> None:
        """Record what ``publish`` made visible; it runs inside the transaction.

        No purge and no erase can be committed between the look at the asset and the commit, so a
        file that gets its name in ``publish`` was current when it got it. Several may publish
        pictures of one asset at once: the look holds a shared lock, so nothing in here may write
        to the asset, or two of them wait for each other.
        Raises RenderFailed "render.superseded", without having called ``publish``, when the
        asset's generation is not the row's or the asset is erased or unknown.

        publish_here: does the same in a thread, which it blocks: where the records are a file
        here, looking, publishing and recording are one job.
        """
        if publish_here is None or self._database.local is None:
            await self._record(row, publish)
        else:
            await self._database.write_here(partial(self._record_here, row, publish_here))

    @in_transaction
    async def _record(
        self,
        connection: AsyncConnection,
        row: DerivativeRow,
        publish: Callable[[], Awaitable[DerivativeRow]],
    ) -> None:
        query = CURRENT.with_for_update(read=True)
        found = await connection.execute(query, _photo_of(row))
        _must_be_current(row, found.one_or_none())
        stored = await publish()
        await put_row(connection, derivatives, self._values(stored))

    def _record_here(
        self,
        row: DerivativeRow,
        publish: Callable[[], DerivativeRow],
        connection: sqlite3.Connection,
    ) -> None:
        _must_be_current(row, connection.execute(CURRENT_SQL, _photo_of(row)).fetchone())
        connection.execute(PUT_SQL, self._values(publish()))

    async def touch_derivatives(self, used_at_s: Mapping[str, int]) -> set[str]:
        """Note when each key, and with it its photo, was last used; return keys without a row."""
        keys, known = sorted(used_at_s), set[str]()
        for start in range(0, len(keys), TOUCHED_AT_ONCE):
            some = {key: used_at_s[key] for key in keys[start : start + TOUCHED_AT_ONCE]}
            known |= await self._touch(some)
        return set(keys) - known

    @in_transaction
    async def with_photo_held(
        self,
        connection: AsyncConnection,
        tenant: str,
        asset: str,
        work: Callable[[Collection[str]], Awaitable[T]],
    ) -> T:
        """Run ``work`` with the names of the photo's recorded objects; none is published meanwhile.

        Publishing holds a shared lock on the photo, this an exclusive one: what ``work`` removes
        because no row names it cannot be what a later render has just stored. Others wait, so
        ``work`` is short.
        """
        is_it = (assets.c.tenant == tenant) & (assets.c.asset == asset)
        await connection.execute(select(assets.c.asset).where(is_it).with_for_update())
        is_its = (derivatives.c.tenant == tenant) & (derivatives.c.asset == asset)
        found = await connection.execute(select(derivatives).where(is_its))
        return await work({derivative_row(row).name.object_name for row in found.mappings()})

    async def derivatives_of(self, tenant: str, asset: str) -> Sequence[DerivativeRow]:
        """Return the rows of one photo, by key."""
        is_its = (derivatives.c.tenant == tenant) & (derivatives.c.asset == asset)
        query = select(derivatives).where(is_its).order_by(derivatives.c.key)
        return [derivative_row(found) for found in await self._database.rows(query)]

    @in_transaction
    async def forget_derivatives(self, connection: AsyncConnection, keys: Sequence[str]) -> None:
        """Remove rows whose files are gone."""
        for key in sorted(keys):
            await connection.execute(delete(derivatives).where(derivatives.c.key == key))

    @in_transaction
    async def _touch(self, connection: AsyncConnection, used_at_s: Mapping[str, int]) -> set[str]:
        """Touch what nobody else is changing: waiting here could be waiting in a circle."""
        columns = (derivatives.c.key, derivatives.c.tenant, derivatives.c.asset)
        found = (await connection.execute(_with_keys(select(*columns), used_at_s))).all()
        free = await connection.scalars(unlocked(_with_keys(select(derivatives.c.key), used_at_s)))
        rows = [{"used_key": key, "used_at_s": used_at_s[key]} for key in free]
        if rows:
            is_it = derivatives.c.key == bindparam("used_key")
            change = update(derivatives).where(is_it).values(last_used_s=bindparam("used_at_s"))
            await connection.execute(change, rows)
        photos: dict[tuple[str, str], int] = {}
        for key, tenant, asset in found:
            photos[tenant, asset] = max(photos.get((tenant, asset), 0), used_at_s[key])
        await _touch_photos(connection, photos)
        return {key for key, _, _ in found}

    def _values(self, row: DerivativeRow) -> dict[str, object]:
        name = row.name
        return {
            "key": name.key,
            "tenant": name.tenant,
            "asset": name.asset,
            "ext": name.ext,
            "path": name.path,
            "digest": row.digest,
            "size_bytes": row.size_bytes,
            "engine": name.engine,
            "generation": row.generation,
            "last_used_s": int(self._now()),
        }


def _photo_of(row: DerivativeRow) -> dict[str, str]:
    return {"tenant": row.name.tenant, "asset": row.name.asset}


def _must_be_current(row: DerivativeRow, found: Sequence[Any] | None) -> None:
    """Compare before set: ``found`` is the asset's generation and whether it is erased."""
    if found is None or found[1] or found[0] != row.generation:
        raise RenderFailed("render.superseded", log=row.name.path)


async def _touch_photos(connection: AsyncConnection, photos: Mapping[tuple[str, str], int]) -> None:
    """Move the photos' own clock with their derivatives': rows are evicted, the clock stays."""
    if not photos:
        return
    names = tuple_(assets.c.tenant, assets.c.asset)
    query = select(assets.c.tenant, assets.c.asset).where(names.in_(sorted(photos)))
    free = (await connection.execute(unlocked(query))).all()
    rows = [
        {"of_tenant": tenant, "of_asset": asset, "used_at_s_": photos[tenant, asset]}
        for tenant, asset in free
    ]
    if rows:
        is_it = (assets.c.tenant == bindparam("of_tenant")) & (
            assets.c.asset == bindparam("of_asset")
        )
        change = update(assets).where(is_it).values(used_at_s=bindparam("used_at_s_"))
        await connection.execute(change, rows)


def _with_keys(query: Select[Any], keys: Mapping[str, int]) -> Select[Any]:
    return query.where(derivatives.c.key.in_(sorted(keys)))


def unlocked(query: Select[Any]) -> Select[Any]:
    """Lock the rows that nobody else has locked; in SQLite the transaction holds them all."""
    return query.with_for_update(skip_locked=True, key_share=True)


def derivative_row(found: RowMapping) -> DerivativeRow:
    """Return what a row says."""
    name = {field: found[field] for field in ("tenant", "asset", "key", "ext", "path", "engine")}
    facts = {field: found[field] for field in ("digest", "size_bytes", "generation")}
    return DerivativeRow(DerivativeName(**name), **facts)
