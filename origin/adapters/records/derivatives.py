"""The rows of derivatives: what is stored, how large, how old, when it was last used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.adapters.records.database import Database, in_transaction
from origin.adapters.records.schema import assets, derivatives
from origin.errors import RenderFailed
from origin.values import DerivativeName

KEYS_AT_ONCE = 500  # in one IN list; SQLite takes 32,766 parameters


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
        file that gets its name in ``publish`` was current when it got it.
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
        await connection.execute(delete(derivatives).where(derivatives.c.key == name.key))
        await connection.execute(insert(derivatives).values(self._values(stored)))

    @in_transaction
    async def touch_derivatives(
        self, connection: AsyncConnection, used_at_s: Mapping[str, int]
    ) -> set[str]:
        """Note when each key was last used; return the keys that have no row."""
        change = (
            update(derivatives)
            .where(derivatives.c.key == bindparam("used_key"))
            .values(last_used_s=bindparam("used_at_s"))
        )
        rows = [{"used_key": key, "used_at_s": when} for key, when in sorted(used_at_s.items())]
        await connection.execute(change, rows)
        keys, known = sorted(used_at_s), set[str]()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = derivatives.c.key.in_(keys[start : start + KEYS_AT_ONCE])
            known.update(await connection.scalars(select(derivatives.c.key).where(some)))
        return set(keys) - known

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
