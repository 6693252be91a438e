"""The worker's loops: one for each provider, one that spreads large orders, one that tends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from purge import strangers
from purge.audit import Heads
from purge.errors import AuditBroken, QueueUnavailable
from purge.lease import Lease
from purge.ports import Provider
from purge.send import Worker
from purge.signing import Signer

#: After the records were away, or a bug, in seconds.
RECORDS_AWAY_S = 1.0
#: How often old orders are forgotten and rows of removed providers given up, in seconds.
TIDY_EVERY_S = 60.0
#: Between two looks for packs of other processes; those of this one are told. They are orders of
#: thousands of targets, which take longer than that.
PACKS_S = 1.0

T = TypeVar("T")
Step = Callable[[], Awaitable[float]]


async def run_worker(
    worker: Worker,
    stop: asyncio.Event,
    *,
    signer: Signer | None = None,
    heads: Heads | None = None,
) -> None:
    """Work until ``stop`` is set, then finish the calls under way.

    signer, heads: sign the audit's head when it has moved, and keep it outside the records.
    """
    queue = worker.queue
    await _patiently(worker, queue.mend_clock, stop)
    callers = [Caller(worker, provider) for provider in queue.providers.values()]
    tender = Tender(worker, signer, heads)
    steps: list[Step] = [tender.step, lambda: _spread(worker), *(one.step for one in callers)]
    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(_repeat(worker, step, stop))
    for caller in callers:
        await caller.drain()
    await _patiently(worker, tender.step, stop)


class Caller:
    """Keeps some calls of one provider under way."""

    def __init__(self, worker: Worker, provider: Provider) -> None:
        self._worker = worker
        self._provider = provider
        self._flying: set[asyncio.Task[None]] = set()

    async def step(self) -> float:
        """Begin the next call, or wait for one to end; return how long to rest."""
        if len(self._flying) >= self._worker.pace.parallel:
            await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        found = await self._worker.take(self._provider)
        if isinstance(found, Lease):
            call = asyncio.create_task(self._call(found))
            self._flying.add(call)
            call.add_done_callback(self._flying.discard)
            return 0.0
        poll_s = self._worker.pace.poll_s
        return poll_s if found is None else min(poll_s, found.wait_s)

    async def drain(self) -> None:
        """Wait for the calls under way."""
        if self._flying:
            await asyncio.wait(self._flying)

    async def _call(self, lease: Lease) -> None:
        try:
            await self._worker.send(self._provider, lease)
        except QueueUnavailable as error:  # it is sent again when the lease is over
            self._worker.watch.records_away(error)
        except Exception as bug:  # noqa: BLE001 (the same: nobody awaits this task's result)
            self._worker.watch.stumbled(bug)
        self._worker.queue.wake()


class Tender:
    """Sets gauges, signs the head, gives up what nobody sends, forgets what is old."""

    def __init__(self, worker: Worker, signer: Signer | None, heads: Heads | None) -> None:
        self._worker = worker
        self._signer = signer
        self._heads = heads
        self._seen = -1  # the entry up to which the audit was signed, or found to be broken
        self._tidy_at_s = worker.queue.clock.monotonic_s()

    async def step(self) -> float:
        """Do it once; return how long to rest."""
        worker = self._worker
        queue, clock = worker.queue, worker.queue.clock
        worker.watch.backlogs(await queue.backlogs(queue.providers, clock.now_s()))
        if self._signer is not None and self._heads is not None:
            await self._sign(self._signer, self._heads)
        if clock.monotonic_s() >= self._tidy_at_s:
            await self._tidy()
            self._tidy_at_s = clock.monotonic_s() + TIDY_EVERY_S
        return worker.pace.tend_s

    async def _sign(self, signer: Signer, heads: Heads) -> None:
        """Sign a new end of the audit, unless it does not go on from the last signed one."""
        audit, watch = self._worker.audit, self._worker.watch
        length = self._seen
        try:
            length = await audit.length()
            if length == self._seen:
                return
            head = await audit.sign(signer, heads.read())
            heads.keep(head)
        except AuditBroken as error:
            self._seen = length
            watch.head_unsigned(error)
        except OSError as error:  # tried again: the disk may be full
            watch.head_unsigned(error)
        else:
            self._seen = head.seq
            watch.head_signed(head.seq, head.hash)

    async def _tidy(self) -> None:
        worker = self._worker
        while (buried := await strangers.bury(worker.queue, worker.audit)).rows:
            await worker.finish(buried)
        while await worker.queue.forget():
            pass


async def _spread(worker: Worker) -> float:
    return 0.0 if await worker.queue.spread() else PACKS_S


async def _repeat(worker: Worker, step: Step, stop: asyncio.Event) -> None:
    """Repeat a step until the end, through times when the records are away."""
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            rest_s = await _patiently(worker, step, stop)
            if rest_s:
                resting = asyncio.create_task(worker.queue.news(rest_s))
                await asyncio.wait((resting, stopping), return_when=asyncio.FIRST_COMPLETED)
                resting.cancel()
    finally:
        stopping.cancel()


async def _patiently(
    worker: Worker, step: Callable[[], Awaitable[T]], stop: asyncio.Event
) -> T | None:
    """Take a step; records that are away are waited for, and a bug ends no worker."""
    while True:
        try:
            return await step()
        except QueueUnavailable as error:
            worker.watch.records_away(error)
        except Exception as bug:  # noqa: BLE001 (the worker's outermost loop)
            worker.watch.stumbled(bug)
        if stop.is_set():
            return None
        await asyncio.sleep(RECORDS_AWAY_S)
