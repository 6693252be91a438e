"""Any history of orders, calls, faults, kills and clock jumps ends with every purge applied.

The queue is the real one, on SQLite in memory; time is simulated. After each step the books must
balance; at the end the faults stop, and everything acknowledged must have reached every provider
twice after it was ordered, or be a dead letter; replayed, those must arrive too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import and_, func, select

from purge import settle
from purge.errors import ProviderBusy, ProviderError, ProviderRefused, ProviderUnavailable
from purge.gates import ROUNDS, is_open
from purge.lease import Lease
from purge.queue import Terms
from purge.tables import orders, packs, rows
from purge.values import Acceptance, Kind, Limits, Mode, Order
from tests.unit.purge.bench import Vendor, bench, worker_of

T = TypeVar("T")
TERMS = Terms(
    coalesce_s=0.3, second_s=5.0, lease_s=20.0, give_up_s=90.0, inner_wait_s=15.0, pack_targets=5
)
LIMITS = Limits({Kind.TAG: 3}, rate_per_s=2.0, burst=6)
#: At the end only arrival counts: few, full calls are enough.
WIDE = Limits({Kind.TAG: 100}, rate_per_s=1_000.0, burst=1_000)
TAGS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)
VENDORS = st.sampled_from(["shield", "east", "west"])
#: So many steps are taken at least. Hypothesis takes at most STEPS in an example, often fewer.
STEPS_MIN = int(os.environ.get("PURGE_STEPS", "10000"))
EXAMPLES, STEPS = 20, 200


def _done_but_unknown() -> ProviderError:
    error = ProviderUnavailable("provider.timeout")
    error.is_done = True  # type: ignore[attr-defined] # read by the vendor
    return error


FAULTS: dict[str, Callable[[], ProviderError]] = {
    "busy": lambda: ProviderBusy(4.0),
    "away": ProviderUnavailable,
    "unknown": _done_but_unknown,
    "refused": lambda: ProviderRefused("provider.zone"),
}


class History(RuleBasedStateMachine):
    """What ops, vendors, networks and kernels can do to the queue."""

    flying = Bundle("flying")
    #: Of all examples.
    steps_taken = 0

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.ordered: dict[str, tuple[float, Order]] = {}
        self.known: set[str] = set()
        self.is_touched = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something that may change the queue."""
        self.is_touched = hasattr(self, "bench")
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        """Two vendors before one shield; the vendors share an account."""
        makers = [
            lambda clock: Vendor("shield", clock, LIMITS),
            lambda clock: Vendor("east", clock, LIMITS, depth=1, account="shared"),
            lambda clock: Vendor("west", clock, LIMITS, depth=1, account="shared"),
        ]
        self.bench = self.run(self.stack.enter_async_context(bench(*makers, terms=TERMS)))
        for vendor in self.bench.vendors.values():
            vendor._tokens = 1e9

    @rule(tags=TAGS, is_takedown=st.booleans(), mode=st.sampled_from(Mode))
    def order(self, tags: list[str], *, is_takedown: bool, mode: Mode) -> None:
        """Somebody purges."""
        order = self.run(self.bench.purge(*tags, is_takedown=is_takedown, mode=mode))
        self.ordered[order.order] = (self.bench.clock.steady_s, order)
        self.known.update(tags)

    @rule(spent_s=st.sampled_from([0.1, 0.4, 3.0, 6.0, 25.0]))
    def wait(self, spent_s: float) -> None:
        """Time passes."""
        self.bench.clock.pass_by(spent_s)

    @rule(by_s=st.sampled_from([-86_400.0, -30.0, 30.0, 86_400.0]))
    def jump(self, by_s: float) -> None:
        """Somebody sets the clock."""
        self.bench.clock.jump(by_s)

    @rule(name=VENDORS, fault=st.sampled_from(sorted(FAULTS)))
    def upset(self, name: str, fault: str) -> None:
        """A vendor's next call goes wrong."""
        self.bench.vendors[name].faults.append(FAULTS[fault]())

    @rule(name=VENDORS)
    def step(self, name: str) -> None:
        """A worker makes one call."""
        self.run(self.bench.step(name))

    @rule()
    def spread(self) -> None:
        """A worker makes rows of a pack."""
        self.run(self.bench.queue.spread())

    @rule(target=flying, name=VENDORS, is_sent=st.booleans())
    def begin(self, name: str, *, is_sent: bool) -> Any:
        """Another worker takes a call, perhaps makes it, and stops just there."""
        vendor = self.bench.vendors[name]
        lease = self.run(self.bench.worker.take(vendor))
        if not isinstance(lease, Lease):
            return multiple()
        if is_sent:
            vendor.calls.append((self.bench.clock.steady_s, lease.batch))
        return (lease, is_sent)

    @rule(began=consumes(flying))
    def finish(self, began: tuple[Lease, bool]) -> None:
        """It goes on, however late; what it lost meanwhile it cannot settle."""
        lease, is_sent = began
        vendor = self.bench.vendors[lease.provider]
        held = self.run(self._held(lease))
        queue, audit = self.bench.queue, self.bench.audit
        if is_sent:
            settled = self.run(settle.accepted(queue, audit, vendor, lease, Acceptance()))
        else:
            settled = self.run(settle.failed(queue, audit, vendor, lease, "x", lambda _: 1.0))
        assert settled.rows == held
        assert settled.stale == len(lease.pairs) - held

    @rule(began=consumes(flying))
    def kill(self, began: tuple[Lease, bool]) -> None:
        """It is gone."""

    @rule()
    def restart(self) -> None:
        """The worker is another process from now on."""
        self.bench.worker = worker_of(self.bench.queue, self.bench.audit)

    @rule()
    def replay(self) -> None:
        """Ops replay what is dead."""
        self.run(self.bench.desk.replay(by="ops"))

    async def _held(self, lease: Lease) -> int:
        is_its = and_(rows.c.provider == lease.provider, rows.c.lease == lease.token)
        return int(
            (await self.bench.records.rows(select(func.count()).where(is_its)))[0]["count_1"]
        )

    @invariant()
    def no_phantom(self) -> None:
        """Nothing is purged that nobody ordered."""
        History.steps_taken += 1
        if hasattr(self, "bench"):
            for vendor in self.bench.vendors.values():
                assert set(vendor.texts) <= self.known

    @invariant()
    def the_books_balance(self) -> None:
        """Each order counts its open rows, spread or packed."""
        if self.is_touched:
            assert not self.run(self._books())
            self.is_touched = False

    async def _books(self) -> Sequence[object]:
        """Return the orders whose count is not that of their open rows and of what is packed."""
        records = self.bench.records
        opened = select(func.count()).where(rows.c.order_id == orders.c.id, is_open())
        is_off = orders.c.open_count != opened.scalar_subquery()
        off = await records.rows(select(orders.c.id, orders.c.open_count).where(is_off))
        if not off:
            return []
        counts = dict.fromkeys((row["id"] for row in off), 0)
        for pack in await records.rows(select(packs)):
            if pack["order_id"] in counts:
                counts[pack["order_id"]] += len(pack["targets"]) * len(self.bench.vendors)
        query = select(rows.c.order_id).where(rows.c.order_id.in_(list(counts)), is_open())
        for row in await records.rows(query):
            counts[row["order_id"]] += 1
        return [row["id"] for row in off if row["open_count"] != counts[row["id"]]]

    def teardown(self) -> None:
        """The faults stop: now everything must arrive."""
        if hasattr(self, "bench"):
            self.run(self._end())
        self.run(self.stack.aclose())
        self.runner.close()

    async def _end(self) -> None:
        on = self.bench
        for vendor in on.vendors.values():
            vendor.faults.clear()
            vendor.limits = WIDE
        on.worker = worker_of(on.queue, on.audit)
        await self._settle()
        dead = {(one.order, one.provider, one.target.text) for one in await on.queue.dead_letters()}
        self._all_applied(dead)
        await on.desk.replay(by="ops")
        await self._settle()
        assert not await on.queue.dead_letters()
        self._all_applied(set())
        calls = [len(vendor.calls) for vendor in on.vendors.values()]
        on.clock.pass_by(1_000.0)
        await on.run()
        assert calls == [len(vendor.calls) for vendor in on.vendors.values()], "it is over"
        await on.audit.verify()

    async def _settle(self) -> None:
        """Work until nothing is left, leases of the dead included."""
        for _ in range(3):
            await self.bench.queue.mend_clock()
            await self.bench.run()
            self.bench.clock.pass_by(3 * TERMS.lease_s)
        assert not await self.bench.records.rows(select(rows.c.number).where(is_open()).limit(1))

    def _all_applied(self, dead: set[tuple[str, str, str]]) -> None:
        for order_id, (since_s, order) in self.ordered.items():
            for vendor in self.bench.vendors.values():
                for target in order.targets:
                    if (order_id, vendor.name, target.text) not in dead:
                        times = [at_s for at_s in vendor.times_of(target.text) if at_s >= since_s]
                        assert len(times) >= ROUNDS
                        hop_s = 0.0 if vendor.depth else TERMS.hop_s
                        assert times[-1] - times[0] >= TERMS.second_s - hop_s - 0.001


def test_every_acknowledged_purge_is_applied_or_a_dead_letter_whatever_happens() -> None:
    some = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    History.steps_taken = 0
    while History.steps_taken < STEPS_MIN:
        run_state_machine_as_test(History, settings=some)
