"""Keep each shop within its bytes: what was not used for longest goes first and is made again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from origin.ports import Evictable, HostLocks, ObjectStore, QuotaRecords, TenantRecords, Usage
from origin.values import Tenant

#: A shop over its quota is brought down to this share of it, so that not every new picture evicts.
LOW_WATER = 0.9
#: Looked up and removed at a time.
AT_ONCE = 200
#: One process of a host evicts, the others wait and find it done.
LOCK = "evict"


class Records(QuotaRecords, TenantRecords, Protocol):
    """The shops and what they have stored."""


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """quota_bytes: for shops without their own, 0 is unlimited. grace_s: used since, it stays."""

    quota_bytes: int
    grace_s: float


@dataclass(frozen=True, slots=True)
class Evicted:
    """What one round did. ``over``: shops above their quota by what is too new to go."""

    objects: Sequence[Evictable]
    over: Sequence[str]
    stored_bytes: int  # of all shops, after it


class Evictor:
    """Looks at every shop's bytes and evicts what is too much.

    The object goes first and its row after it: who dies in between leaves a row of nothing, which
    the next round removes. What is used or made again in between keeps its row and, if its object
    was just taken, is made once more: stored pictures are whole or absent, as ever.
    """

    def __init__(
        self,
        records: Records,
        objects: ObjectStore,
        locks: HostLocks,
        *,
        limits: QuotaLimits,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``now`` is Unix time in seconds."""
        self._records = records
        self._objects = objects
        self._locks = locks
        self._limits = limits
        self._now = now

    async def look(self) -> Evicted:
        """Evict what is too much now; raises StoreUnavailable when that cannot be known."""
        objects: list[Evictable] = []
        over: list[str] = []
        async with self._locks.hold(LOCK):
            usage = await self._records.usage()
            for tenant in await self._records.tenants():
                used_bytes = usage.get(tenant.name, Usage()).total_bytes
                quota_bytes = self._quota_bytes(tenant)
                if not 0 < quota_bytes < used_bytes:
                    continue
                gone = await self._evict(tenant.name, used_bytes - int(quota_bytes * LOW_WATER))
                objects += gone
                if used_bytes - _bytes(gone) > quota_bytes:
                    over.append(tenant.name)
        stored_bytes = sum(each.total_bytes for each in usage.values()) - _bytes(objects)
        return Evicted(objects, over, stored_bytes)

    def _quota_bytes(self, tenant: Tenant) -> int:
        own = tenant.quota_bytes
        return self._limits.quota_bytes if own is None else own

    async def _evict(self, tenant: str, surplus_bytes: int) -> list[Evictable]:
        before_s = int(self._now() - self._limits.grace_s)
        gone: list[Evictable] = []
        left = surplus_bytes
        while left > 0:
            oldest = await self._records.least_recently_used(
                tenant, before_s=before_s, limit=AT_ONCE
            )
            removed = await self._remove(_enough(oldest, left))
            if not removed:  # all the rest is too new, or another host evicts
                break
            gone += removed
            left -= _bytes(removed)
        return gone

    async def _remove(self, chosen: Sequence[Evictable]) -> Sequence[Evictable]:
        for one in chosen:
            await self._objects.delete(one.name)
        return await self._records.forget(chosen)


def _enough(oldest: Sequence[Evictable], wanted_bytes: int) -> Sequence[Evictable]:
    """Return the first of them that are so many bytes together, or all."""
    found_bytes = 0
    for count, one in enumerate(oldest, 1):
        found_bytes += one.size_bytes
        if found_bytes >= wanted_bytes:
            return oldest[:count]
    return oldest


def _bytes(objects: Sequence[Evictable]) -> int:
    return sum(one.size_bytes for one in objects)
