"""kill -9 in the middle of puts: what was acknowledged is whole, the rest is whole or absent."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import time
from pathlib import Path

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.records import Database, SqlRecords, upgrade
from tests.contract.samples import ASSET, derivative_name, with_photo
from tests.faults.programs import last_words, said, started
from tests.faults.writers import content_of

KILLS = 16
SEED = 7


def test_a_killed_writer_leaves_no_torn_object_and_nothing_unfinished(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/records.sqlite3")
    asyncio.run(record_photo(tmp_path))
    chance = random.Random(SEED)
    acknowledged: set[int] = set()
    left_behind = 0
    for _ in range(KILLS // 2):
        with started("put_objects", tmp_path) as one, started("put_objects", tmp_path) as other:
            for process in (one, other):
                acknowledged.add(int(said(process)))
            time.sleep(chance.random() / 20)
            for process in (one, other):
                acknowledged.update(map(int, re.findall(r"(\d+)\n", last_words(process))))
        left_behind += len(list((tmp_path / "objects" / ".tmp").glob("*/*")))
        asyncio.run(look_at_everything(tmp_path, acknowledged))
    assert left_behind, "no kill ever hit a write: this test shows nothing"


async def record_photo(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/records.sqlite3")
    await with_photo(SqlRecords(database))
    await database.close()


async def look_at_everything(folder: Path, acknowledged: set[int]) -> None:
    damaged: list[str] = []
    disk = Disk(folder / "objects")
    assert len(list((folder / "objects" / ".tmp").iterdir())) == 1, "only our own scratch is left"
    objects, sources = FileObjects(disk, on_damage=damaged.append), FileSources(disk)
    database = Database(f"sqlite:///{folder}/records.sqlite3")
    derivatives = StoredDerivatives(objects, SqlRecords(database))
    for number in range(max(acknowledged) + 10):
        content = content_of(number)
        master = await objects.get(f"acme/masters/{number}/e/640")
        preview = await derivatives.get(derivative_name(f"w_{number}.jpg"), generation=0)
        async with sources.local_path("acme", f"{number}") as path:
            source = None if path is None else path.read_bytes()
        found = (master, preview and preview.content, source)
        assert all(one in (None, content) for one in found), "whole or absent"
        assert number not in acknowledged or None not in found, "acknowledged is stored"
    assert damaged == []
    await derivatives.close()
    await database.close()
    disk.close()
    files = {path.name for path in (folder / "objects/acme/derivatives" / ASSET).iterdir()}
    assert files == recorded(folder), "each file has its row, and each row its file"


def recorded(folder: Path) -> set[str]:
    connection = sqlite3.connect(folder / "records.sqlite3")
    rows = connection.execute("SELECT key, ext FROM derivatives").fetchall()
    connection.close()
    return {f"{key}.{ext}" for key, ext in rows}
