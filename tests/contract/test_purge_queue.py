"""The queue keeps its word on every kind of records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from edgeproof.purging import PurgeRecords
from origin.adapters.records import Database, upgrade
from purge import settle
from purge.desk import Wish
from purge.errors import (
    BadPurge,
    ProviderBusy,
    ProviderRefused,
    ProviderUnavailable,
    QueueUnavailable,
)
from purge.lease import Lease
from purge.queue import Terms
from purge.tables import orders, packs, rows
from purge.values import Acceptance, Budget, Kind, Limits, Mode, State, Subject, What
from tests.unit.purge.bench import Bench, SetClock, Vendor, bench, worker_of

pytestmark = pytest.mark.anyio
TERMS = Terms(coalesce_s=0.3, second_s=5.0, lease_s=60.0, give_up_s=600.0, pack_targets=8)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "PostgreSQL":
        return str(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    upgrade(url)
    return url


@pytest.fixture
async def records(url: str) -> AsyncIterator[PurgeRecords]:
    database = Database(url)
    yield PurgeRecords(database)
    await database.close()


@pytest.fixture
async def on(records: PurgeRecords) -> AsyncIterator[Bench]:
    """One shield, innermost, and one vendor before it."""
    async with bench(shield, cdn, terms=TERMS, records=records) as on:
        yield on


def shield(clock: SetClock) -> Vendor:
    return Vendor("shield", clock, depth=0)


def cdn(clock: SetClock) -> Vendor:
    return Vendor("cdn", clock, depth=1)


async def states(on: Bench, order: str) -> dict[str, State]:
    found = await on.records.rows(
        select(rows.c.provider, rows.c.state).where(rows.c.order_id == order)
    )
    return {row["provider"]: State(row["state"]) for row in found}


async def test_an_order_is_sent_twice_to_each_provider_the_inner_one_first(on: Bench) -> None:
    order = await on.purge("a", "b")
    await on.run()
    shield, cdn = (on.vendors[name].times_of("a") for name in ("shield", "cdn"))
    assert len(shield) == len(cdn) == 2
    assert shield[0] <= cdn[0] < shield[1] <= cdn[1]
    assert shield[1] - shield[0] >= 4.0
    assert cdn[1] - shield[1] >= 1.0, "what was between the two caches has arrived"
    assert cdn[1] - cdn[0] >= 5.0
    status = await on.queue.status(order.order)
    assert status.is_settled
    assert status.is_accepted
    assert [part.counts for part in status.progress] == [{State.ACCEPTED: 2}] * 2
    assert await on.audit.verify() == 5


async def test_what_arrives_within_the_window_shares_a_call_and_equal_texts_are_sent_once(
    on: Bench,
) -> None:
    await on.purge("a")
    on.clock.pass_by(0.2)
    await on.purge("a", "b")
    assert await on.step("shield") == pytest.approx(0.1, abs=0.01)
    on.clock.pass_by(0.11)
    await on.step("shield")
    assert [batch.texts for _, batch in on.vendors["shield"].calls] == [("a", "b")]


async def test_a_takedown_does_not_wait_and_goes_first(on: Bench) -> None:
    await on.purge("slow")
    on.clock.pass_by(1.0)
    await on.purge("now", is_takedown=True, mode=Mode.HARD)
    assert await on.step("shield") == 0.0
    assert on.vendors["shield"].calls[0][1].texts == ("now",)


async def test_the_same_order_twice_is_taken_once(on: Bench) -> None:
    order = await on.purge("a")
    assert not await on.records.write(lambda connection: on.queue.enqueue(connection, order))
    assert (await on.records.rows(select(func.count()).select_from(rows)))[0]["count_1"] == 2


async def test_a_rolled_back_order_leaves_nothing_and_sends_nothing(on: Bench) -> None:
    class Bug(Exception):
        """Of the caller."""

    async def work(connection: AsyncConnection) -> None:
        await on.desk.order_in(connection, [Subject(What.TAG, name="a")], Wish(Mode.SOFT, "test"))
        raise Bug

    with pytest.raises(Bug):
        await on.records.write(work)
    await on.run()
    assert await on.records.rows(select(orders)) == []
    assert on.vendors["shield"].calls == []
    assert await on.audit.verify() == 0


async def test_many_targets_lie_in_packs_until_they_are_spread_and_batches_stay_full(
    on: Bench,
) -> None:
    tags = [f"x{number}" for number in range(40)]
    order = await on.purge(*tags)
    assert len(await on.records.rows(select(packs))) == 5
    before = await on.queue.status(order.order)
    assert [part.counts for part in before.progress] == [{State.QUEUED: 40}] * 2
    assert [target.text for target in await on.queue.targets(order.order)] == tags
    await on.run()
    assert await on.records.rows(select(packs)) == []
    assert [target.text for target in await on.queue.targets(order.order)] == tags
    for vendor in on.vendors.values():
        assert [len(batch.texts) for _, batch in vendor.calls] == [4] * 20
        assert set(vendor.texts.values()) == {2}
    assert (await on.queue.status(order.order)).is_settled


async def test_a_small_batch_waits_for_the_next_pack(on: Bench) -> None:
    await on.purge(*(f"x{number}" for number in range(9)))
    await on.queue.spread()
    on.clock.pass_by(1.0)
    assert [await on.step("shield") for _ in range(2)] == [0.0, 0.0]
    on.vendors["shield"].limits = Limits({Kind.TAG: 4}, 1_000.0, 1_000)
    await on.purge("y")
    on.clock.pass_by(1.0)
    rest_s = await on.step("shield")
    assert rest_s
    assert len(on.vendors["shield"].calls) == 2
    await on.queue.spread()
    await on.step("shield")
    assert on.vendors["shield"].calls[-1][1].texts == ("x8", "y")


async def test_a_lease_that_was_lost_settles_nothing(on: Bench) -> None:
    await on.purge("a")
    on.clock.pass_by(1.0)
    vendor = on.vendors["shield"]
    stale = await on.worker.take(vendor)
    assert isinstance(stale, Lease)
    assert not isinstance(await on.worker.take(vendor), Lease), "it is held"
    on.clock.pass_by(61.0)
    fresh = await on.worker.take(vendor)
    assert isinstance(fresh, Lease)
    assert fresh.token > stale.token
    settled = await settle.accepted(on.queue, on.audit, vendor, stale, Acceptance())
    assert (settled.rows, settled.stale) == (0, 1)
    settled = await settle.failed(on.queue, on.audit, vendor, stale, "x", lambda _: 1.0)
    assert settled.rows == 0
    settled = await settle.accepted(on.queue, on.audit, vendor, fresh, Acceptance())
    assert (settled.rows, settled.stale) == (1, 0)


async def test_a_second_worker_finds_nothing_that_the_first_one_holds(on: Bench) -> None:
    await on.purge(*(f"x{number}" for number in range(8)))
    on.clock.pass_by(1.0)
    other = worker_of(on.queue, on.audit)
    vendor = on.vendors["shield"]
    leases = [await worker.take(vendor) for worker in (on.worker, other)]
    texts = [text for lease in leases if isinstance(lease, Lease) for text in lease.batch.texts]
    assert sorted(texts) == sorted(f"x{number}" for number in range(8))


async def test_a_failure_is_tried_again_and_the_outer_cache_waits_for_it(on: Bench) -> None:
    order = await on.purge("a")
    on.clock.pass_by(1.0)
    on.vendors["shield"].faults = [ProviderUnavailable()] * 2
    await on.step("shield")
    assert await states(on, order.order) == {"shield": State.FAILED, "cdn": State.QUEUED}
    assert await on.step("cdn") is None
    await on.run()
    assert await states(on, order.order) == {"shield": State.ACCEPTED, "cdn": State.ACCEPTED}


async def test_an_outer_cache_does_not_wait_for_ever_and_goes_again_after_a_late_inner_one(
    on: Bench,
) -> None:
    order = await on.purge("a")
    on.vendors["shield"].faults = [ProviderUnavailable()] * 8
    await on.run(until_s=100.0)
    cdn = on.vendors["cdn"].times_of("a")
    assert cdn
    assert on.vendors["shield"].times_of("a") == []
    await on.run()
    shield, cdn = (on.vendors[name].times_of("a") for name in ("shield", "cdn"))
    assert len(shield) == 2
    assert sum(at_s >= shield[0] for at_s in cdn) == 2, "both rounds again, after the inner cache"
    assert (await on.queue.status(order.order)).is_settled


async def test_a_provider_that_is_away_for_an_hour_gets_everything_afterwards(on: Bench) -> None:
    order = await on.purge("a", "b")
    terms = Terms(second_s=5.0, give_up_s=7_200.0, inner_wait_s=30.0)
    on.queue.terms = terms
    back_s = on.clock.steady_s + 3_600.0
    vendor = on.vendors["cdn"]
    while on.clock.steady_s < back_s:
        vendor.faults = [ProviderUnavailable()] * 100
        await on.run(until_s=60.0)
        on.clock.pass_by(1.0)
    assert vendor.calls == []
    vendor.faults = []
    await on.run()
    assert (await on.queue.status(order.order)).dead_count == 0
    assert vendor.texts == {"a": 2, "b": 2}


async def test_what_fails_for_too_long_is_a_dead_letter_that_can_be_replayed(on: Bench) -> None:
    order = await on.purge("a")
    on.vendors["cdn"].faults = [ProviderUnavailable("provider.timeout")] * 100
    await on.run()
    status = await on.queue.status(order.order)
    assert status.is_settled
    assert status.dead_count == 1
    assert not status.is_accepted
    (letter,) = await on.queue.dead_letters(provider="cdn")
    assert (letter.order, letter.code) == (order.order, "provider.timeout")
    assert letter.attempts >= settle.ATTEMPTS_MIN
    on.vendors["cdn"].faults = []
    assert await on.desk.replay(by="ops") == {order.order: 1}
    await on.run()
    status = await on.queue.status(order.order)
    assert (status.is_settled, status.dead_count, status.is_accepted) == (True, 0, True)
    assert on.vendors["cdn"].texts["a"] == 2
    events = [entry.event async for entry in on.audit.entries()]
    assert [events.count(name) for name in ("purge_given_up", "purge_replayed")] == [1, 1]


async def test_a_refusal_is_a_dead_letter_at_once_and_the_outer_cache_goes_on(on: Bench) -> None:
    order = await on.purge("a")
    on.vendors["shield"].faults = [ProviderRefused("provider.credentials")]
    await on.run()
    assert await states(on, order.order) == {"shield": State.DEAD, "cdn": State.ACCEPTED}
    on.clock.pass_by(1.0)
    await on.desk.replay(by="ops", order=order.order)
    await on.run()
    shield, cdn = (on.vendors[name].times_of("a") for name in ("shield", "cdn"))
    assert sum(at_s >= shield[0] for at_s in cdn) == 2
    assert await states(on, order.order) == {"shield": State.ACCEPTED, "cdn": State.ACCEPTED}


async def test_a_busy_provider_is_left_alone_for_as_long_as_it_asks(on: Bench) -> None:
    await on.purge("a")
    on.clock.pass_by(1.0)
    on.vendors["shield"].faults = [ProviderBusy(12.0)]
    await on.step("shield")
    assert await on.step("shield") == pytest.approx(12.0, abs=0.1)
    on.clock.pass_by(12.1)
    assert await on.step("shield") == 0.0
    assert len(on.vendors["shield"].calls) == 1


async def test_a_rate_header_without_calls_left_is_believed(on: Bench) -> None:
    on.vendors["shield"].budget = Budget(remaining=0, reset_s=30.0)
    await on.purge("a")
    on.clock.pass_by(1.0)
    await on.step("shield")
    await on.purge("b")
    on.clock.pass_by(1.0)
    assert await on.step("shield") == pytest.approx(29.0, abs=0.1)


async def test_a_clock_that_goes_back_stops_nothing(on: Bench) -> None:
    order = await on.purge("a")
    on.vendors["shield"].faults = [ProviderUnavailable()]
    await on.run(until_s=2.0)
    on.clock.jump(-86_400.0)
    await on.run(until_s=120.0)
    assert (await on.queue.status(order.order)).is_settled
    for vendor in on.vendors.values():
        first, second = vendor.times_of("a")
        assert 4.0 <= second - first <= 15.0


async def test_a_clock_that_goes_forward_does_not_bring_the_second_purge_forward(
    on: Bench,
) -> None:
    await on.purge("a")
    on.clock.pass_by(1.0)
    await on.step("shield")
    on.clock.jump(3_600.0)
    assert await on.step("shield") is None
    await on.run()
    on.clock.pass_by(5.1)
    await on.run()
    first, second = on.vendors["shield"].times_of("a")
    assert second - first >= 4.0


async def test_settled_orders_are_forgotten_and_dead_letters_are_not(on: Bench) -> None:
    done = await on.purge("a")
    await on.run()
    on.vendors["cdn"].faults = [ProviderRefused()]
    kept = await on.purge("b")
    await on.run()
    on.clock.pass_by(on.queue.terms.keep_s + 1.0)
    while await on.queue.forget():
        pass
    assert (await on.queue.status(kept.order)).dead_count == 1
    with pytest.raises(BadPurge) as refused:
        await on.queue.status(done.order)
    assert refused.value.code == "purge.order"


async def test_only_settled_rows_are_marked_verified(on: Bench) -> None:
    order = await on.purge("a")
    assert await on.desk.verified(order.order, ["shield", "cdn"], {}) == 0
    await on.run()
    assert await on.desk.verified(order.order, ["shield"], {"edge": "e1"}) == 1
    assert await states(on, order.order) == {"shield": State.VERIFIED, "cdn": State.ACCEPTED}


async def test_a_row_of_a_provider_that_was_removed_can_be_seen(on: Bench) -> None:
    order = await on.purge("a")
    backlogs = {one.provider: one for one in await on.queue.backlogs([], on.clock.now_s() + 60)}
    assert backlogs["shield"].open_rows == 1
    assert backlogs["shield"].oldest_s == pytest.approx(59.7, abs=0.1)
    assert (await on.queue.orders())[0].order.order == order.order


async def test_records_that_cannot_be_written_are_said_to_be_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/without_tables.sqlite3")
    async with bench(shield, records=PurgeRecords(database)) as on:
        with pytest.raises(QueueUnavailable) as said:
            await on.purge("a")
        assert said.value.code == "queue.unavailable"
    await database.close()


async def test_a_full_disk_is_named_and_nothing_of_the_order_stays(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    upgrade(url)
    database = Database(url)
    async with bench(shield, records=PurgeRecords(database)) as on:

        async def fill(connection: AsyncConnection) -> None:
            await connection.execute(text("PRAGMA max_page_count = 1"))

        await on.records.write(fill)
        with pytest.raises(QueueUnavailable) as said:
            await on.purge(*(f"x{number}" for number in range(2_000)))
        assert said.value.code == "queue.full"
        assert await on.queue.orders() == []
    await database.close()
