"""Whose a photo is, and which photos a shop's retention may have given up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from origin.adapters.records.database import Database
from origin.adapters.records.schema import assets, derivatives, owners
from origin.erasure import Clock


class SqlOwners:
    """References of owners, and the clocks of retention."""

    _database: Database
    _now: Callable[[], float]

    async def owners_of(
        self, tenant: str, asset: str, *, after: str = "", limit: int = 1000
    ) -> Sequence[str]:
        """Return the owners of a photo by name; none when it is erased or unknown."""
        query = select(owners.c.owner).where(owners.c.tenant == tenant, owners.c.asset == asset)
        query = query.where(owners.c.owner > after).order_by(owners.c.owner).limit(limit)
        return [row["owner"] for row in await self._database.rows(query)]

    async def assets_due(
        self, tenant: str, clocks: Mapping[str, Clock], *, after: str = "", limit: int = 1000
    ) -> Sequence[str]:
        """Return ids of living photos whose class has ended, by id; erase_page() looks again."""
        now_s = int(self._now())
        used = select(func.max(derivatives.c.last_used_s)).where(
            derivatives.c.tenant == assets.c.tenant, derivatives.c.asset == assets.c.asset
        )
        last_used_s = func.coalesce(used.scalar_subquery(), 0)
        ended: ColumnElement[bool] = false()
        for name, clock in clocks.items():
            until_s = now_s - clock.after_s
            is_over = assets.c.uploaded_at_s <= until_s
            if clock.is_idle:
                is_over = and_(is_over, assets.c.used_at_s <= until_s, last_used_s <= until_s)
            ended = or_(ended, and_(assets.c.retention == name, is_over))
        query = select(assets.c.asset).where(assets.c.tenant == tenant, assets.c.asset > after)
        query = query.where(assets.c.is_erased.is_(False), ended)
        rows = await self._database.rows(query.order_by(assets.c.asset).limit(limit))
        return [row["asset"] for row in rows]
