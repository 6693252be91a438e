"""A disk that is full or away: said plainly, nothing half-written, the rest is served."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives, object_name
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.host_locks import FileLocks
from origin.adapters.records import SqlRecords
from origin.errors import StoreUnavailable
from tests.contract.samples import ASSET, derivative, derivative_name, with_photo

pytestmark = pytest.mark.anyio
NAME = "acme/masters/aaa/e/640"


def remount(mount: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(mount)], check=True)


async def keep(sources: FileSources, content: bytes) -> None:
    async with sources.receive() as path:
        path.write_bytes(content)
        await sources.adopt("acme", "aaa", path)


def rename(folder: Path, name: str) -> None:
    folder.rename(folder.with_name(name))


def readable_by_others(root: Path) -> list[Path]:
    return [path for path in (root, *root.rglob("*")) if path.stat().st_mode & 0o077]


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


async def test_a_full_disk_says_so_keeps_nothing_half_and_serves_what_it_has(
    small_disk: Path,
) -> None:
    disk = Disk(small_disk / "objects")
    objects = FileObjects(disk)
    await objects.put(NAME, b"kept")
    before = files(small_disk)
    with pytest.raises(StoreUnavailable) as caught:
        await objects.put("acme/masters/aaa/e/2560", bytes(2_000_000))
    assert (caught.value.code, caught.value.status) == ("store.full", 503)
    assert caught.value.kind.retry_after_s
    assert files(small_disk) == before
    assert await objects.get(NAME) == b"kept"
    assert await objects.put("acme/masters/bbb/e/640", b"small") == b"small"
    disk.close()


async def test_a_full_disk_refuses_an_upload_and_keeps_nothing_of_it(small_disk: Path) -> None:
    disk = Disk(small_disk / "objects")
    sources = FileSources(disk)
    with pytest.raises(OSError, match="No space left"):
        async with sources.receive() as path:
            path.write_bytes(bytes(2_000_000))
    assert files(small_disk) == []
    disk.close()


async def test_a_full_disk_at_start_is_a_clear_error(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(2**20))
    with pytest.raises(StoreUnavailable) as caught:
        Disk(small_disk / "objects")
    assert caught.value.code == "store.full"
    assert str(small_disk) in caught.value.log


async def test_a_disk_that_becomes_read_only_serves_what_it_has_and_writes_again_afterwards(
    small_disk: Path, records: SqlRecords
) -> None:
    disk = Disk(small_disk / "objects")
    objects, sources = FileObjects(disk), FileSources(disk)
    derivatives = StoredDerivatives(objects, records)
    await with_photo(records)
    await derivatives.put(derivative_name(), derivative(b"kept"))
    before = files(small_disk)
    remount(small_disk, "ro")
    other = derivative_name("w_320.jpg")
    for write in (
        lambda: derivatives.put(other, derivative(b"new")),
        lambda: objects.put(NAME, b"new"),
        lambda: objects.delete(object_name(derivative_name())),
        lambda: objects.delete_prefix(f"acme/derivatives/{ASSET}/"),
        lambda: keep(sources, b"new"),
    ):
        with pytest.raises((StoreUnavailable, OSError)) as caught:
            await write()
        assert "Read-only" in str(caught.value)
    assert await derivatives.get(derivative_name(), generation=0) == derivative(b"kept")
    assert await derivatives.get(other, generation=0) is None
    remount(small_disk, "rw")
    assert files(small_disk) == before
    await derivatives.put(other, derivative(b"new"))
    await keep(sources, b"new")
    disk.close()


async def test_a_write_that_fails_in_its_middle_leaves_nothing(disk: Disk, root: Path) -> None:
    objects = FileObjects(disk)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreUnavailable) as caught:
            await objects.put(NAME, bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "store.unavailable"
    assert files(root) == []


@pytest.mark.parametrize("place", ["below a file", "where nothing can be made"])
def test_a_folder_that_cannot_be_written_is_a_clear_error_at_start(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    parent = tmp_path / "file" if place == "below a file" else Path("/proc/self")
    for start in (lambda: Disk(parent / "objects"), lambda: FileLocks(parent / "x" / "locks")):
        with pytest.raises(StoreUnavailable) as caught:
            start()
        assert caught.value.code == "store.unavailable"
        assert str(parent) in caught.value.log


async def test_a_disk_that_went_away_is_not_the_same_as_an_absent_object(
    disk: Disk, root: Path
) -> None:
    objects, sources = FileObjects(disk), FileSources(disk)
    await objects.put(NAME, b"kept")
    rename(root, "unplugged")
    with pytest.raises(StoreUnavailable):
        await objects.get(NAME)
    with pytest.raises(StoreUnavailable):
        await objects.get("acme/masters/never/e/640")
    with pytest.raises(StoreUnavailable):
        await objects.delete(NAME)
    with pytest.raises(StoreUnavailable):
        await objects.delete_prefix("acme/masters/aaa/")
    with pytest.raises(StoreUnavailable):
        async with sources.local_path("acme", "b" * 52):
            pass
    rename(root.with_name("unplugged"), root.name)
    assert await objects.get(NAME) == b"kept"


async def test_an_object_folder_that_is_removed_is_made_again(disk: Disk, root: Path) -> None:
    objects = FileObjects(disk)
    await objects.put(NAME, b"kept")
    shutil.rmtree(root / "acme")
    assert await objects.get(NAME) is None
    assert await objects.put(NAME, b"again") == b"again"


async def test_puts_and_removals_of_a_folder_at_once_end_well(disk: Disk) -> None:
    objects = FileObjects(disk)

    async def put(number: int) -> None:
        name = f"acme/masters/aaa/e/{number}"
        assert await objects.put(name, b"x") == b"x"

    async def remove() -> None:
        await objects.delete_prefix("acme/masters/aaa/")

    for start in range(0, 100, 10):
        some = (put(number) for number in range(start, start + 10))
        await asyncio.gather(*some, remove(), remove())
    await remove()
    assert files(disk.root) == []


@pytest.mark.parametrize(
    "name",
    ["../x", "acme/../../x", "/etc/passwd", "acme//x", "acme/./x", ".tmp/x", "acme/A", "", "a\0b"],
)
async def test_no_name_leads_out_of_the_folder(disk: Disk, name: str) -> None:
    objects = FileObjects(disk)
    for ask in (objects.get(name), objects.put(name, b""), objects.delete(name)):
        with pytest.raises(AssertionError, match="no object name"):
            await ask
    with pytest.raises(AssertionError, match="no object name"):
        await objects.delete_prefix(f"{name}/")


async def test_a_cancelled_put_leaves_no_scratch_and_no_half_object(disk: Disk, root: Path) -> None:
    objects = FileObjects(disk)
    for number in range(30):
        name = f"acme/masters/aaa/e/{number}"
        putting = asyncio.create_task(objects.put(name, bytes(100_000)))
        await asyncio.sleep(number / 5000)
        putting.cancel()
        await asyncio.wait([putting])
        assert not list((root / ".tmp").glob("*/*"))
        assert await objects.get(name) in (None, bytes(100_000))


async def test_what_only_the_owner_of_the_files_may_read_stays_so(disk: Disk, root: Path) -> None:
    sources = FileSources(disk)
    await FileObjects(disk).put(NAME, b"kept")
    async with sources.receive() as path:
        path.write_bytes(b"photo")
        path.chmod(0o644)
        await sources.adopt("acme", "aaa", path)
    assert readable_by_others(root) == []


async def test_a_derivative_on_a_full_disk_leaves_no_row(
    small_disk: Path, records: SqlRecords
) -> None:
    disk = Disk(small_disk / "objects")
    derivatives = StoredDerivatives(FileObjects(disk), records)
    await with_photo(records)
    with pytest.raises(StoreUnavailable, match=r"store\.full"):
        await derivatives.put(derivative_name(), derivative(bytes(2_000_000)))
    assert await derivatives.get(derivative_name(), generation=0) is None
    small = derivative(b"small")
    assert await derivatives.put(derivative_name(), small) == small
    disk.close()
