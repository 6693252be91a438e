"""What a scrub asks and leaves in the records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select, update

from origin.adapters.records.database import Database, in_transaction
from origin.adapters.records.schema import assets

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlScrubs:
    """Counts of photos, and the mark of a damaged source."""

    _database: Database

    async def photo_counts(self) -> Mapping[str, int]:
        """Return how many living photos each shop has."""
        query = select(assets.c.tenant, func.count().label("count"))
        query = query.where(assets.c.is_erased.is_(False)).group_by(assets.c.tenant)
        return {row["tenant"]: row["count"] for row in await self._database.rows(query)}

    @in_transaction
    async def mark_source(
        self, connection: AsyncConnection, tenant: str, asset: str, *, damaged_at_s: int | None
    ) -> None:
        """Say when (Unix s) a source was found damaged or missing; None when it is sound."""
        is_it = and_(assets.c.tenant == tenant, assets.c.asset == asset)
        await connection.execute(
            update(assets).where(is_it).values(source_damaged_at_s=damaged_at_s)
        )
