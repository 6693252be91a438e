"""Scratch files belong to a process: a start removes those of the dead and no others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from tests.faults.programs import said, started

pytestmark = pytest.mark.anyio


def scratches(root: Path) -> list[Path]:
    return list(root.glob(".tmp/*"))


async def test_a_start_leaves_the_unfinished_writes_of_living_processes(tmp_path: Path) -> None:
    root = tmp_path / "objects"
    living = Disk(root)
    scratch = living.scratch_path()
    living.write(scratch, b"half")
    Disk(root).close()
    assert scratch.read_bytes() == b"half"
    living.close()


async def test_many_starts_at_once_each_get_a_scratch_of_their_own(tmp_path: Path) -> None:
    disks = await asyncio.gather(*(asyncio.to_thread(Disk, tmp_path) for _ in range(24)))
    answers = await asyncio.gather(
        *(FileObjects(disk).put("acme/m/a/e/640", b"%d" % n) for n, disk in enumerate(disks))
    )
    assert len(set(answers)) == 1
    for disk in disks:
        disk.close()
    assert scratches(tmp_path) == []


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.close()
    disk.close()


def test_a_living_writer_in_another_process_is_not_disturbed_by_starts(tmp_path: Path) -> None:
    with started("put_sources", tmp_path) as writer:
        said(writer)
        for _ in range(30):
            Disk(tmp_path / "objects").close()
        numbers = [int(said(writer)) for _ in range(5)]
    assert numbers == sorted(numbers)


def test_a_start_removes_the_unfinished_writes_of_the_dead(tmp_path: Path) -> None:
    with started("leave_scratch", tmp_path) as writer:
        said(writer)
        assert len(list(tmp_path.glob("objects/.tmp/*/*"))) == 1
    assert len(list(tmp_path.glob("objects/.tmp/*/*"))) == 1
    Disk(tmp_path / "objects").close()
    assert scratches(tmp_path / "objects") == []
