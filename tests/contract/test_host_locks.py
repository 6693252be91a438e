"""HostLocks."""

from __future__ import annotations

import asyncio

import pytest

from origin.ports import HostLocks

pytestmark = pytest.mark.anyio


async def test_one_name_is_held_by_one_at_a_time(locks: HostLocks) -> None:
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with locks.hold("key"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (inside, most) == (0, 1)


async def test_two_names_do_not_wait_for_each_other(locks: HostLocks) -> None:
    async with asyncio.timeout(5), locks.hold("one"), locks.hold("other"):
        pass


async def test_a_lock_is_free_after_an_error_inside(locks: HostLocks) -> None:
    with pytest.raises(ZeroDivisionError):
        async with locks.hold("key"):
            raise ZeroDivisionError
    async with asyncio.timeout(5), locks.hold("key"):
        pass


async def test_a_waiter_that_is_cancelled_leaves_the_lock_alone(locks: HostLocks) -> None:
    async def wait() -> None:
        async with locks.hold("key"):
            pass

    async with locks.hold("key"):
        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0.01)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
    async with asyncio.timeout(5), locks.hold("key"):
        pass


async def test_a_name_is_held_while_somebody_has_it_and_asking_takes_nothing(
    locks: HostLocks,
) -> None:
    assert not locks.is_held("key")
    async with locks.hold("key"):
        assert locks.is_held("key")
        assert not locks.is_held("other")
    assert not locks.is_held("key")
    async with asyncio.timeout(5), locks.hold("key"):
        pass
