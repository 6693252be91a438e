"""What the fault tests break."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from origin.adapters.disk import Disk
from origin.adapters.records import Database, SqlRecords, upgrade


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The server's loop; the contract suites run on the plain one."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def disk(root: Path) -> Iterator[Disk]:
    disk = Disk(root)
    yield disk
    disk.close()


@pytest.fixture
def records_path(tmp_path: Path) -> Path:
    return tmp_path / "records" / "records.sqlite3"


@pytest.fixture
def records_url(records_path: Path) -> str:
    url = f"sqlite:///{records_path}"
    upgrade(url)
    return url


@pytest.fixture
async def database(records_url: str) -> AsyncIterator[Database]:
    database = Database(records_url, busy_timeout_s=0.2)
    yield database
    await database.close()


@pytest.fixture
async def records(database: Database) -> SqlRecords:
    return SqlRecords(database)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB that really fills up."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets no test mount a small tmpfs")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)
