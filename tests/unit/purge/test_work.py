"""The worker's loops go on through what goes wrong in them, and stop when they are told to."""

from __future__ import annotations

import asyncio

import pytest

from purge.queue import Terms
from purge.values import Acceptance, Batch, OrderStatus
from purge.work import run_worker
from tests.unit.purge.bench import Bench, Vendor, bench

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def settled(on: Bench, order: str) -> OrderStatus:
    """Let time pass until an order is settled."""
    async with asyncio.timeout(60.0):
        while not (status := await on.queue.status(order)).is_settled:
            await asyncio.sleep(0.01)
            on.clock.pass_by(1.0)
    return status


async def test_a_worker_sends_what_is_ordered_and_ends_when_it_is_told_to() -> None:
    async with bench(lambda clock: Vendor("cdn", clock), terms=Terms(pack_targets=4)) as on:
        stop = asyncio.Event()
        running = asyncio.create_task(run_worker(on.worker, stop))
        order = await on.purge(*(f"x{number}" for number in range(10)))
        assert (await settled(on, order.order)).dead_count == 0
        assert set(on.vendors["cdn"].texts.values()) == {2}
        stop.set()
        await running


async def test_a_bug_in_a_step_or_a_provider_does_not_end_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bugs = [KeyError("a bug"), ZeroDivisionError("another one")]

    class Clumsy(Vendor):
        async def send(self, batch: Batch) -> Acceptance:
            if bugs:
                raise bugs.pop()
            return await super().send(batch)

    async with bench(lambda clock: Clumsy("cdn", clock)) as on:
        monkeypatch.setattr("purge.work.RECORDS_AWAY_S", 0.01)
        spread, falls = on.queue.spread, [TypeError("a bug of ours")]

        async def stumble() -> bool:
            if falls:
                raise falls.pop()
            return await spread()

        monkeypatch.setattr(on.queue, "spread", stumble)
        stop = asyncio.Event()
        running = asyncio.create_task(run_worker(on.worker, stop))
        order = await on.purge("a")
        assert (await settled(on, order.order)).dead_count == 0
        assert not bugs
        assert not falls
        stop.set()
        await running
