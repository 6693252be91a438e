"""A lock whose holder dies is free."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from origin.adapters.host_locks import OFFSETS, FileLocks, offset_of
from tests.faults.programs import said, started

pytestmark = pytest.mark.anyio


async def test_a_lock_excludes_another_process_and_is_free_when_that_is_killed(
    tmp_path: Path,
) -> None:
    locks = FileLocks(tmp_path / "locks")
    with started("hold_lock", tmp_path) as holder:
        assert await asyncio.to_thread(said, holder) == "held"
        async with locks.hold("another key"):
            pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), locks.hold("key"):
                pass
        holder.kill()
        async with asyncio.timeout(5), locks.hold("key"):
            pass
    locks.close()


async def test_waiting_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path / "locks")
    with started("hold_lock", tmp_path) as holder:
        await asyncio.to_thread(said, holder)
        waiters = [asyncio.create_task(locks.hold("key").__aenter__()) for _ in range(50)]
        began, turns = time.monotonic(), 0
        while time.monotonic() - began < 0.3:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 300
        for waiter in waiters:
            waiter.cancel()
        await asyncio.wait(waiters)
    locks.close()


async def test_what_was_held_is_not_remembered(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path / "locks")
    for number in range(100):
        async with locks.hold(f"key {number}"):
            pass
    assert locks._turns == {}
    locks.close()
    locks.close()


def test_names_have_bytes_of_their_own_that_can_be_locked() -> None:
    offsets = {offset_of(f"acme/{number}") for number in range(10_000)}
    assert len(offsets) == 10_000
    assert all(0 <= offset < OFFSETS for offset in offsets)
    assert max(offsets) > 2**62
