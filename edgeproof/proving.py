"""The purge manager as an erase needs it: work the queue until orders are settled, then look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from prometheus_client import CollectorRegistry

from cache_keys.request import read_target
from cache_keys.signer import rounded_exp, sign, signing_kid
from edgeproof.purging import Purging, open_purging
from edgeproof.settings import Settings
from edgeproof.wiring import Stores, open_ring
from purge.audit import Audit
from purge.clock import SystemClock
from purge.desk import Desk
from purge.probe import Edge, Prober
from purge.queue import Queue
from purge.signing import Signer
from purge.values import OrderStatus
from purge.verify import Finding, Verifier
from purge.work import run_worker

#: How often an order is looked at while it is waited for, in seconds.
LOOK_S = 0.2
#: What the origin's own public listener is called in reports.
ORIGIN = "origin"


class Proving:
    """erasing.Purging on the real purge manager. Orders are worked in this process too.

    A running server has its own worker; leases make the two share the work.
    """

    def __init__(self, purging: Purging, prober: Prober, edges: Sequence[Edge]) -> None:
        self._purging = purging
        self._prober = prober
        self._edges = edges

    @property
    def purging(self) -> Purging:
        """The purge manager itself."""
        return self._purging

    @property
    def has_edges(self) -> bool:
        """Whether any edge is configured: else only the origin itself can be asked."""
        return not all(edge.is_origin for edge in self._edges)

    @property
    def samples(self) -> int:
        """How many URLs of one purge are asked for."""
        return self._purging.configuration.verify.samples

    @property
    def desk(self) -> Desk:
        """Where purges are ordered."""
        return self._purging.desk

    @property
    def queue(self) -> Queue:
        """Where they stand."""
        return self._purging.queue

    @property
    def audit(self) -> Audit:
        """Where all of it is written down."""
        return self._purging.audit

    @property
    def signer(self) -> Signer:
        """The key of the audit's head and of receipts."""
        return self._purging.signer

    async def until_settled(
        self, orders: Sequence[str], told: Callable[[OrderStatus], None], limit_s: float
    ) -> Sequence[OrderStatus]:
        """Work the queue until nothing of these orders is left to send, at most so long."""
        stop = asyncio.Event()
        worker = self._purging.worker(CollectorRegistry(), structlog.get_logger())
        working = asyncio.create_task(run_worker(worker, stop)) if orders else None
        try:
            return await self._watch(orders, told, time.monotonic() + limit_s)
        finally:
            stop.set()
            if working is not None:
                await working

    async def _watch(
        self, orders: Sequence[str], told: Callable[[OrderStatus], None], deadline_s: float
    ) -> Sequence[OrderStatus]:
        found: dict[str, OrderStatus] = {}
        while True:
            for order in orders:
                if order not in found or not found[order].is_settled:
                    found[order] = await self.queue.status(order)
                    told(found[order])
            if all(one.is_settled for one in found.values()) or time.monotonic() > deadline_s:
                return list(found.values())
            await asyncio.sleep(LOOK_S)

    def verifier(self, told: Callable[[Finding], None]) -> Verifier:
        """Return what asks the configured edges, and the origin itself."""
        vantage = self._purging.configuration.verify.vantage
        return Verifier(self._edges, self._prober.ask, SystemClock(), vantage=vantage, told=told)


@asynccontextmanager
async def open_proving(settings: Settings, stores: Stores) -> AsyncIterator[Proving]:
    """Open queue, providers, keys and edges; raises what they raise."""
    ring = open_ring(settings)

    def signed(path: str) -> str:
        target = read_target(path.encode())
        now_s = int(time.time())
        kid = signing_kid(ring(), target.tenant, now_s)
        return sign(target, ring(), kid, rounded_exp(now_s, 60), now=now_s)

    async with open_purging(settings, stores.database) as purging:
        verify, configured = purging.configuration.verify, purging.configuration.edge
        edges = [Edge(one.name, one.base_url, one.host) for one in configured]
        async with Prober(signed, timeout_s=verify.timeout_s, at_once=verify.at_once) as prober:
            yield Proving(purging, prober, edges or [origin_edge(settings)])


def origin_edge(settings: Settings) -> Edge:
    """Return the origin's public listener: the place to ask where no edge is configured."""
    host = sorted(settings.answered_hosts)[0]
    return Edge(ORIGIN, f"http://{settings.public_bind}", host, is_origin=True)
