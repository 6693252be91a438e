"""Legal holds in SQL: as long as one stands on a photo, no erase and no sweep takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, or_, select, update

from origin.adapters.records.assets import living
from origin.adapters.records.database import Database, in_transaction
from origin.adapters.records.schema import assets, holds
from origin.erasure import Hold
from origin.ports import Also

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlHolds:
    """Who keeps which photo from being erased, why and until when."""

    _database: Database
    _now: Callable[[], float]

    @in_transaction
    async def set_hold(
        self, connection: AsyncConnection, hold: Hold, *, also: Also | None = None
    ) -> None:
        """Keep a photo; raises NotFound "asset.unknown", Gone "asset.erased"."""
        stored = await living(connection, hold.tenant, hold.asset)
        await connection.execute(insert(holds).values(**asdict(hold)))
        if also is not None:
            await also(connection, {f"{hold.tenant}/{hold.asset}": stored.generation})

    @in_transaction
    async def lift_holds(
        self,
        connection: AsyncConnection,
        tenant: str,
        asset: str,
        *,
        by: str,
        reason: str,
        also: Also | None = None,
    ) -> int:
        """Lift every hold of a photo, the retention class "hold" too; return how many.

        A photo of that class is of the class "project" from then on, and idle since its last use.
        Raises NotFound "asset.unknown", Gone "asset.erased".
        """
        stored = await living(connection, tenant, asset)
        lifted = await connection.execute(
            update(holds)
            .where(holds.c.tenant == tenant, holds.c.asset == asset, holds.c.lifted_at_s.is_(None))
            .values(lifted_at_s=int(self._now()), lifted_by=by, lifted_reason=reason)
        )
        count = lifted.rowcount
        if stored.retention == "hold":
            is_it = and_(assets.c.tenant == tenant, assets.c.asset == asset)
            await connection.execute(update(assets).where(is_it).values(retention="project"))
            count += 1
        if count and also is not None:
            await also(connection, {f"{tenant}/{asset}": stored.generation})
        return count

    async def holds(
        self, tenant: str, *, asset: str | None = None, after: str = "", limit: int = 1000
    ) -> Sequence[Hold]:
        """Return the holds that stand now, oldest first (their ids go by time)."""
        is_live = and_(
            holds.c.lifted_at_s.is_(None),
            or_(holds.c.until_s.is_(None), holds.c.until_s > int(self._now())),
        )
        query = select(holds).where(holds.c.tenant == tenant, holds.c.hold > after, is_live)
        if asset is not None:
            query = query.where(holds.c.asset == asset)
        rows = await self._database.rows(query.order_by(holds.c.hold).limit(limit))
        return [Hold(**row) for row in rows]
