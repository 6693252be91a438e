"""Write down what a provider said to a leased batch; a lease that was lost changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Case, RowMapping, and_, case, func, update

from purge import gates, pace
from purge.audit import Audit
from purge.gates import ROUNDS, Pair
from purge.lease import Lease
from purge.ports import Provider
from purge.queue import Queue
from purge.tables import rows
from purge.values import Acceptance, State

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PURGE_ACCEPTED = "purge_accepted"
PURGE_GIVEN_UP = "purge_given_up"
#: A clock that jumped must not make a dead letter of what was tried once or twice.
ATTEMPTS_MIN = 5
#: A provider's own ids of one call that are kept.
IDS_MAX = 8


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settling did. ``stale``: rows of the batch that somebody else holds by now."""

    rows: int
    stale: int
    dead: int
    finished: tuple[str, ...]  # orders with nothing left to do


async def accepted(
    queue: Queue, audit: Audit, provider: Provider, lease: Lease, acceptance: Acceptance
) -> Settled:
    """The provider took the batch. Raises QueueUnavailable: then the batch will be sent again."""

    async def work(connection: AsyncConnection) -> Settled:
        now_s = queue.clock.now_s()
        await _lock(connection, lease)
        changed = await _change(
            connection,
            lease,
            {
                "state": State.ACCEPTED,
                "accepted_at_s": case((rows.c.round == 1, now_s), else_=rows.c.accepted_at_s),
                "settled_at_s": case((rows.c.round == ROUNDS, now_s), else_=rows.c.settled_at_s),
                "round": rows.c.round + 1,
                "attempts": 0,
                "since_s": None,
                "due_at_s": _next_due_at(queue, provider, now_s),
                "code": "",
            },
        )
        if queue.has_outer(provider):
            for done in range(1, ROUNDS + 1):
                its = [_pair(row) for row in changed if row["round"] == done + 1]
                if its:
                    await gates.call_back(connection, its, provider.depth, done)
        ended = Counter(str(row["order_id"]) for row in changed if row["round"] > ROUNDS)
        finished = await gates.close(connection, ended)
        await _release(connection, queue, changed)
        bucket = await pace.locked(connection, provider.account, provider.limits, now_s)
        await pace.store(connection, provider.account, pace.told(bucket, acceptance.budget, now_s))
        facts = {"ids": list(acceptance.ids)[:IDS_MAX], "sent_at_s": lease.taken_at_s}
        facts |= {} if acceptance.took_s is None else {"took_s": round(acceptance.took_s, 4)}
        await _record(connection, audit, PURGE_ACCEPTED, lease, changed, facts)
        return Settled(len(changed), len(lease.pairs) - len(changed), 0, finished)

    return await queue.records.write(work)


async def failed(
    queue: Queue, audit: Audit, provider: Provider, lease: Lease, code: str, backoff: pace.Backoff
) -> Settled:
    """The provider did not take the batch, or nobody knows; it is tried again, or given up."""

    async def work(connection: AsyncConnection) -> Settled:
        now_s = queue.clock.now_s()
        await _lock(connection, lease)
        bucket = await pace.locked(connection, provider.account, provider.limits, now_s)
        bucket = pace.failed(bucket, now_s, backoff)
        since_s = func.coalesce(rows.c.since_s, now_s)
        is_over = and_(
            since_s <= now_s - queue.terms.give_up_s, rows.c.attempts + 1 >= ATTEMPTS_MIN
        )
        changed = await _change(
            connection,
            lease,
            {
                "state": case((is_over, State.DEAD), else_=State.FAILED),
                "due_at_s": case((is_over, None), else_=bucket.paused_until_s),
                "attempts": rows.c.attempts + 1,
                "since_s": since_s,
                "code": code,
            },
        )
        await pace.store(connection, provider.account, bucket)
        return await _buried(connection, queue, audit, lease, changed)

    return await queue.records.write(work)


async def refused(queue: Queue, audit: Audit, lease: Lease, code: str) -> Settled:
    """The provider will never take it like this: dead letters, until someone replays them."""

    async def work(connection: AsyncConnection) -> Settled:
        await _lock(connection, lease)
        values = {"state": State.DEAD, "due_at_s": None, "attempts": rows.c.attempts + 1}
        changed = await _change(connection, lease, values | {"code": code})
        return await _buried(connection, queue, audit, lease, changed)

    return await queue.records.write(work)


async def put_back(queue: Queue, provider: Provider, lease: Lease, pause_s: float) -> Settled:
    """The provider asked to wait: nothing was purged, and nothing has failed."""

    async def work(connection: AsyncConnection) -> Settled:
        now_s = queue.clock.now_s()
        state = case((rows.c.state == State.SENT, State.QUEUED), else_=rows.c.state)
        changed = await _change(connection, lease, {"state": state})
        bucket = await pace.locked(connection, provider.account, provider.limits, now_s)
        await pace.store(connection, provider.account, pace.paused(bucket, pause_s, now_s))
        return Settled(len(changed), len(lease.pairs) - len(changed), 0, ())

    return await queue.records.write(work)


async def _buried(
    connection: AsyncConnection,
    queue: Queue,
    audit: Audit,
    lease: Lease,
    changed: Sequence[RowMapping],
) -> Settled:
    """Close what is dead, and let those that waited for it go on."""
    dead = [row for row in changed if row["state"] == State.DEAD]
    finished = await gates.close(connection, Counter(str(row["order_id"]) for row in dead))
    await _release(connection, queue, dead)
    if dead:
        facts = {"code": dead[0]["code"], "attempts": dead[0]["attempts"]}
        await _record(connection, audit, PURGE_GIVEN_UP, lease, dead, facts)
    return Settled(len(changed), len(lease.pairs) - len(changed), len(dead), finished)


async def _change(
    connection: AsyncConnection, lease: Lease, values: Mapping[str, object]
) -> Sequence[RowMapping]:
    """Change the rows that this lease still holds, and let go of them."""
    is_held = and_(rows.c.provider == lease.provider, rows.c.lease == lease.token)
    change = update(rows).where(is_held).values(lease=None, lease_until_s=None, **values)
    columns = (
        rows.c.order_id,
        rows.c.number,
        rows.c.round,
        rows.c.state,
        rows.c.code,
        rows.c.attempts,
    )
    return (await connection.execute(change.returning(*columns))).mappings().all()


async def _lock(connection: AsyncConnection, lease: Lease) -> None:
    await gates.lock_orders(connection, sorted({order_id for order_id, _ in lease.pairs}))


def _next_due_at(queue: Queue, provider: Provider, now_s: float) -> Case[Any] | None:
    """Return when an accepted row is due again, None where a gate has a say in it."""
    if queue.has_inner(provider):
        return None
    hop_s = queue.terms.hop_s if queue.has_outer(provider) else 0.0
    return case((rows.c.round < ROUNDS, now_s + queue.terms.second_s - hop_s), else_=None)


async def _release(
    connection: AsyncConnection, queue: Queue, changed: Sequence[RowMapping]
) -> None:
    """Let go on what waited; also where no cache lies around this one now, as one may have."""
    late = await queue.late(connection)
    for its in gates.these([_pair(row) for row in changed]):
        await queue.release(connection, its, late)


async def _record(
    connection: AsyncConnection,
    audit: Audit,
    event: str,
    lease: Lease,
    changed: Sequence[RowMapping],
    facts: Mapping[str, object],
) -> None:
    """Append one entry for each order and round in the batch."""
    counts = Counter((row["order_id"], row["round"]) for row in changed)
    for (order_id, after), count in sorted(counts.items()):
        about = {"order": order_id, "provider": lease.provider, "targets": count}
        about |= {"kind": lease.batch.kind, "mode": lease.batch.mode}
        number = after - 1 if event == PURGE_ACCEPTED else after
        await audit.append(connection, event, {**about, "round": number, **facts})


def _pair(row: RowMapping) -> Pair:
    return (row["order_id"], row["number"])
