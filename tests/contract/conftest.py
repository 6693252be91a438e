"""Each port's suite runs on every adapter of that port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.host_locks import FileLocks
from origin.adapters.memory import (
    MemoryDerivatives,
    MemoryLocks,
    MemoryObjects,
    MemoryRecords,
    MemorySources,
)
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.ports import DerivativeStore, HostLocks, ObjectStore, SourceStore

Records = SqlRecords | MemoryRecords
NOW_S = 1_800_000_000.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["files and SQLite", "memory"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def is_memory(kind: str) -> bool:
    return kind == "memory"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "objects")
    yield disk
    disk.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    upgrade(url)
    database = Database(url, busy_timeout_s=0.2)
    yield database
    await database.close()


@pytest.fixture
def objects(disk: Disk, *, is_memory: bool) -> ObjectStore:
    return MemoryObjects() if is_memory else FileObjects(disk)


@pytest.fixture
def sources(disk: Disk, tmp_path: Path, *, is_memory: bool) -> SourceStore:
    return MemorySources(tmp_path) if is_memory else FileSources(disk)


@pytest.fixture
async def records(database: Database, *, is_memory: bool) -> Records:
    now = lambda: NOW_S  # noqa: E731 (a clock that stands)
    return MemoryRecords(now=now) if is_memory else SqlRecords(database, now=now)


@pytest.fixture
async def derivatives(disk: Disk, records: Records) -> DerivativeStore:
    if isinstance(records, MemoryRecords):
        return MemoryDerivatives(records)
    return StoredDerivatives(FileObjects(disk), records)


@pytest.fixture
def locks(tmp_path: Path, *, is_memory: bool) -> Iterator[HostLocks]:
    files = FileLocks(tmp_path / "locks")
    yield MemoryLocks() if is_memory else files
    files.close()
