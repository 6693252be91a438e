"""The worker's one step: lease, send, settle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from purge import settle
from purge.audit import Audit
from purge.clock import JumpGuard
from purge.errors import (
    ProviderBusy,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
)
from purge.lease import Lease, Wait, next_call
from purge.observe import Watch
from purge.pace import Backoff, full_jitter
from purge.ports import Provider
from purge.queue import Queue
from purge.settle import Settled
from purge.values import Acceptance

#: One call of a provider, in seconds; shorter than a lease, so that a lease outlives its call.
CALL_S = 50.0
#: How often a worker looks for what another process has queued, in seconds.
POLL_S = 0.1
#: Calls of one provider under way at once: more than one, or its latency would be the rate.
PARALLEL = 4
#: How often gauges are set, late gates opened and the audit's head signed, in seconds.
TEND_S = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker works; seconds."""

    call_s: float = CALL_S
    poll_s: float = POLL_S
    parallel: int = PARALLEL
    tend_s: float = TEND_S


class Worker:
    """Sends what is queued. Any number of them may run, in any number of processes."""

    def __init__(
        self,
        queue: Queue,
        audit: Audit,
        watch: Watch,
        *,
        pace: Pace | None = None,
        backoff: Backoff = full_jitter,
    ) -> None:
        self.queue = queue
        self.pace = pace or Pace()
        self.audit = audit
        self.watch = watch
        self._backoff = backoff
        self._guard = JumpGuard(queue.clock, queue.terms.second_s)

    async def step(self, provider: Provider) -> float | None:
        """Make the next call of a provider, whole.

        Return seconds until another step is worth its while, None when nothing is queued.
        Raises QueueUnavailable; a call that was made meanwhile is made again after its lease.
        """
        found = await self.take(provider)
        if isinstance(found, Lease):
            await self.send(provider, found)
            return 0.0
        return None if found is None else found.wait_s

    async def take(self, provider: Provider) -> Lease | Wait | None:
        """Lease the next call of a provider."""
        if self._guard.look():
            await self.queue.mend_clock()
        return await next_call(self.queue, provider, may_repeat=self._guard.may_repeat)

    async def send(self, provider: Provider, lease: Lease) -> None:
        """Make a leased call and write down its outcome."""
        began_s = self.queue.clock.monotonic_s()
        told = await self._told(provider, lease)
        spent_s = self.queue.clock.monotonic_s() - began_s
        if isinstance(told, Acceptance):
            told = replace(told, took_s=spent_s)
        outcome, settled = await self._settled(provider, lease, told)
        self.watch.called(provider.name, outcome, spent_s, settled)
        await self.finish(settled)

    async def finish(self, settled: Settled) -> None:
        """Write the line of each order with nothing left to do."""
        for order_id in settled.finished:
            self.watch.finished(await self.queue.status(order_id))

    async def _told(self, provider: Provider, lease: Lease) -> Acceptance | ProviderError:
        """Make the call; what a provider raises is an answer too."""
        try:
            async with asyncio.timeout(self.pace.call_s):
                return await provider.send(lease.batch)
        except TimeoutError:
            return ProviderUnavailable("provider.timeout")
        except ProviderError as error:
            return error
        except Exception as bug:  # noqa: BLE001 (the worker's outermost: one provider's bug must
            # not stop the others, nor lose what it was to send)
            failure = ProviderUnavailable(log=f"{type(bug).__name__}: {bug}")
            failure.__cause__ = bug
            return failure

    async def _settled(
        self, provider: Provider, lease: Lease, told: Acceptance | ProviderError
    ) -> tuple[str, Settled]:
        queue, audit = self.queue, self.audit
        if isinstance(told, Acceptance):
            return "accepted", await settle.accepted(queue, audit, provider, lease, told)
        if isinstance(told, ProviderBusy):
            return "busy", await settle.put_back(queue, provider, lease, told.retry_after_s)
        self.watch.failed(provider.name, told)
        if isinstance(told, ProviderRefused):
            return "refused", await settle.refused(queue, audit, lease, told.code)
        settled = await settle.failed(queue, audit, provider, lease, told.code, self._backoff)
        await queue.open_late()
        return "failed", settled
