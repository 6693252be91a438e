"""A bounded queue before the workers."""

from __future__ import annotations

import asyncio

import pytest

from origin.errors import Overloaded
from origin.flow.admit import Admission


def test_as_many_run_as_there_are_places_and_the_rest_wait() -> None:
    async def play() -> int:
        admission = Admission(running_max=2, waiting_max=10)
        running = peak = 0

        async def work() -> None:
            nonlocal running, peak
            async with admission.place():
                running += 1
                peak = max(peak, running)
                await asyncio.sleep(0.005)
                running -= 1

        await asyncio.gather(*(work() for _ in range(8)))
        assert admission.waiting == 0
        return peak

    assert asyncio.run(play()) == 2


def test_past_the_bound_the_next_is_refused_without_waiting() -> None:
    async def play() -> str:
        admission = Admission(running_max=1, waiting_max=1)
        hold = asyncio.Event()

        async def work() -> None:
            async with admission.place():
                await hold.wait()

        tasks = [asyncio.create_task(work()) for _ in range(2)]
        await asyncio.sleep(0)
        assert admission.waiting == 1
        assert admission.oldest_wait_s >= 0
        with pytest.raises(Overloaded) as refused:
            admission.check()
        hold.set()
        await asyncio.gather(*tasks)
        admission.check()
        return refused.value.code

    assert asyncio.run(play()) == "render.queue_full"


def test_a_free_place_is_taken_even_when_nobody_may_wait() -> None:
    async def play() -> None:
        admission = Admission(running_max=1, waiting_max=1)
        async with admission.place():
            pass
        assert admission.oldest_wait_s == 0.0

    asyncio.run(play())


def test_a_closed_admission_takes_on_nothing() -> None:
    admission = Admission(running_max=1, waiting_max=1)
    assert not admission.is_closed
    admission.close()
    assert admission.is_closed
    with pytest.raises(Overloaded) as refused:
        admission.check()
    assert refused.value.code == "server.stopping"


def test_who_waits_too_long_is_refused_and_leaves_the_queue() -> None:
    async def play() -> str:
        admission = Admission(running_max=1, waiting_max=9, full_code="intake.queue_full", wait_s=0)
        async with admission.place():
            with pytest.raises(Overloaded) as refused:
                await admission.place().__aenter__()
            assert admission.waiting == 0
        async with admission.place():  # free again, and taken without a wait
            return refused.value.code

    assert asyncio.run(play()) == "intake.queue_full"
