"""The worker's loops: one for each provider, one that spreads large orders, one that tends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from purge.audit import Head
from purge.errors import QueueUnavailable
from purge.lease import Lease
from purge.ports import Provider
from purge.send import Worker
from purge.signing import Signer

#: After the records were away, in seconds.
RECORDS_AWAY_S = 1.0
#: How often settled orders are forgotten, in seconds.
FORGET_EVERY_S = 3_600.0
#: How long a settled order can be looked at, in seconds; the audit keeps it for ever.
KEEP_S = 30 * 86_400.0

T = TypeVar("T")
Step = Callable[[], Awaitable[float]]


def _ignored(_: Head) -> None:
    """Keep no head."""


async def run_worker(
    worker: Worker,
    stop: asyncio.Event,
    *,
    signer: Signer | None = None,
    keep_head: Callable[[Head], None] = _ignored,
) -> None:
    """Work until ``stop`` is set, then finish the calls under way.

    signer, keep_head: sign the audit's head when it has moved, and keep it outside the records.
    """
    queue = worker.queue
    await _patiently(worker, queue.mend_clock, stop)
    callers = [Caller(worker, provider) for provider in queue.providers.values()]
    tender = Tender(worker, signer, keep_head)
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
        self._worker.queue.wake()


class Tender:
    """Sets gauges, mends the clock, signs the head, forgets what is old."""

    def __init__(
        self, worker: Worker, signer: Signer | None, keep_head: Callable[[Head], None]
    ) -> None:
        self._worker = worker
        self._signer = signer
        self._keep_head = keep_head
        self._signed = -1
        self._forget_at_s = worker.queue.clock.monotonic_s()

    async def step(self) -> float:
        """Do it once; return how long to rest."""
        worker = self._worker
        queue, clock = worker.queue, worker.queue.clock
        worker.watch.backlogs(await queue.backlogs(queue.providers, clock.now_s()))
        if self._signer is not None and await worker.audit.length() != self._signed:
            head = await worker.audit.sign(self._signer)
            self._keep_head(head)
            self._signed = head.seq
            worker.watch.head_signed(head.seq, head.hash)
        if clock.monotonic_s() >= self._forget_at_s:
            self._forget_at_s = clock.monotonic_s() + FORGET_EVERY_S
            while await queue.forget(clock.now_s() - KEEP_S):
                pass
        return worker.pace.tend_s


async def _spread(worker: Worker) -> float:
    return 0.0 if await worker.queue.spread() else worker.pace.poll_s


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
    """Take a step; records that are away are waited for."""
    while True:
        try:
            return await step()
        except QueueUnavailable as error:
            worker.watch.records_away(error)
        if stop.is_set():
            return None
        await asyncio.sleep(RECORDS_AWAY_S)
