"""Makes the prints that wait: claim ▸ lend the source ▸ render ▸ archive ▸ settle.

Several processes and hosts may work one queue. A claim is a lease that is renewed while the work
goes on; when its holder dies, the print waits again as soon as the lease has run out, and whoever
has lost a lease changes nothing any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cache_keys.errors import Refusal
from origin.errors import Cause, Gone, OriginError, RenderFailed
from origin.flow.print_archive import PrintFiles
from origin.flow.print_jobs import make_print
from origin.flow.prints import added_profile, lent_source
from origin.ports import AssetRecords, SourceStore, Workers
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.recipe import read_recipe
from origin.printing.values import Page
from origin.prints import (
    Ending,
    PrintLane,
    PrintRecord,
    PrintRecords,
    PrintState,
    PrintStep,
)

PRINT_SETTLED = "print_settled"
#: Shares of a lease after which it is renewed: two renewals may fail.
RENEWALS = 3
#: The wait before another turn, doubled each time, in seconds.
PAUSE_S = 2
PAUSE_S_MAX = 300
#: Codes that end a turn at once: another one would meet the same wall.
WALLS = ("store.full", "print.differs", "print.engine", "print.turns")


class Records(AssetRecords, PrintRecords, Protocol):
    """The records that a maker of prints reads and writes."""


@dataclass(frozen=True, slots=True)
class PrintLimits:
    """lanes: prints at a time in each. turns: tries before a print is paused. Times in seconds.

    poll_s: oldest news of another process's order. deadline_s: of one page in its worker.
    """

    lanes: Mapping[PrintLane, int]
    turns: int
    lease_s: int
    poll_s: float
    deadline_s: float
    preflight: PreflightLimits = field(default_factory=PreflightLimits)


@dataclass(frozen=True, slots=True)
class WorkParts:
    """What making a print needs."""

    records: Records
    sources: SourceStore
    files: PrintFiles
    workers: Workers
    profiles_folder: Path
    logger: Any  # structlog's own type


class PrintWork:
    """The makers: as many tasks per lane as it may have prints at a time."""

    def __init__(
        self,
        parts: WorkParts,
        *,
        engine: str,
        limits: PrintLimits,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._parts = parts
        self._engine = engine
        self._limits = limits
        self._now = now
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be a print to make, so that nobody waits for the next look."""
        self._news.set()

    async def run(self) -> None:
        """Make prints until cancelled; those under way wait for the next maker then."""
        slots = [lane for lane, count in self._limits.lanes.items() for _ in range(count)]
        async with asyncio.TaskGroup() as group:
            for lane in slots:
                group.create_task(self._keep_making(lane))

    async def _keep_making(self, lane: PrintLane) -> None:
        while True:
            record = None
            with suppress(OriginError):  # records that are away come back
                record = await self._parts.records.claim_print(lane, lease_s=self._limits.lease_s)
            if record is not None:
                await self.make(record)
                continue
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._limits.poll_s)

    async def make(self, record: PrintRecord) -> Ending:
        """Make a claimed print and settle it; what fails is in the ending, nothing is raised."""
        began_s = time.perf_counter()
        try:
            ending = await self._ended(record)
        except asyncio.CancelledError:
            with suppress(OriginError):
                await self._parts.records.settle_print(
                    record, Ending(PrintState.QUEUED, counts_turn=False)
                )
            raise
        is_kept = False
        with suppress(OriginError):  # then the lease runs out and the print is made again
            is_kept = await self._parts.records.settle_print(record, ending)
            if not is_kept:
                await self._tidy(record)
        self._parts.logger.info(
            PRINT_SETTLED,
            tenant=record.tenant,
            print=record.print_id,
            product=record.product,
            lane=record.lane.value,
            state=ending.state.value,
            code=ending.code,
            is_kept=is_kept,
            attempts=record.attempts,
            bytes=ending.file.size_bytes if ending.file else 0,
            ms=round((time.perf_counter() - began_s) * 1000),
        )
        return ending

    async def _tidy(self, record: PrintRecord) -> None:
        """Leave nothing behind of a print that was erased while it was made."""
        found = await self._parts.records.print_record(record.tenant, record.print_id)
        if found is None or found.state is PrintState.ERASED:
            await self._parts.files.remove(record)

    async def _ended(self, record: PrintRecord) -> Ending:
        try:
            return await self._made(record)
        except (OriginError, Refusal) as error:
            return self._ending(record, error)
        except Exception as bug:
            self._parts.logger.exception(PRINT_SETTLED, print=record.print_id, exc_info=bug)
            return self._ending(record, OriginError("server.failed", log=repr(bug)))

    async def _made(self, record: PrintRecord) -> Ending:
        parts = self._parts
        recipe = read_recipe(record.recipe)
        if record.attempts > self._limits.turns:
            raise RenderFailed("print.turns")
        if recipe.engine != self._engine:
            raise OriginError("print.engine", log=f"{recipe.engine}, not {self._engine}")
        async with self._leased(record) as at:
            at.step = PrintStep.SOURCE
            asset = await parts.records.asset(record.tenant, recipe.asset)
            if asset is None or asset.is_erased:
                raise Gone("asset.erased")
            async with lent_source(parts.sources, asset) as source:
                at.step = PrintStep.RENDER
                await at.tell()
                page: Page = await parts.workers.run(
                    make_print,
                    record.recipe,
                    record.print_id,
                    source,
                    added_profile(parts.profiles_folder, recipe.colour.profile),
                    self._limits.preflight,
                    deadline_s=self._limits.deadline_s,
                )
            at.step = PrintStep.ARCHIVE
            await at.tell()
            file = await parts.files.keep(record, page)
        return Ending(PrintState.DONE, PrintStep.READY, file=file)

    def _ending(self, record: PrintRecord, error: OriginError | Refusal) -> Ending:
        """Say what an error means for the print: refused, paused, or another turn later."""
        words = error.public if isinstance(error, Refusal) else f"{error.public} {error.log}"
        words = words.strip()
        if isinstance(error, Refusal) or error.kind.cause in (Cause.CLIENT, Cause.SOURCE):
            state = PrintState.PAUSED if error.code in WALLS else PrintState.REFUSED
            return Ending(state, code=error.code, words=words)
        if error.code in WALLS or record.attempts >= self._limits.turns:
            return Ending(PrintState.PAUSED, code=error.code, words=words)
        wait_s = min(PAUSE_S * 2 ** max(record.attempts - 1, 0), PAUSE_S_MAX)
        later_s = int(self._now()) + wait_s
        return Ending(PrintState.QUEUED, code=error.code, words=words, not_before_s=later_s)

    @asynccontextmanager
    async def _leased(self, record: PrintRecord) -> AsyncIterator[_Beat]:
        """Renew the lease beside the block."""
        beat = _Beat(self._parts.records, record, self._limits.lease_s)
        beating = asyncio.create_task(beat.run())
        try:
            yield beat
        finally:
            beating.cancel()


class _Beat:
    """Renews one lease and says which step it is at."""

    def __init__(self, records: PrintRecords, record: PrintRecord, lease_s: int) -> None:
        self._records = records
        self._record = record
        self._lease_s = lease_s
        self.step = PrintStep.WAITING

    async def tell(self) -> None:
        """Renew the lease now. Raises RenderFailed "render.superseded" when it is lost."""
        is_ours = await self._records.keep_lease(self._record, self.step, lease_s=self._lease_s)
        if not is_ours:
            raise RenderFailed("render.superseded", log="the lease is lost")

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / RENEWALS)
            with suppress(OriginError):
                await self.tell()
