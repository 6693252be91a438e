"""An order by an Idempotency-Key: asked again, it is the same order and nothing is sent twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from purge.desk import Desk, Wish
from purge.errors import BadPurge
from purge.queue import Queue
from purge.tables import keys
from purge.values import Subject

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Key:
    """Digests, hex: of who asks with which key, and of what is asked for."""

    key: str
    request: str


def key_of(who: str, text: str, request: bytes) -> Key:
    """Return the key of one caller's request; ``text`` is the caller's own."""
    named = hashlib.sha256(f"{who}\n{text}".encode()).hexdigest()
    return Key(named, hashlib.sha256(request).hexdigest())


async def order_once(
    desk: Desk, queue: Queue, subjects: Sequence[Subject], wish: Wish, key: Key
) -> tuple[str, bool]:
    """Order a purge, or return the order that this key made; True: it is new.

    Raises BadPurge, "purge.key_reused" for another request under the same key; QueueUnavailable,
    also when the same request is under way in another process: ask again.
    """

    async def work(connection: AsyncConnection) -> tuple[str, bool]:
        query = select(keys.c.request, keys.c.order_id).where(keys.c.key == key.key)
        row = (await connection.execute(query)).one_or_none()
        if row is not None:
            if row.request != key.request:
                raise BadPurge("purge.key_reused")
            return str(row.order_id), False
        order = await desk.order_in(connection, subjects, wish)
        made = insert(keys).values(key=key.key, request=key.request, order_id=order.order)
        await connection.execute(made)
        return order.order, True

    found = await queue.records.write(work)
    queue.wake()
    return found
