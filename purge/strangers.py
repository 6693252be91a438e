"""Rows of providers that are not configured: dead letters, once it is clear that nobody sends them.

While a configuration is rolled out one worker knows a provider and another does not. So a row is
left alone until it has waited for longer than any provider can make it wait, and its provider has
taken nothing for as long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, or_, select, update

from purge import gates
from purge.audit import Audit
from purge.pace import PAUSE_MAX_S
from purge.queue import Queue
from purge.settle import PURGE_GIVEN_UP, Settled
from purge.tables import orders, rows
from purge.values import State

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

REMOVED = "provider.removed"
#: How long such a row must have been due, in seconds.
STRANGER_S = PAUSE_MAX_S + 60.0
#: Orders that are looked after in one transaction.
ORDERS_AT_ONCE = 100


async def bury(queue: Queue, audit: Audit) -> Settled:
    """Make dead letters of some rows that nobody sends; nothing when there are none left."""
    found = await queue.records.rows(
        select(rows.c.order_id)
        .join(orders, orders.c.id == rows.c.order_id)
        .where(orders.c.open_count > 0, _is_left(queue))
        .distinct()
        .limit(ORDERS_AT_ONCE)
    )
    if not found:
        return Settled(0, 0, 0, ())
    order_ids = [str(row["order_id"]) for row in found]
    return await queue.records.write(lambda connection: _bury(connection, queue, audit, order_ids))


async def _bury(
    connection: AsyncConnection, queue: Queue, audit: Audit, order_ids: Sequence[str]
) -> Settled:
    await gates.lock_orders(connection, order_ids)
    its = rows.c.order_id.in_(order_ids)
    end = {"state": State.DEAD, "due_at_s": None, "lease": None, "code": REMOVED}
    change = update(rows).where(its, _is_left(queue)).values(end)
    change = change.returning(rows.c.order_id, rows.c.provider)
    counts = Counter((row.order_id, row.provider) for row in await connection.execute(change))
    of_orders = Counter[str]()
    for (order_id, _), count in counts.items():
        of_orders[order_id] += count
    finished = await gates.close(connection, of_orders)
    await queue.release(connection, its, await queue.late(connection))
    for (order_id, provider), count in sorted(counts.items()):
        facts = {"order": order_id, "provider": provider, "targets": count, "code": REMOVED}
        await audit.append(connection, PURGE_GIVEN_UP, facts)
    return Settled(counts.total(), 0, counts.total(), finished)


def _is_left(queue: Queue) -> ColumnElement[bool]:
    """Return the condition of a row that waits for a provider which nobody has."""
    now_s = queue.clock.now_s()
    long_ago_s = now_s - STRANGER_S
    lately = rows.alias("lately")
    is_alive = or_(lately.c.accepted_at_s > long_ago_s, lately.c.settled_at_s > long_ago_s)
    alive = select(lately.c.provider).where(
        lately.c.provider.not_in(list(queue.providers)), is_alive
    )
    return and_(
        rows.c.provider.not_in(list(queue.providers)),
        rows.c.due_at_s <= long_ago_s,
        gates.is_open(),
        gates.is_free(now_s, queue.terms.lease_s),
        rows.c.provider.not_in(alive),
    )
