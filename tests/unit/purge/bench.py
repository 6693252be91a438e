"""A purge manager on one desk: records in memory, a clock that is set, vendors that count."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import (
    Executable,
    Result,
    RowMapping,
    Select,
    create_engine,
    event,
    insert,
)
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import StaticPool

from purge.audit import START, Audit
from purge.desk import Desk, Wish
from purge.errors import ProviderBusy, ProviderError
from purge.observe import Watch
from purge.ports import Provider, Transactions
from purge.queue import Queue, Terms
from purge.send import Worker
from purge.tables import audit_tip, metadata
from purge.values import Acceptance, Batch, Budget, Kind, Limits, Mode, Order, Subject, What

T = TypeVar("T")
NOW_S = 1_800_000_000.0
TAGS_ONLY = Limits({Kind.TAG: 4}, rate_per_s=1_000.0, burst=1_000)


class SetClock:
    """Time that stands until it is moved."""

    def __init__(self, now_s: float = NOW_S) -> None:
        self.wall_s = now_s
        self.steady_s = 0.0

    def now_s(self) -> float:
        return self.wall_s

    def monotonic_s(self) -> float:
        return self.steady_s

    async def sleep(self, wait_s: float) -> None:
        self.pass_by(wait_s)

    def pass_by(self, spent_s: float) -> None:
        self.wall_s += spent_s
        self.steady_s += spent_s

    def jump(self, by_s: float) -> None:
        self.wall_s += by_s


class Direct:
    """An AsyncConnection without a thread behind it, as far as the queue uses one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Executable, values: Any = None) -> Result[Any]:
        return self._connection.execute(statement, values)


class InMemory:
    """Transactions on SQLite in this process's memory: one connection, writers take turns."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        event.listen(self.engine, "connect", _plain)
        event.listen(self.engine, "begin", _begin)
        self._turn = asyncio.Lock()

    async def prepare(self) -> None:
        with self.engine.begin() as connection:
            metadata.create_all(connection)
            connection.execute(insert(audit_tip).values(id=1, seq=0, hash=START))

    async def rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        async with self._turn:
            with self.engine.begin() as connection:
                return connection.execute(query).mappings().all()

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._turn:
            with self.engine.begin() as connection:
                return await work(cast("AsyncConnection", Direct(connection)))

    async def close(self) -> None:
        self.engine.dispose()


def _plain(connection: DBAPIConnection, _: object) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass
class Vendor:
    """A provider that does what it says: it holds texts, and enforces its own limits.

    ``faults``: what the next calls answer, first one first; None is a good one, and an error with
    ``is_done`` set is raised after the purge was done.
    """

    name: str
    clock: SetClock
    limits: Limits = TAGS_ONLY
    depth: int = 0
    account: str = ""
    faults: list[ProviderError | None] = field(default_factory=list)
    calls: list[tuple[float, Batch]] = field(default_factory=list)
    refusals: int = 0
    budget: Budget | None = None

    def __post_init__(self) -> None:
        self.account = self.account or self.name
        self._tokens = float(self.limits.burst)
        self._filled_at_s = self.clock.monotonic_s()

    async def send(self, batch: Batch) -> Acceptance:
        assert 0 < len(batch.texts) <= self.limits.per_batch[batch.kind]
        assert len(set(batch.texts)) == len(batch.texts), "a text is in a call once"
        self._take_token()
        fault = self.faults.pop(0) if self.faults else None
        if fault is None or getattr(fault, "is_done", False):
            self.calls.append((self.clock.monotonic_s(), batch))
        if fault is not None:
            raise fault
        return Acceptance((f"{self.name}-{len(self.calls)}",), self.budget)

    async def close(self) -> None:
        pass

    def _take_token(self) -> None:
        """The vendor's own bucket, in its own time."""
        now_s = self.clock.monotonic_s()
        spent_s = now_s - self._filled_at_s
        self._tokens = min(self.limits.burst, self._tokens + spent_s * self.limits.rate_per_s)
        self._filled_at_s = now_s
        if self._tokens < 1 - 1e-6:
            self.refusals += 1
            raise ProviderBusy((1 - self._tokens) / self.limits.rate_per_s)
        self._tokens -= 1

    def times_of(self, text: str) -> list[float]:
        """When a text was purged, in monotonic seconds."""
        return [at_s for at_s, batch in self.calls if text in batch.texts]

    @property
    def texts(self) -> Counter[str]:
        """How often each text was purged."""
        return Counter(text for _, batch in self.calls for text in batch.texts)


class Shelf:
    """A catalogue of photos by owner, with their generations."""

    def __init__(self, photos: Mapping[Subject, Sequence[str]] | None = None) -> None:
        self.photos = dict(photos or {})
        self.generations: Counter[str] = Counter()

    async def assets(
        self, _: AsyncConnection, subjects: Sequence[Subject]
    ) -> Mapping[Subject, Sequence[str]]:
        return {subject: self.photos[subject] for subject in subjects if subject in self.photos}

    async def bump(self, _: AsyncConnection, assets: Sequence[str]) -> Mapping[str, int]:
        self.generations.update(assets)
        return {name: self.generations[name] for name in assets}

    async def bump_all(self, connection: AsyncConnection, tenant: str) -> Mapping[str, int]:
        its = {name for names in self.photos.values() for name in names}
        return await self.bump(connection, sorted(n for n in its if n.startswith(tenant)))


@dataclass
class Bench:
    """All of it."""

    clock: SetClock
    records: Transactions
    vendors: dict[str, Vendor]
    queue: Queue
    audit: Audit
    desk: Desk
    shelf: Shelf
    worker: Worker

    async def purge(self, *tags: str, **wish: Any) -> Order:
        """Order some tags."""
        subjects = [Subject(What.TAG, name=tag) for tag in tags]
        wished = Wish(**{"mode": Mode.SOFT, "by": "test", "reason": "T-1"} | wish)
        return await self.desk.order(subjects, wished)

    async def step(self, vendor: str) -> float | None:
        """Make one call of a vendor."""
        return await self.worker.step(self.vendors[vendor])

    async def run(self, until_s: float = 1e9) -> None:
        """Work in simulated time until nothing is queued any more."""
        ready = [(0.0, name) for name in self.vendors]
        end_s = self.clock.steady_s + until_s
        while await self.queue.spread():
            pass
        asleep: set[str] = set()
        while ready:
            at_s, name = heapq.heappop(ready)
            if at_s > end_s:
                return
            self.clock.pass_by(max(0.0, at_s - self.clock.steady_s))
            rest_s = await self.step(name)
            if rest_s is None:
                asleep.add(name)
            else:
                heapq.heappush(ready, (self.clock.steady_s + rest_s, name))
                if rest_s == 0.0:  # what it did may have given others something to do
                    for other in asleep - {name}:
                        heapq.heappush(ready, (self.clock.steady_s, other))
                    asleep &= {name}


def worker_of(queue: Queue, audit: Audit, **named: Any) -> Worker:
    """Make a worker whose retries do not depend on chance."""
    logger = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
    backoff = named.pop("backoff", lambda failures: min(60.0, 2.0 ** (failures - 1)))
    return Worker(queue, audit, Watch(CollectorRegistry(), logger), backoff=backoff, **named)


@asynccontextmanager
async def bench(
    *vendors: Callable[[SetClock], Vendor],
    terms: Terms | None = None,
    shelf: Shelf | None = None,
    records: Transactions | None = None,
    clock: SetClock | None = None,
) -> AsyncIterator[Bench]:
    """Open a bench with these vendors, on records that are migrated already or in memory."""
    clock, memory = clock or SetClock(), InMemory()
    if records is None:
        await memory.prepare()
        records = memory
    made = [make(clock) for make in vendors]
    providers: dict[str, Provider] = {vendor.name: vendor for vendor in made}
    queue = Queue(records, providers, clock, terms)
    audit = Audit(records, clock.now_s)
    shelf = shelf or Shelf()
    desk = Desk(queue, audit, shelf)
    by_name = {vendor.name: vendor for vendor in made}
    yield Bench(clock, records, by_name, queue, audit, desk, shelf, worker_of(queue, audit))
    await memory.close()
