"""The front desk: from a wish to an order, in one transaction with the change it serves."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from purge.audit import Audit
from purge.errors import BadPurge
from purge.plan import ProviderPlan, chosen, collapsed, mode_at, plan
from purge.ports import Catalogue
from purge.queue import Queue
from purge.select import NAMED_MAX, select
from purge.values import Mode, Order, Selection, Subject, Target

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PURGE_ORDERED = "purge_ordered"
PURGE_REPLAYED = "purge_replayed"
PURGE_VERIFIED = "purge_verified"
#: A ticket's number and a sentence; the audit keeps it for ever.
REASON_CHARS_MAX = 200
BY_CHARS_MAX = 100
_EMAIL = re.compile(r"\S@\S")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Wish:
    """How to purge, who asks and why. ``providers`` empty: all of them."""

    mode: Mode
    by: str
    reason: str = ""
    is_takedown: bool = False
    providers: tuple[str, ...] = ()
    allow_collapse: bool = False


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an order would do."""

    selection: Selection
    plans: tuple[ProviderPlan, ...]


class Desk:
    """Takes orders. What it returns is acknowledged: committed, audited, never lost."""

    def __init__(self, queue: Queue, audit: Audit, catalogue: Catalogue) -> None:
        self._queue = queue
        self._audit = audit
        self._catalogue = catalogue

    async def order(self, subjects: Sequence[Subject], wish: Wish) -> Order:
        """Order a purge in a transaction of its own, and wake the worker.

        Raises BadPurge, QueueUnavailable: then nothing was changed.
        """
        order = await self._queue.records.write(
            lambda connection: self.order_in(connection, subjects, wish)
        )
        self._queue.wake()
        return order

    async def order_in(
        self,
        connection: AsyncConnection,
        subjects: Sequence[Subject],
        wish: Wish,
        *,
        generations: Mapping[str, int] | None = None,
    ) -> Order:
        """Order a purge in the caller's transaction: nothing is sent before it is committed.

        generations: the new ones of ``{tenant}/{asset}``, where the caller moved them already.
        Raises BadPurge.
        """
        _check(wish)
        providers = chosen(self._queue.providers, wish.providers)
        has_moved = generations is not None
        selection = await select(connection, subjects, self._catalogue, bumps=not has_moved)
        selection = collapsed(selection, allow_collapse=wish.allow_collapse)
        now_s = self._queue.clock.now_s()
        order = Order(
            order=new_id(now_s),
            what=selection.what,
            tenant=selection.tenant,
            label=selection.label,
            targets=selection.targets,
            mode=wish.mode,
            is_takedown=wish.is_takedown,
            by=wish.by,
            reason=wish.reason,
            created_at_s=now_s,
            providers=tuple(provider.name for provider in providers),
            generations=selection.generations if generations is None else generations,
        )
        await self._queue.enqueue(connection, order)
        await self._audit.append(connection, PURGE_ORDERED, _facts(order))
        return order

    async def dry_run(self, subjects: Sequence[Subject], wish: Wish) -> DryRun:
        """Say what an order would send, without changing anything."""
        _check(wish)
        providers = chosen(self._queue.providers, wish.providers)
        selection = await self._queue.records.write(
            lambda connection: select(connection, subjects, self._catalogue, bumps=False)
        )
        selection = collapsed(selection, allow_collapse=wish.allow_collapse)
        second_s = self._queue.terms.second_s
        plans = (
            plan(selection.targets, mode_at(one, providers, wish.mode), one, second_s)
            for one in providers
        )
        return DryRun(selection, tuple(plans))

    async def replay(self, *, by: str, order: str = "", provider: str = "") -> Mapping[str, int]:
        """Queue dead letters again; return how many of each order.

        Raises BadPurge "purge.provider" for a provider that is not configured.
        """
        chosen(self._queue.providers, (provider,) if provider else ())

        async def work(connection: AsyncConnection) -> Mapping[str, int]:
            revived = await self._queue.replay(connection, order=order, provider=provider)
            for order_id, count in revived.items():
                facts = {"order": order_id, "provider": provider, "targets": count, "by": by}
                await self._audit.append(connection, PURGE_REPLAYED, facts)
            return revived

        revived = await self._queue.records.write(work)
        self._queue.wake()
        return revived

    async def verified(
        self, order: str, providers: Sequence[str], facts: Mapping[str, object]
    ) -> int:
        """Record that an order's effect was seen, and by which evidence; return rows marked."""

        async def work(connection: AsyncConnection) -> int:
            marked = await self._queue.mark_verified(connection, order, providers)
            about = {"order": order, "providers": list(providers), "targets": marked}
            await self._audit.append(connection, PURGE_VERIFIED, {**about, **facts})
            return marked

        return await self._queue.records.write(work)


def new_id(now_s: float) -> str:
    """Return an id that sorts by time (ms, 12 hex digits) and cannot be guessed (40 bits)."""
    return f"p{int(now_s * 1_000):012x}{secrets.token_hex(5)}"


def _check(wish: Wish) -> None:
    has_bad = _EMAIL.search(wish.reason) or _CONTROL.search(wish.reason)
    if has_bad or len(wish.reason) > REASON_CHARS_MAX:
        raise BadPurge("purge.reason")
    if not wish.by or len(wish.by) > BY_CHARS_MAX:
        raise BadPurge("purge.reason", "A purge says who asks for it, in at most 100 characters.")


def _facts(order: Order) -> Mapping[str, object]:
    return {
        "order": order.order,
        "what": order.what,
        "label": order.label,
        "mode": order.mode,
        "is_takedown": order.is_takedown,
        "by": order.by,
        "reason": order.reason,
        "providers": list(order.providers),
        "targets": len(order.targets),
        "named": [f"{one.kind} {one.text}".strip() for one in order.targets[:NAMED_MAX]],
        "targets_sha256": targets_digest(order.targets),
    }


def targets_digest(targets: Sequence[Target]) -> str:
    """Return the SHA-256 of all targets, a line each, so that the audit covers every one."""
    digest = hashlib.sha256()
    for target in targets:
        digest.update(f"{target.kind} {target.text}\n".encode())
    return digest.hexdigest()
