"""Orders, packs and rows as the tables hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, insert

from purge.plan import covering
from purge.ports import Provider
from purge.tables import insert_into, orders, packs
from purge.values import Mode, Order, State, Target, What

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: Takedowns go before everything else.
LANES = TAKEDOWN, ORDINARY = 0, 1


def lane_of(order: Order) -> int:
    """Return the lane of an order's rows: the smaller number goes first."""
    return TAKEDOWN if order.is_takedown else ORDINARY


async def insert_order(connection: AsyncConnection, order: Order) -> bool:
    """Write the order's own row; return False when it is there already."""
    values = {
        "id": order.order,
        "what": order.what,
        "tenant": order.tenant,
        "label": order.label,
        "mode": order.mode,
        "is_takedown": order.is_takedown,
        "by": order.by,
        "reason": order.reason,
        "created_at_s": order.created_at_s,
        "providers": list(order.providers),
        "generations": dict(order.generations),
        "target_count": len(order.targets),
        "open_count": len(order.targets) * len(order.providers),
    }
    change = insert_into(connection, orders).values(values).on_conflict_do_nothing()
    return (await connection.execute(change.returning(orders.c.id))).first() is not None


async def insert_packs(connection: AsyncConnection, order: Order, size: int) -> None:
    """Write the targets of a large order as packs."""
    made = [
        {
            "order_id": order.order,
            "first": first,
            "lane": lane_of(order),
            "targets": [
                [target.kind, target.text] for target in order.targets[first : first + size]
            ],
        }
        for first in range(0, len(order.targets), size)
    ]
    await connection.execute(insert(packs), made)


def row_of(
    order: Order, name: str, provider: Provider | None, number: int, target: Target
) -> dict[str, object]:
    """Return the row of one target at one provider.

    One that is not configured has None: purge/strangers.py sees to such rows.
    """
    told = target if provider is None else covering(target, provider.limits)
    return {
        "order_id": order.order,
        "number": number,
        "provider": name,
        "depth": 0 if provider is None else provider.depth,
        "lane": lane_of(order),
        "kind": told.kind,
        "text": told.text,
        "mode": order.mode,
        "state": State.QUEUED,
        "round": 1,
        "attempts": 0,
        "code": "",
    }


def order_of(row: RowMapping) -> Order:
    """Return the order of its own row, without its targets."""
    return Order(
        order=row["id"],
        what=What(row["what"]),
        tenant=row["tenant"],
        label=row["label"],
        targets=(),
        mode=Mode(row["mode"]),
        is_takedown=row["is_takedown"],
        by=row["by"],
        reason=row["reason"],
        created_at_s=row["created_at_s"],
        providers=tuple(row["providers"]),
        generations=row["generations"],
    )
