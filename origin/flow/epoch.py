"""How fresh the news is on which a remembered answer rests: purges, erasures, suspensions."""

from __future__ import annotations

import asyncio
import time

from origin.errors import StoreUnavailable
from origin.ports import Epoch


class EpochWatch:
    """The records' epoch, asked for at most every ``poll_s`` seconds.

    What was remembered under another epoch is forgotten. While the records are away the last
    epoch holds for ``grace_s`` seconds, so that what is in memory is still served.
    """

    def __init__(self, records: Epoch, *, poll_s: float, grace_s: float) -> None:
        self._records = records
        self._poll_s = poll_s
        self._grace_s = grace_s
        self._epoch = -1
        self._read_at_s = float("-inf")
        self._refresh: asyncio.Task[None] | None = None

    def known(self) -> int | None:
        """Return the epoch if its news is fresh enough, else None: then ask current()."""
        return self._epoch if time.monotonic() - self._read_at_s <= self._poll_s else None

    async def current(self) -> int:
        """Return the epoch; raises StoreUnavailable when the records are away for too long."""
        epoch = self.known()
        if epoch is not None:
            return epoch
        if self._refresh is None:
            self._refresh = asyncio.create_task(self._read())
        await asyncio.shield(self._refresh)
        return self._epoch

    async def _read(self) -> None:
        asked_at_s = time.monotonic()
        try:
            self._epoch = await self._records.epoch()
            self._read_at_s = asked_at_s
        except StoreUnavailable:
            if asked_at_s - self._read_at_s > self._grace_s:
                raise
        finally:
            self._refresh = None
