"""What a running origin does for its store once a minute: forget the erased, keep quotas."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from origin.adapters.counted_masters import CountedMasters
from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.records import SqlRecords
from origin.adapters.stores import KeptSources
from origin.errors import OriginError
from origin.flow.evict import Evicted, Evictor
from origin.flow.look_up import HotPictures
from origin.routes.observe import Metrics

OBJECTS_EVICTED = "objects_evicted"
QUOTA_EXCEEDED = "quota_exceeded"
QUOTA_UNKNOWN = "quota_unknown"


@dataclass(frozen=True, slots=True)
class StoreCare:
    """One look at the store, and the loop around it. every_s: seconds between two looks."""

    records: SqlRecords
    sources: KeptSources
    derivatives: StoredDerivatives
    masters: CountedMasters
    hot: HotPictures
    evictor: Evictor
    metrics: Metrics
    logger: Any  # structlog's own type
    every_s: float

    async def run(self) -> None:
        """Look now and then, until cancelled; records or a store that are away wait their turn."""
        while True:
            await asyncio.sleep(self.every_s)
            try:
                await self.sources.drop_copies(self.records.is_erased)
                await self.note_use()
                self._tell(await self.evictor.look())
            except OriginError as error:
                self.logger.warning(QUOTA_UNKNOWN, code=error.code, reason=error.log)

    async def note_use(self) -> None:
        """Write down what was used, in memory too, so that nothing popular looks forgotten."""
        used_at_s = int(time.time())
        await self.records.touch_derivatives(dict.fromkeys(self.hot.used(), used_at_s))
        await self.derivatives.flush()
        await self.masters.flush()

    async def close(self) -> None:
        """Write down the last uses, if that is possible."""
        await self.derivatives.close()
        await self.masters.close()

    def _tell(self, evicted: Evicted) -> None:
        self.metrics.stored_bytes.set(evicted.stored_bytes)
        self.metrics.tenants_over_quota.set(len(evicted.over))
        counts: Counter[str] = Counter()
        for one in evicted.objects:
            kind = "master" if one.is_master else "derivative"
            counts[kind] += 1
            self.metrics.evicted_objects.labels(kind).inc()
            self.metrics.evicted_bytes.labels(kind).inc(one.size_bytes)
        if counts:
            size_bytes = sum(one.size_bytes for one in evicted.objects)
            self.logger.info(OBJECTS_EVICTED, bytes=size_bytes, **counts)
        if evicted.over:
            self.logger.warning(QUOTA_EXCEEDED, tenants=list(evicted.over))
