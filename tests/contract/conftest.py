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
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.bucket import Bucket
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.sources import S3Sources
from origin.adapters.stores import KeptObjects
from origin.ports import DerivativeStore, HostLocks, ObjectStore, SourceStore

Records = SqlRecords | MemoryRecords
NOW_S = 1_800_000_000.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def bucket(s3_store: S3Address) -> AsyncIterator[Bucket]:
    async with open_bucket(s3_store, S3Limits()) as bucket:
        yield bucket


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "objects")
    yield disk
    disk.close()


@pytest.fixture(params=["SQLite", "PostgreSQL", "records in memory"])
def records_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def records_url(records_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Migrated records, empty; memory has no use for them."""
    if records_kind == "PostgreSQL":
        return str(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    if records_kind == "SQLite":
        upgrade(url)
    return url


@pytest.fixture
async def database(records_url: str) -> AsyncIterator[Database]:
    database = Database(records_url, busy_timeout_s=0.2)
    yield database
    await database.close()


@pytest.fixture(params=["files", "bucket", "memory"])
def objects(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjects()
    return kept_objects(request)


def kept_objects(request: pytest.FixtureRequest) -> KeptObjects:
    """Return objects in a folder or in a bucket, as the parameter of the fixture says."""
    if request.param == "bucket":
        return S3Objects(request.getfixturevalue("bucket"))
    return FileObjects(request.getfixturevalue("disk"))


@pytest.fixture(params=["files", "bucket", "memory"])
def sources(request: pytest.FixtureRequest, disk: Disk, tmp_path: Path) -> SourceStore:
    if request.param == "memory":
        return MemorySources(tmp_path)
    if request.param == "bucket":
        bucket = request.getfixturevalue("bucket")
        return S3Sources(bucket, disk, copies_bytes=1_000_000)
    return FileSources(disk)


@pytest.fixture
async def records(records_kind: str, database: Database) -> Records:
    now = lambda: NOW_S  # noqa: E731 (a clock that stands)
    is_memory = records_kind == "records in memory"
    return MemoryRecords(now=now) if is_memory else SqlRecords(database, now=now)


@pytest.fixture(params=["files", "bucket"])
def derivatives(request: pytest.FixtureRequest, records: Records) -> DerivativeStore:
    if isinstance(records, MemoryRecords):
        return MemoryDerivatives(records)
    return StoredDerivatives(kept_objects(request), records)


@pytest.fixture(params=["files", "memory"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HostLocks]:
    files = FileLocks(tmp_path / "locks")
    yield MemoryLocks() if request.param == "memory" else files
    files.close()
