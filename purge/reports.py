"""What can be asked of the queue: where an order stands, the newest orders, the dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping, Select, and_, func, select, true

from purge.errors import BadPurge
from purge.order_rows import order_of
from purge.ports import Transactions
from purge.tables import is_dead, orders, packs, rows
from purge.values import Kind, OrderStatus, Progress, State, Target


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A target that a provider was not told, and why."""

    order: str
    provider: str
    target: Target
    code: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one provider has before it. Ages in seconds."""

    provider: str
    open_rows: int
    dead_rows: int
    oldest_s: float


class Reports:
    """The reading half of the queue."""

    records: Transactions

    async def status(self, order_id: str) -> OrderStatus:
        """Say where an order stands; raises BadPurge "purge.order"."""
        found = await self.records.rows(select(orders).where(orders.c.id == order_id))
        if not found:
            raise BadPurge("purge.order")
        order, row = order_of(found[0]), found[0]
        parts: dict[str, list[RowMapping]] = {name: [] for name in order.providers}
        for part in await self.records.rows(_parts(order_id)):
            parts[part["provider"]].append(part)
        progress = [_progress(name, its, row["target_count"]) for name, its in parts.items()]
        return OrderStatus(order, row["target_count"], row["open_count"], progress)

    async def targets(self, order_id: str) -> Sequence[Target]:
        """Return the targets of an order, as its first provider is told them."""
        first = select(func.min(rows.c.provider)).where(rows.c.order_id == order_id)
        is_one = and_(rows.c.order_id == order_id, rows.c.provider == first.scalar_subquery())
        query = select(rows.c.kind, rows.c.text).where(is_one).order_by(rows.c.number)
        pairs = [(row["kind"], row["text"]) for row in await self.records.rows(query)]
        query = select(packs.c.targets).where(packs.c.order_id == order_id)
        for pack in await self.records.rows(query.order_by(packs.c.first)):
            pairs += pack["targets"]
        return [Target(Kind(kind), text) for kind, text in pairs]

    async def orders(self, *, limit: int = 100, tenant: str = "") -> Sequence[OrderStatus]:
        """Return the newest orders, without their progress."""
        query = select(orders).where(orders.c.tenant == tenant if tenant else true())
        query = query.order_by(orders.c.created_at_s.desc(), orders.c.id.desc()).limit(limit)
        return [
            OrderStatus(order_of(row), row["target_count"], row["open_count"], ())
            for row in await self.records.rows(query)
        ]

    async def dead_letters(self, *, provider: str = "", limit: int = 1_000) -> Sequence[DeadLetter]:
        """Return what was given up, oldest order first."""
        is_its = rows.c.provider == provider if provider else true()
        query = select(rows).where(is_dead, is_its)
        query = query.order_by(rows.c.order_id, rows.c.number, rows.c.provider).limit(limit)
        return [
            DeadLetter(
                row["order_id"],
                row["provider"],
                Target(Kind(row["kind"]), row["text"]),
                row["code"],
                row["attempts"],
            )
            for row in await self.records.rows(query)
        ]

    async def backlogs(self, names: Iterable[str], now_s: float) -> Sequence[Backlog]:
        """Return what each provider has before it, for the gauges."""
        due = select(
            rows.c.provider,
            func.count().label("count"),
            func.min(rows.c.due_at_s).label("oldest_at_s"),
        )
        due = due.where(rows.c.due_at_s.is_not(None)).group_by(rows.c.provider)
        dead = select(rows.c.provider, func.count().label("count")).where(is_dead)
        found = {name: Backlog(name, 0, 0, 0.0) for name in names}
        for row in await self.records.rows(due):
            name, oldest_s = row["provider"], max(0.0, now_s - row["oldest_at_s"])
            found[name] = Backlog(name, row["count"], 0, oldest_s)
        for row in await self.records.rows(dead.group_by(rows.c.provider)):
            name = row["provider"]
            before = found.get(name, Backlog(name, 0, 0, 0.0))
            found[name] = replace(before, dead_rows=row["count"])
        return list(found.values())


def _parts(order_id: str) -> Select[Any]:
    return (
        select(
            rows.c.provider,
            rows.c.state,
            func.count().label("count"),
            func.count(rows.c.accepted_at_s).label("accepted"),
            func.max(rows.c.accepted_at_s).label("accepted_at_s"),
            func.count(rows.c.settled_at_s).label("settled"),
            func.max(rows.c.settled_at_s).label("settled_at_s"),
            func.max(rows.c.code).label("code"),
        )
        .where(rows.c.order_id == order_id)
        .group_by(rows.c.provider, rows.c.state)
    )


def _progress(provider: str, parts: Sequence[RowMapping], target_count: int) -> Progress:
    """Sum the states of one provider; what is in packs still is queued."""
    counts = {State(part["state"]): int(part["count"]) for part in parts}
    packed = target_count - sum(counts.values())
    if packed:
        counts[State.QUEUED] = counts.get(State.QUEUED, 0) + packed
    times = {
        what: max((part[f"{what}_at_s"] or 0.0 for part in parts), default=0.0)
        if sum(part[what] for part in parts) == target_count
        else None
        for what in ("accepted", "settled")
    }
    code = max((part["code"] for part in parts), default="")
    return Progress(provider, counts, times["accepted"], times["settled"], code)
