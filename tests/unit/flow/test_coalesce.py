"""One run per name at a time, whoever waits or goes away."""

from __future__ import annotations

import asyncio

import pytest

from origin.adapters.memory import MemoryLocks
from origin.errors import RenderFailed
from origin.flow.coalesce import Coalescer


async def nothing() -> bytes | None:
    return None


def test_followers_share_the_leaders_result() -> None:
    runs = 0

    async def work() -> bytes:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0.01)
        return b"picture"

    async def play() -> list[bytes]:
        coalescer: Coalescer[bytes] = Coalescer(MemoryLocks())
        return await asyncio.gather(*(coalescer.run("k", nothing, work) for _ in range(50)))

    assert asyncio.run(play()) == [b"picture"] * 50
    assert runs == 1


def test_what_another_process_stored_is_not_made_again() -> None:
    async def stored() -> bytes | None:
        return b"stored"

    async def work() -> bytes:
        raise AssertionError("there was nothing to do")

    async def play() -> bytes:
        coalescer: Coalescer[bytes] = Coalescer(MemoryLocks())
        return await coalescer.run("k", stored, work)

    assert asyncio.run(play()) == b"stored"


def test_a_leader_that_goes_away_does_not_take_its_followers_along() -> None:
    async def play() -> bytes:
        coalescer: Coalescer[bytes] = Coalescer(MemoryLocks())
        begun = asyncio.Event()

        async def work() -> bytes:
            begun.set()
            await asyncio.sleep(0.02)
            return b"picture"

        leader = asyncio.create_task(coalescer.run("k", nothing, work))
        await begun.wait()
        follower = asyncio.create_task(coalescer.run("k", nothing, work))
        await asyncio.sleep(0)
        leader.cancel()
        return await follower

    assert asyncio.run(play()) == b"picture"


def test_a_failure_reaches_every_waiter_and_is_not_remembered() -> None:
    attempts = 0

    async def work() -> bytes:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(0.01)
        if attempts == 1:
            raise RenderFailed("render.crashed")
        return b"picture"

    async def play() -> tuple[list[bytes | BaseException], bytes, int]:
        coalescer: Coalescer[bytes] = Coalescer(MemoryLocks())
        first = await asyncio.gather(
            *(coalescer.run("k", nothing, work) for _ in range(3)), return_exceptions=True
        )
        return first, await coalescer.run("k", nothing, work), len(coalescer)

    first, second, left = asyncio.run(play())
    assert all(isinstance(result, RenderFailed) for result in first)
    assert second == b"picture"
    assert left == 0


def test_finish_waits_for_what_is_under_way_but_not_for_ever() -> None:
    async def play() -> bool:
        coalescer: Coalescer[bytes] = Coalescer(MemoryLocks())

        async def work() -> bytes:
            await asyncio.sleep(30)
            return b""

        task = asyncio.create_task(coalescer.run("k", nothing, work))
        await asyncio.sleep(0.01)
        await coalescer.finish(0.01)
        running = len(coalescer) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return running

    assert asyncio.run(play()) is True
