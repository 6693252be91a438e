"""What a changed configuration leaves in the queue comes to an end, on every kind of records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from edgeproof.purging import PurgeRecords
from origin.adapters.records import Database
from purge import strangers
from purge.desk import Desk
from purge.errors import ProviderRefused, ProviderUnavailable
from purge.queue import Queue
from purge.strangers import STRANGER_S
from purge.tables import packs, rows
from purge.values import Kind, Limits, State
from tests.contract.test_purge_queue import TERMS, cdn, shield, states, url
from tests.unit.purge.bench import Bench, bench, worker_of

pytestmark = pytest.mark.anyio
__all__ = ["url"]  # a fixture


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def records(url: str) -> AsyncIterator[PurgeRecords]:
    database = Database(url)
    yield PurgeRecords(database)
    await database.close()


@pytest.fixture
async def on(records: PurgeRecords) -> AsyncIterator[Bench]:
    async with bench(shield, cdn, terms=TERMS, records=records) as on:
        yield on


def without(on: Bench, name: str) -> Bench:
    """Return the bench of a worker whose configuration has no such provider."""
    left = {own: vendor for own, vendor in on.vendors.items() if own != name}
    queue = Queue(on.records, left, on.clock, on.queue.terms)
    desk = Desk(queue, on.audit, on.shelf)
    worker = worker_of(queue, on.audit)
    return replace(on, vendors=left, queue=queue, desk=desk, worker=worker)


@pytest.mark.parametrize("gone", ["shield", "cdn"])
@pytest.mark.parametrize("count", [2, 20], ids=["rows", "packs"])
async def test_what_a_removed_provider_was_to_be_sent_becomes_dead_letters_that_say_so(
    on: Bench, gone: str, count: int
) -> None:
    order = await on.purge(*(f"x{number}" for number in range(count)))
    left = without(on, gone)
    await left.run()
    assert not (await left.queue.status(order.order)).is_settled
    assert (await strangers.bury(left.queue, left.audit)).rows == 0, "it may be rolled out still"
    left.clock.pass_by(STRANGER_S + 30.0)
    buried = await strangers.bury(left.queue, left.audit)
    assert buried.rows == buried.dead == count
    await left.run()
    status = await left.queue.status(order.order)
    assert (status.is_settled, status.dead_count) == (True, count)
    codes = {part.provider: part.code for part in status.progress}
    assert codes == {gone: "provider.removed", ({"shield", "cdn"} - {gone}).pop(): ""}
    assert (await strangers.bury(left.queue, left.audit)).rows == 0
    gauges = {one.provider: one for one in await left.queue.backlogs([], left.clock.now_s())}
    assert (gauges[gone].open_rows, gauges[gone].dead_rows) == (0, count)
    assert await left.records.rows(select(packs)) == []
    given_up = [entry.facts async for entry in left.audit.entries() if "given_up" in entry.event]
    assert given_up == [
        {"order": order.order, "provider": gone, "targets": count, "code": "provider.removed"}
    ]


async def test_the_dead_letters_of_a_removed_provider_wait_for_its_return(on: Bench) -> None:
    order = await on.purge("a")
    left = without(on, "cdn")
    await left.run()
    left.clock.pass_by(STRANGER_S + 30.0)
    await strangers.bury(left.queue, left.audit)
    assert await left.desk.replay(by="ops") == {}, "there is nobody to send them"
    assert await on.desk.replay(by="ops") == {order.order: 1}
    assert (await strangers.bury(left.queue, left.audit)).rows == 0, "another worker has it"
    await on.run()
    assert await states(on, order.order) == dict.fromkeys(("shield", "cdn"), State.ACCEPTED)


async def test_the_dead_letters_of_a_removed_provider_are_forgotten_in_the_end(on: Bench) -> None:
    await on.purge("a")
    left = without(on, "cdn")
    await left.run()
    left.clock.pass_by(STRANGER_S + 30.0)
    await strangers.bury(left.queue, left.audit)
    left.clock.pass_by(left.queue.terms.keep_s)
    assert not await on.queue.forget(), "where it is configured they are dead letters"
    while await left.queue.forget():
        pass
    assert await left.queue.orders() == []


async def test_a_provider_that_another_worker_serves_is_left_alone_however_long_its_queue(
    on: Bench,
) -> None:
    on.vendors["cdn"].limits = Limits({Kind.TAG: 4}, rate_per_s=0.01, burst=1)
    on.vendors["cdn"].__post_init__()
    await on.purge(*(f"x{number}" for number in range(8)))
    old = without(on, "cdn")
    for _ in range(20):
        await on.run(until_s=300.0)
        on.clock.pass_by(60.0)
        assert (await strangers.bury(old.queue, old.audit)).rows == 0
    assert not await on.queue.dead_letters()


async def test_a_kind_that_a_provider_takes_no_longer_is_sent_as_the_covering_tag(
    on: Bench,
) -> None:
    asset = "k3q7" * 12 + "k3qa"
    path = f"/v1/acme/{asset}/w_320.jpg"
    await on.purge("a")
    change = update(rows).where(rows.c.provider == "shield").values(kind=Kind.URL, text=path)

    async def as_before(connection: AsyncConnection) -> None:
        await connection.execute(change)

    await on.records.write(as_before)
    await on.run()
    assert set(on.vendors["shield"].texts) == {f"a-{asset}"}
    assert (await on.queue.orders())[0].is_settled


async def test_two_replays_at_once_count_each_letter_once(on: Bench) -> None:
    on.vendors["cdn"].faults = [ProviderRefused()]
    order = await on.purge(*"abc")
    await on.run()
    found = await asyncio.gather(*(on.desk.replay(by=f"ops {number}") for number in range(4)))
    assert sum(one.get(order.order, 0) for one in found) == 3
    await on.run()
    status = await on.queue.status(order.order)
    assert (status.open_count, status.is_settled) == (0, True)


async def test_many_appends_at_once_make_one_chain(on: Bench) -> None:
    await asyncio.gather(*(on.purge(f"x{number}") for number in range(30)))
    assert await on.audit.verify() == 30
    numbers = [entry.seq async for entry in on.audit.entries()]
    assert numbers == list(range(1, 31))


async def test_an_outer_cache_that_went_ahead_is_not_accepted_until_it_was_purged_again(
    on: Bench,
) -> None:
    order = await on.purge("a")
    on.vendors["shield"].faults = [ProviderRefused()]
    await on.run()
    await on.desk.replay(by="ops")
    assert await on.step("shield") == 0.0
    status = await on.queue.status(order.order)
    outer = {part.provider: part for part in status.progress}["cdn"]
    assert (outer.accepted_at_s, outer.settled_at_s) == (None, None)
    assert not status.is_accepted


async def test_a_very_large_order_is_forgotten_a_piece_at_a_time(
    on: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("purge.queue.FORGET_AT_ONCE", 3)
    await on.purge(*"abcd")
    await on.run()
    on.clock.pass_by(on.queue.terms.keep_s + 1.0)
    left = []
    while await on.queue.forget():
        left.append((await on.records.rows(select(func.count()).select_from(rows)))[0]["count_1"])
    assert left == [4, 0]
    assert await on.queue.orders() == []


async def test_a_clock_that_goes_forward_makes_no_dead_letter_of_what_was_tried_once(
    on: Bench,
) -> None:
    order = await on.purge("a")
    on.clock.pass_by(1.0)
    on.vendors["shield"].faults = [ProviderUnavailable(), ProviderUnavailable()]
    await on.step("shield")
    on.clock.jump(2 * on.queue.terms.give_up_s)
    await on.step("shield")
    assert not on.vendors["shield"].faults
    assert (await states(on, order.order))["shield"] is State.FAILED
