"""What an erase takes of prints, inside its transaction: the recipe, the owners, the requests.

A print that an erase has taken stays as a tombstone without a word of it; its files go afterwards
(origin.flow.print_erasure), and what was being made of it has lost its lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select, update

from origin.adapters.records.schema import (
    assets,
    holds,
    print_assets,
    print_owners,
    print_requests,
    prints,
)
from origin.prints import PrintState

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ERASED = {
    "state": PrintState.ERASED.value,
    "design": None,
    "recipe": b"",
    "code": "",
    "words": "",
    "lease": "",
    "file": None,
    "sha256": None,
}


async def forget_prints_of(connection: AsyncConnection, tenant: str, asset: str, now_s: int) -> int:
    """Take every print of a photo that no hold on another photo of it keeps; return how many."""
    table = print_assets.c
    of_asset = select(table.print_id).where(table.tenant == tenant, table.asset == asset)
    held = _held_with_others(tenant, asset, now_s)
    query = _living(tenant).where(prints.c.print_id.in_(of_asset), ~prints.c.print_id.in_(held))
    return await _forget(connection, tenant, list(await connection.scalars(query)))


async def drop_prints_of_owner(
    connection: AsyncConnection, tenant: str, asset: str, owner: str
) -> int:
    """Take an owner off a photo's prints; those that nobody else ordered go. Return how many."""
    table = print_assets.c
    of_asset = select(table.print_id).where(table.tenant == tenant, table.asset == asset)
    mine = print_owners.c
    is_hers = and_(mine.tenant == tenant, mine.owner == owner, mine.print_id.in_(of_asset))
    hers = list(await connection.scalars(select(mine.print_id).where(is_hers)))
    await connection.execute(delete(print_owners).where(is_hers))
    is_owned = exists().where(mine.tenant == tenant, mine.print_id == prints.c.print_id)
    query = _living(tenant).where(prints.c.print_id.in_(hers), ~is_owned)
    return await _forget(connection, tenant, list(await connection.scalars(query)))


async def drop_prints_of_designs(
    connection: AsyncConnection, tenant: str, designs: Sequence[str]
) -> int:
    """Take the prints of designs that are gone, whose words they hold; return how many."""
    query = _living(tenant).where(prints.c.design.in_(designs))
    return await _forget(connection, tenant, list(await connection.scalars(query)))


def _living(tenant: str) -> Select[tuple[str]]:
    is_there = and_(prints.c.tenant == tenant, prints.c.state != PrintState.ERASED.value)
    return select(prints.c.print_id).where(is_there).order_by(prints.c.print_id)


async def _forget(connection: AsyncConnection, tenant: str, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    for table in (print_owners, print_requests):
        of_prints = and_(table.c.tenant == tenant, table.c.print_id.in_(ids))
        await connection.execute(delete(table).where(of_prints))
    is_it = and_(prints.c.tenant == tenant, prints.c.print_id.in_(ids))
    await connection.execute(update(prints).where(is_it).values(**ERASED))
    return len(ids)


def _held_with_others(tenant: str, asset: str, now_s: int) -> Select[tuple[str]]:
    """Return the query of prints that show another photo which is under a hold."""
    others = print_assets.c
    is_live: ColumnElement[bool] = exists().where(
        holds.c.tenant == tenant,
        holds.c.asset == others.asset,
        holds.c.lifted_at_s.is_(None),
        or_(holds.c.until_s.is_(None), holds.c.until_s > now_s),
    )
    is_of_class = exists().where(
        assets.c.tenant == tenant, assets.c.asset == others.asset, assets.c.retention == "hold"
    )
    query = select(others.print_id).where(others.tenant == tenant, others.asset != asset)
    return query.where(or_(is_live, is_of_class))
