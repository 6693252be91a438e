"""All records in one object: shops, photos, designs, tokens, derivatives, epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from origin.adapters.records.assets import SqlAssets, living
from origin.adapters.records.database import Database, in_transaction, insert_new, move_epoch
from origin.adapters.records.derivatives import SqlDerivatives
from origin.adapters.records.erasures import SqlErasures
from origin.adapters.records.holds import SqlHolds
from origin.adapters.records.owners import SqlOwners
from origin.adapters.records.prints import SqlPrints
from origin.adapters.records.quotas import SqlQuotas
from origin.adapters.records.rows import design_of, tenant_of, token_of, token_row
from origin.adapters.records.schema import design_owners, designs, epoch, tenants, tokens
from origin.adapters.records.scrubs import SqlScrubs
from origin.adapters.records.selection import SqlSelection
from origin.errors import BadDocument
from origin.ports import Also, DesignRecord, TokenRecord
from origin.values import Tenant

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlTenants:
    """TenantRecords."""

    _database: Database

    async def tenant(self, name: str) -> Tenant | None:
        """Return the shop."""
        row = await self._database.row(select(tenants).where(tenants.c.name == name))
        return None if row is None else tenant_of(row)

    async def tenants(self) -> Sequence[Tenant]:
        """Return every shop, by name."""
        return [
            tenant_of(row)
            for row in await self._database.rows(select(tenants).order_by(tenants.c.name))
        ]

    @in_transaction
    async def add_tenant(self, connection: AsyncConnection, tenant: Tenant) -> None:
        """Record it. Raises BadDocument "tenant.exists"."""
        row = {column.name: getattr(tenant, column.name) for column in tenants.columns}
        try:
            await connection.execute(insert(tenants).values(row))
        except IntegrityError as error:
            raise BadDocument("tenant.exists") from error
        await move_epoch(connection)

    @in_transaction
    async def update_tenant(
        self,
        connection: AsyncConnection,
        name: str,
        *,
        is_suspended: bool,
        also: Also | None = None,
    ) -> bool:
        """Return False when there is none of that name."""
        change = update(tenants).where(tenants.c.name == name).values(is_suspended=is_suspended)
        is_there = (await connection.execute(change)).rowcount > 0
        if is_there:
            await move_epoch(connection)
            if also is not None:
                await also(connection, {})
        return is_there


class SqlDesigns:
    """DesignRecords."""

    _database: Database

    async def design(self, tenant: str, design: str) -> DesignRecord | None:
        """Return the design."""
        is_it = and_(designs.c.tenant == tenant, designs.c.design == design)
        row = await self._database.row(select(designs).where(is_it))
        return None if row is None else design_of(row)

    @in_transaction
    async def add_design(self, connection: AsyncConnection, record: DesignRecord) -> None:
        """Store it, or add the owner to what is there.

        Raises NotFound "asset.unknown", Gone "asset.erased".
        """
        await living(connection, record.tenant, record.asset)
        row = {column.name: getattr(record, column.name) for column in designs.columns}
        reference = {name: row[name] for name in ("tenant", "design", "owner")}
        await insert_new(connection, designs, row)
        await insert_new(connection, design_owners, reference)


class SqlTokens:
    """TokenRecords."""

    _database: Database
    _now: Callable[[], float]

    async def token(self, token_sha256: str) -> TokenRecord | None:
        """Return the record, revoked ones too (``revoked_at_s``)."""
        is_it = tokens.c.token_sha256 == token_sha256
        row = await self._database.row(select(tokens).where(is_it))
        return None if row is None else token_of(row)

    async def tokens(self) -> Sequence[TokenRecord]:
        """Return every token's record, by name."""
        return [
            token_of(row)
            for row in await self._database.rows(select(tokens).order_by(tokens.c.name))
        ]

    @in_transaction
    async def add_token(self, connection: AsyncConnection, record: TokenRecord) -> None:
        """Record it. Raises BadDocument "api.parameter", field "name", when that is taken."""
        try:
            await connection.execute(insert(tokens).values(token_row(record)))
        except IntegrityError as error:
            words = "There is a token of that name already."
            raise BadDocument("api.parameter", words, field="name") from error

    @in_transaction
    async def revoke_token(self, connection: AsyncConnection, name: str) -> bool:
        """Return False when there is none of that name; revoking again changes nothing."""
        is_it = tokens.c.name == name
        change = update(tokens).where(is_it, tokens.c.revoked_at_s.is_(None))
        found = await connection.execute(change.values(revoked_at_s=int(self._now())))
        if found.rowcount:
            await move_epoch(connection)
        return (await connection.execute(select(tokens.c.name).where(is_it))).first() is not None


class SqlRecords(
    SqlTenants,
    SqlAssets,
    SqlDesigns,
    SqlTokens,
    SqlDerivatives,
    SqlQuotas,
    SqlScrubs,
    SqlSelection,
    SqlOwners,
    SqlErasures,
    SqlHolds,
    SqlPrints,
):
    """Every port of the records, and the rows of derivatives."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        """``now`` is Unix time in seconds."""
        self._database = database
        self._now = now

    async def epoch(self) -> int:
        """Return the current number."""
        return int((await self._database.rows(select(epoch.c.number)))[0]["number"])
