"""The durable queue: orders come in, become rows, are looked at, replayed and at last forgotten.

What is sent and what came of it is purge/lease.py and purge/settle.py; who goes first is
purge/gates.py. The states of a row::

    queued ─▶ sent ─▶ accepted ─▶ (second purge) ─▶ accepted, settled ─▶ verified
                │ ▲
                ▼ │ again, later
              failed ─▶ dead ─▶ (replay) queued
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    true,
    update,
)

from purge import gates
from purge.errors import BadPurge
from purge.gates import ROUNDS
from purge.order_rows import insert_order, insert_packs, order_of, row_of
from purge.plan import mode_at
from purge.ports import Clock, Provider, Transactions
from purge.reports import Reports
from purge.tables import is_dead, keys, orders, packs, rows
from purge.values import Kind, Order, State, Target

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: No row waits longer than this for its time: more means that the clock went back.
DUE_MAX_S = 600.0
#: Rows that are forgotten in one transaction, about a tenth of a second of SQLite's only writer.
FORGET_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Terms:
    """How the queue behaves; seconds.

    coalesce_s: what arrives within it goes out together. second_s: from an acceptance to the second
    purge, the response deadline and two more. hop_s: of that, the time from an inner cache's second
    purge to the outer one's, for the old answers that are between the two. lease_s: a worker that
    said nothing for so long is dead. give_up_s: a target that has failed for so long is a dead
    letter. inner_wait_s: how long an outer cache waits for an inner one that fails. keep_s: how
    long a settled order can be looked at; the audit keeps it for ever. pack_targets: as many become
    rows at once, more are spread by a worker, a pack in one transaction, so that no transaction
    holds the records' only write lock for long. origin_s: how long the origin itself may answer
    with the old after a change was committed: caches that were purged sooner would fetch it again
    and keep it.
    """

    coalesce_s: float = 0.3
    origin_s: float = 0.0
    second_s: float = 17.0
    hop_s: float = 1.0
    lease_s: float = 60.0
    give_up_s: float = 7_200.0
    inner_wait_s: float = 30.0
    keep_s: float = 30 * 86_400.0
    pack_targets: int = 1_024


class Queue(Reports):
    """Orders and rows. Several processes may use the same tables at once."""

    def __init__(
        self,
        records: Transactions,
        providers: Mapping[str, Provider],
        clock: Clock,
        terms: Terms | None = None,
    ) -> None:
        self.records = records
        self.providers = providers
        self.clock = clock
        self.terms = terms or Terms()
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Tell the workers of this process that something was committed."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, wait_s: float) -> None:
        """Wait for ``wake``, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), wait_s)

    async def enqueue(self, connection: AsyncConnection, order: Order) -> bool:
        """Take an order in the caller's transaction; return False when it is there already.

        Without providers it is settled at once: the origin's own purge was all.

        Raises BadPurge "purge.empty", "purge.provider".
        """
        if not order.targets:
            raise BadPurge("purge.empty")
        if not set(order.providers) <= self.providers.keys():
            raise BadPurge("purge.provider")
        if not await insert_order(connection, order):
            return False
        if not order.providers:
            return True
        if len(order.targets) > self.terms.pack_targets:
            await insert_packs(connection, order, self.terms.pack_targets)
            return True
        await self._insert_rows(connection, order, order.targets, first=0)
        late = await self.late(connection)
        if late:
            await self.release(connection, rows.c.order_id == order.order, late)
        return True

    async def spread(self) -> bool:
        """Make the rows of the next pack; return whether there was one."""

        async def step(connection: AsyncConnection) -> bool:
            first = select(packs).order_by(packs.c.lane, packs.c.order_id, packs.c.first).limit(1)
            first = first.with_for_update(skip_locked=True)
            pack = (await connection.execute(first)).mappings().one_or_none()
            if pack is None:
                return False
            is_it = and_(packs.c.order_id == pack["order_id"], packs.c.first == pack["first"])
            await connection.execute(delete(packs).where(is_it))
            query = select(orders).where(orders.c.id == pack["order_id"])
            order = order_of((await connection.execute(query)).mappings().one())
            targets = [Target(Kind(kind), text) for kind, text in pack["targets"]]
            await self._insert_rows(connection, order, targets, first=pack["first"])
            return True

        has_some = await self.records.rows(select(packs.c.first).limit(1))
        return bool(has_some) and await self.records.write(step)

    async def _insert_rows(
        self, connection: AsyncConnection, order: Order, targets: Sequence[Target], *, first: int
    ) -> None:
        known = {name: self.providers[name] for name in order.providers if name in self.providers}
        innermost = min((provider.depth for provider in known.values()), default=0)
        wait_s = 0.0 if order.is_takedown else self.terms.coalesce_s
        wait_s = max(wait_s, self.terms.origin_s)
        made = []
        for name in order.providers:
            provider = known.get(name)
            is_first = provider is None or provider.depth == innermost
            due_at_s = order.created_at_s + wait_s if is_first else None
            mode = mode_at(provider, known.values(), order.mode) if provider else order.mode
            its = {"due_at_s": due_at_s, "mode": mode}
            made += [
                row_of(order, name, provider, number, target) | its
                for number, target in enumerate(targets, first)
            ]
        await connection.execute(insert(rows), made)

    async def replay(
        self, connection: AsyncConnection, *, order: str = "", provider: str = ""
    ) -> Mapping[str, int]:
        """Queue dead letters again, of one order or provider or all; return how many per order.

        Those of a provider that is not configured stay: there is nobody to send them.
        """
        is_one = and_(
            is_dead,
            rows.c.provider.in_(list(self.providers)),
            rows.c.order_id == order if order else true(),
            rows.c.provider == provider if provider else true(),
        )
        query = select(rows.c.order_id).where(is_one).distinct()
        await gates.lock_orders(connection, (await connection.execute(query)).scalars().all())
        again = {"state": State.QUEUED, "attempts": 0, "since_s": None, "due_at_s": None}
        change = update(rows).where(is_one).values(again).returning(rows.c.order_id)
        revived = Counter((await connection.execute(change)).scalars())
        late = await self.late(connection)
        for order_id, count in sorted(revived.items()):
            await gates.count_open(connection, order_id, count)
            await self.release(connection, rows.c.order_id == order_id, late)
        return revived

    async def mark_verified(
        self, connection: AsyncConnection, order_id: str, providers: Iterable[str]
    ) -> int:
        """Say that settled rows of these providers were seen to be gone; return how many."""
        is_one = and_(
            rows.c.order_id == order_id,
            rows.c.provider.in_(list(providers)),
            rows.c.state == State.ACCEPTED,
            rows.c.round > ROUNDS,
        )
        change = update(rows).where(is_one).values(state=State.VERIFIED)
        return (await connection.execute(change)).rowcount

    async def open_late(self) -> None:
        """Let outer caches go on that wait for an account which fails for too long."""

        async def step(connection: AsyncConnection) -> None:
            late = await self.late(connection)
            if late:
                order_ids = await gates.waiting_for(connection, late)
                await gates.lock_orders(connection, order_ids)
                await self.release(connection, rows.c.order_id.in_(order_ids), late)

        await self.records.write(step)

    async def mend_clock(self) -> None:
        """Bring near what waits for a time so far away that the clock must have gone back.

        First purges wait for nothing but retries, which their account sees to; second ones as long
        as they may have to.
        """
        now_s = self.clock.now_s()
        near_s = case((rows.c.round < ROUNDS, now_s), else_=now_s + self.terms.second_s)

        async def mend(connection: AsyncConnection) -> None:
            is_far = rows.c.due_at_s > now_s + DUE_MAX_S
            await connection.execute(update(rows).where(is_far).values(due_at_s=near_s))

        await self.records.write(mend)

    async def forget(self) -> bool:
        """Remove some of the rows of an order that is too old; return whether there may be more.

        An order stays while anything of it is open, or dead at a provider that is configured. The
        audit keeps what it did.
        """
        is_kept = and_(
            rows.c.order_id == orders.c.id, is_dead, rows.c.provider.in_(list(self.providers))
        )
        is_old = and_(
            orders.c.created_at_s < self.clock.now_s() - self.terms.keep_s,
            orders.c.open_count == 0,
            ~exists().where(is_kept),
        )
        query = select(orders.c.id).where(is_old).order_by(orders.c.created_at_s).limit(1)
        found = await self.records.rows(query)
        if not found:
            return False
        order_id = found[0]["id"]
        its = rows.c.order_id == order_id
        some = select(rows.c.number).where(its).order_by(rows.c.number).limit(FORGET_AT_ONCE)

        async def remove(connection: AsyncConnection) -> None:
            last = select(func.max(some.subquery().c.number)).scalar_subquery()
            await connection.execute(delete(rows).where(its, rows.c.number <= last))
            left = await connection.execute(select(rows.c.number).where(its).limit(1))
            if left.first() is None:
                await connection.execute(delete(keys).where(keys.c.order_id == order_id))
                await connection.execute(delete(orders).where(orders.c.id == order_id))

        await self.records.write(remove)
        return True

    async def release(
        self, connection: AsyncConnection, which: ColumnElement[bool], late: Sequence[str]
    ) -> None:
        """Make those rows due that wait for nothing any more."""
        wait = gates.Wait(self.clock.now_s(), self.terms.second_s, self.terms.hop_s)
        await gates.release(connection, which, late, wait)

    def has_inner(self, provider: Provider) -> bool:
        """Return whether any configured cache lies further in."""
        return any(other.depth < provider.depth for other in self.providers.values())

    def has_outer(self, provider: Provider) -> bool:
        """Return whether any configured cache lies further out."""
        return any(other.depth > provider.depth for other in self.providers.values())

    async def late(self, connection: AsyncConnection) -> Sequence[str]:
        """Return the providers that nobody further out waits for any longer."""
        now_s, wait_s = self.clock.now_s(), self.terms.inner_wait_s
        late = set(await gates.late_accounts(connection, now_s, wait_s))
        return [name for name, provider in self.providers.items() if provider.account in late]
