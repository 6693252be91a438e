"""The rows of derivatives: what is stored, how large, how old, when it was last used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.adapters.records.database import Database, in_transaction, put_row
from origin.adapters.records.schema import assets, derivatives
from origin.errors import RenderFailed
from origin.values import DerivativeName

# In one transaction: it keeps others waiting in SQLite, and SQLite takes 32,766 parameters.
TOUCHED_AT_ONCE = 500


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

    @in_transaction
    async def record_derivative(
        self,
        connection: AsyncConnection,
        row: DerivativeRow,
        publish: Callable[[], Awaitable[DerivativeRow]],
    ) -> None:
        """Record what ``publish`` made visible; it runs inside the transaction.

        No purge and no erase can be committed between the look at the asset and the commit, so a
        file that gets its name in ``publish`` was current when it got it. Several may publish
        pictures of one asset at once: the look holds a shared lock, so nothing in here may write
        to the asset, or two of them wait for each other.
        Raises RenderFailed "render.superseded", without having called ``publish``, when the
        asset's generation is not the row's or the asset is erased or unknown.
        """
        name = row.name
        is_it = (assets.c.tenant == name.tenant) & (assets.c.asset == name.asset)
        query = select(assets.c.generation, assets.c.is_erased).where(is_it)
        found = (await connection.execute(query.with_for_update(read=True))).one_or_none()
        if found is None or found.is_erased or found.generation != row.generation:
            raise RenderFailed("render.superseded", log=name.path)
        stored = await publish()
        await put_row(connection, derivatives, self._values(stored))

    async def touch_derivatives(self, used_at_s: Mapping[str, int]) -> set[str]:
        """Note when each key, and with it its photo, was last used; return keys without a row."""
        keys, known = sorted(used_at_s), set[str]()
        for start in range(0, len(keys), TOUCHED_AT_ONCE):
            some = {key: used_at_s[key] for key in keys[start : start + TOUCHED_AT_ONCE]}
            known |= await self._touch(some)
        return set(keys) - known

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
