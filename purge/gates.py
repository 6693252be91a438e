"""Innermost cache first: when a row of an outer cache may be sent, and when it must be sent again.

An outer cache fills itself from the inner one, so its row waits (``due_at_s`` is NULL) until every
row of the same target further in has had the same round. Two things open the gate early: an inner
dead letter, and an inner account that has failed for longer than the inner wait. When the late one
is taken after all, the outer rows that went ahead of it start that round again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update

from purge.tables import accounts, orders, rows
from purge.values import State

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: ``(order id, target number)``.
Pair = tuple[str, int]
ROUNDS = 2
#: Orders in one statement: SQLite takes expressions up to 1,000 deep.
ORDERS_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a gate holds a second purge, in seconds; ``now_s`` is Unix time.

    second_s: from the first acceptance. hop_s: from the inner cache's second one.
    """

    now_s: float
    second_s: float
    hop_s: float


def these(pairs: Sequence[Pair]) -> Iterator[ColumnElement[bool]]:
    """Yield conditions of being one of these targets, at any provider; each is one statement's.

    Order by order, so that the primary key finds them.
    """
    numbers: dict[str, list[int]] = {}
    for order_id, number in pairs:
        numbers.setdefault(order_id, []).append(number)
    terms = [
        and_(rows.c.order_id == order_id, rows.c.number.in_(its))
        for order_id, its in numbers.items()
    ]
    for first in range(0, len(terms), ORDERS_AT_ONCE):
        yield or_(*terms[first : first + ORDERS_AT_ONCE])


def is_open() -> ColumnElement[bool]:
    """Return the condition of a row that is neither settled nor dead."""
    return and_(rows.c.round <= ROUNDS, rows.c.state != State.DEAD)


async def release(
    connection: AsyncConnection,
    which: ColumnElement[bool],
    late: Sequence[str],
    wait: Wait,
) -> None:
    """Make the waiting rows of ``which`` due whose inner rows have had the same round.

    late: providers that nobody waits for any longer.
    """
    inner = rows.alias("inner_rows")
    is_before = and_(
        inner.c.order_id == rows.c.order_id,
        inner.c.number == rows.c.number,
        inner.c.depth < rows.c.depth,
        inner.c.round <= rows.c.round,
        inner.c.state != State.DEAD,
        inner.c.provider.not_in(late),
    )
    second_at_s = rows.c.accepted_at_s + wait.second_s
    soonest_s = wait.now_s + wait.hop_s
    repeats = rows.c.round == ROUNDS
    # The clock has, since the acceptance:
    has_gone_back = and_(repeats, rows.c.accepted_at_s > wait.now_s)
    times = (
        (has_gone_back, wait.now_s + wait.second_s),
        (and_(repeats, second_at_s > soonest_s), second_at_s),
        (repeats, soonest_s),
    )
    waiting = and_(which, is_open(), rows.c.due_at_s.is_(None))
    change = update(rows).where(waiting, ~exists(select(1).where(is_before)))
    await connection.execute(change.values(due_at_s=case(*times, else_=wait.now_s)))


async def call_back(
    connection: AsyncConnection, pairs: Sequence[Pair], depth: int, done: int
) -> None:
    """Start round ``done`` again for outer rows of these targets that are past it already."""
    for its in these(pairs):
        await _call_back(connection, its, depth, done)


async def _call_back(
    connection: AsyncConnection, its: ColumnElement[bool], depth: int, done: int
) -> None:
    ahead = and_(its, rows.c.depth > depth, rows.c.round > done, rows.c.state != State.DEAD)
    settled = and_(ahead, rows.c.round > ROUNDS)
    query = select(rows.c.order_id, func.count()).where(settled).group_by(rows.c.order_id)
    for order_id, count in (await connection.execute(query)).all():
        await count_open(connection, order_id, count)
    again = {"round": done, "state": State.QUEUED, "due_at_s": None, "lease": None}
    again |= {"settled_at_s": None} if done > 1 else {"settled_at_s": None, "accepted_at_s": None}
    await connection.execute(update(rows).where(ahead).values(again))


async def waiting_for(connection: AsyncConnection, late: Sequence[str]) -> Sequence[str]:
    """Return the orders of which late providers have rows to be sent."""
    has_late = and_(rows.c.provider.in_(late), rows.c.due_at_s.is_not(None))
    query = select(rows.c.order_id).where(has_late).distinct()
    return (await connection.execute(query)).scalars().all()


async def late_accounts(
    connection: AsyncConnection, now_s: float, inner_wait_s: float
) -> Sequence[str]:
    """Return the accounts that have failed for longer than anyone waits for them."""
    is_late = accounts.c.failing_since_s <= now_s - inner_wait_s
    return (await connection.execute(select(accounts.c.account).where(is_late))).scalars().all()


async def lock_orders(connection: AsyncConnection, order_ids: Sequence[str]) -> None:
    """Let two that settle rows of one order take turns, so that one sees what the other did."""
    query = select(orders.c.id).where(orders.c.id.in_(order_ids)).order_by(orders.c.id)
    await connection.execute(query.with_for_update())


async def count_open(connection: AsyncConnection, order_id: str, more: int) -> int:
    """Add to the number of open rows of an order (or take from it); return what it is now."""
    change = update(orders).where(orders.c.id == order_id)
    change = change.values(open_count=orders.c.open_count + more)
    found = await connection.execute(change.returning(orders.c.open_count))
    return int(found.scalar_one())


async def close(connection: AsyncConnection, ended: Mapping[str, int]) -> tuple[str, ...]:
    """Take so many rows of each order from its open ones; return the orders that have none left."""
    left = {
        order_id: await count_open(connection, order_id, -count)
        for order_id, count in sorted(ended.items())
    }
    return tuple(order_id for order_id, count in left.items() if count == 0)


def is_free(now_s: float, lease_s: float) -> ColumnElement[bool]:
    """Return the condition of a row that nobody holds, or no longer; a clock may have gone back."""
    until_s = rows.c.lease_until_s
    return or_(rows.c.lease.is_(None), until_s <= now_s, until_s > now_s + 2 * lease_s)
