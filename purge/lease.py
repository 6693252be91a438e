"""Take the next call of one provider: rate, order of urgency, one batch, one fencing token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, or_, select, update

from purge import gates, pace
from purge.batch import batches
from purge.gates import Pair
from purge.order_rows import LANES, ORDINARY
from purge.plan import covering
from purge.ports import Provider
from purge.queue import Queue
from purge.tables import packs, rows
from purge.values import Batch, Kind, Mode, State, Target

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: Rows looked at for one batch, in batches: several orders may name the same text.
LOOK_AHEAD = 4
#: Rows whose kind a provider takes no longer are changed so many at once.
WIDEN_AT_ONCE = 256
#: A batch that is not full waits so long for a large order's next pack, in seconds.
PACK_WAIT_S = 0.02


@dataclass(frozen=True, slots=True)
class Lease:
    """A batch to send and the rows that it settles. ``token`` is higher than any before it."""

    provider: str
    token: int
    batch: Batch
    pairs: tuple[Pair, ...]
    taken_at_s: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be sent now; ask again after so many seconds."""

    wait_s: float


async def next_call(
    queue: Queue, provider: Provider, *, may_repeat: bool = True
) -> Lease | Wait | None:
    """Lease the most urgent batch of a provider, or say how long to wait; None: nothing queued.

    may_repeat: whether second purges may be sent (not after the clock went forward).
    Raises QueueUnavailable.
    """
    now_s = queue.clock.now_s()
    query = _soonest(queue, provider.name, may_repeat=may_repeat)
    found = (await queue.records.rows(query))[0].values()
    times = [at_s for at_s in found if at_s is not None]
    if not times:
        return None
    if min(times) > now_s:
        return Wait(min(times) - now_s)
    return await queue.records.write(
        lambda connection: _lease(connection, queue, provider, may_repeat=may_repeat)
    )


async def _lease(
    connection: AsyncConnection, queue: Queue, provider: Provider, *, may_repeat: bool
) -> Lease | Wait | None:
    now_s = queue.clock.now_s()
    bucket = await pace.locked(connection, provider.account, provider.limits, now_s)
    wait_s = pace.wait_s(bucket, provider.limits, now_s)
    if wait_s > 0:
        return Wait(wait_s)
    candidates = await _candidates(connection, queue, provider, may_repeat=may_repeat)
    if not candidates:
        return None
    first = candidates[0]
    kind, mode = Kind(first["kind"]), Mode(first["mode"])
    batch = next(batches(kind, mode, (row["text"] for row in candidates), provider.limits))
    is_small = len(batch.texts) == len({row["text"] for row in candidates})
    is_urgent = first["lane"] < ORDINARY or len(batch.texts) == provider.limits.per_batch[kind]
    if is_small and not is_urgent and await _has_packs(connection):
        return Wait(PACK_WAIT_S)
    bucket = pace.taken(bucket)
    await pace.store(connection, provider.account, bucket)
    texts = set(batch.texts)
    pairs = tuple((row["order_id"], row["number"]) for row in candidates if row["text"] in texts)
    sent = case((rows.c.state == State.ACCEPTED, State.ACCEPTED), else_=State.SENT)
    until_s = now_s + queue.terms.lease_s
    held = {"lease": bucket.fence, "lease_until_s": until_s, "state": sent}
    for its in gates.these(pairs):
        change = update(rows).where(its, rows.c.provider == provider.name)
        await connection.execute(change.values(held))
    return Lease(provider.name, bucket.fence, batch, pairs, now_s)


async def _candidates(
    connection: AsyncConnection, queue: Queue, provider: Provider, *, may_repeat: bool
) -> Sequence[RowMapping]:
    """Return rows of one lane that are like the most urgent one, itself first."""
    now_s, window_s = queue.clock.now_s(), queue.terms.coalesce_s
    urgency = (rows.c.lane, rows.c.due_at_s, rows.c.order_id, rows.c.number)
    for lane in LANES:
        is_one = and_(
            _is_takeable(queue, provider.name, lane, may_repeat=may_repeat),
            rows.c.due_at_s <= now_s + window_s,
            or_(rows.c.due_at_s <= now_s, rows.c.state == State.QUEUED),
        )
        query: Select[Any] = select(*urgency, rows.c.kind, rows.c.mode, rows.c.text)
        query = query.where(is_one).order_by(*urgency)
        first = (await connection.execute(query.limit(1))).mappings().one_or_none()
        if first is not None and Kind(first["kind"]) not in provider.limits.per_batch:
            await _widen(connection, provider, and_(is_one, rows.c.kind == first["kind"]))
            return await _candidates(connection, queue, provider, may_repeat=may_repeat)
        if first is not None:
            alike = and_(rows.c.kind == first["kind"], rows.c.mode == first["mode"])
            limit = LOOK_AHEAD * provider.limits.per_batch[Kind(first["kind"])]
            query = query.where(alike).limit(limit).with_for_update(skip_locked=True)
            found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
            return found
    return ()


async def _widen(
    connection: AsyncConnection, provider: Provider, which: ColumnElement[bool]
) -> None:
    """Let rows carry the covering tag: since they were queued the provider was set up anew."""
    query = select(rows.c.order_id, rows.c.number, rows.c.kind, rows.c.text).where(which)
    found = (await connection.execute(query.limit(WIDEN_AT_ONCE).with_for_update())).all()
    for order_id, number, kind, text in found:
        told = covering(Target(Kind(kind), text), provider.limits)
        is_it = and_(
            rows.c.order_id == order_id,
            rows.c.number == number,
            rows.c.provider == provider.name,
        )
        await connection.execute(update(rows).where(is_it).values(kind=told.kind, text=told.text))


def _is_takeable(
    queue: Queue, provider: str, lane: int, *, may_repeat: bool
) -> ColumnElement[bool]:
    is_free = gates.is_free(queue.clock.now_s(), queue.terms.lease_s)
    is_its = and_(rows.c.provider == provider, rows.c.lane == lane, is_free)
    return is_its if may_repeat else and_(is_its, rows.c.round < gates.ROUNDS)


def _soonest(queue: Queue, provider: str, *, may_repeat: bool) -> Select[Any]:
    """Ask for the first due time of each lane: one look into the index for each."""
    return select(
        *(
            select(rows.c.due_at_s)
            .where(
                _is_takeable(queue, provider, lane, may_repeat=may_repeat),
                rows.c.due_at_s.is_not(None),
            )
            .order_by(rows.c.due_at_s)
            .limit(1)
            .scalar_subquery()
            .label(f"lane_{lane}")
            for lane in LANES
        )
    )


async def _has_packs(connection: AsyncConnection) -> bool:
    return (await connection.execute(select(packs.c.first).limit(1))).first() is not None
