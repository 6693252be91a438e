"""Decoded levels in memory: bounded, sealed, gone with their epoch or after a while."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from origin.adapters.decoded import KEPT_S, MemoryLevels
from origin.values import Pixels

SIDES = (100, 50)
BYTES = 15_000


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def filled(levels: MemoryLevels, name: str, epoch: int = 1) -> Pixels:
    pixels = levels.room(SIDES)
    assert pixels is not None
    os.pwrite(pixels.file, b"\x07" * BYTES, 0)
    levels.keep(name, epoch, pixels)
    return pixels


def test_what_was_kept_is_found_and_nobody_can_change_it() -> None:
    levels = MemoryLevels(BYTES)
    filled(levels, "level")
    pixels = levels.get("level", 1)
    assert pixels is not None
    assert os.pread(pixels.file, 2, BYTES - 2) == b"\x07\x07"
    with pytest.raises(PermissionError):
        os.pwrite(pixels.file, b"no", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(pixels.file, 1)


def test_the_least_recently_used_makes_room() -> None:
    levels = MemoryLevels(2 * BYTES)
    filled(levels, "one")
    filled(levels, "two")
    assert levels.get("one", 1) is not None
    filled(levels, "three")
    assert [levels.get(name, 1) is not None for name in ("one", "two", "three")] == [
        True,
        False,
        True,
    ]
    assert levels.size_bytes == 2 * BYTES


def test_a_level_larger_than_the_memory_gets_no_room() -> None:
    assert MemoryLevels(BYTES - 1).room(SIDES) is None
    assert MemoryLevels(0).room(SIDES) is None


def test_a_later_epoch_ends_what_was_known_before() -> None:
    levels = MemoryLevels(BYTES)
    filled(levels, "level", epoch=4)
    assert levels.get("level", 5) is None
    filled(levels, "level", epoch=4)  # a render that began before the erase, and ended after it
    assert levels.get("level", 5) is None


def test_what_nobody_asks_for_leaves_the_memory() -> None:
    clock = Clock()
    levels = MemoryLevels(BYTES, clock_s=clock)
    filled(levels, "level")
    clock.now_s = KEPT_S + 1
    assert levels.get("level", 1) is None


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux' /proc")
def test_a_file_is_closed_when_its_last_user_is_done() -> None:
    levels = MemoryLevels(BYTES)
    filled(levels, "one")
    used = levels.get("one", 1)
    assert used is not None
    filled(levels, "two")
    assert os.fstat(used.file).st_size == BYTES, "evicted, and still lent"
    name = f"/proc/self/fd/{used.file}"
    inode = Path(name).stat().st_ino
    del used
    gc.collect()
    assert not Path(name).exists() or Path(name).stat().st_ino != inode
