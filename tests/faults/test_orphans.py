"""Sources without a record: what an upload leaves that was cut off before its last step."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.orphans import AGE_S, sweep
from origin.adapters.records import SqlRecords
from tests.contract.samples import ASSET, PHOTOGRAPH, named, with_photo

pytestmark = pytest.mark.anyio
ORPHAN = "o" * 51 + "a"


@pytest.fixture
def sources(disk: Disk) -> FileSources:
    return FileSources(disk)


@pytest.fixture
def objects(disk: Disk) -> FileObjects:
    return FileObjects(disk)


async def keep(sources: FileSources, asset: str, tenant: str = "acme") -> None:
    async with sources.receive() as path:
        path.write_bytes(b"photo")
        await sources.adopt(tenant, asset, path)


def age(root: Path, asset: str, tenant: str = "acme") -> Path:
    path = root / tenant / "sources" / asset
    then_s = time.time() - AGE_S - 1
    os.utime(path, (then_s, then_s))
    return path


def left_in_scratch(root: Path) -> list[Path]:
    return list(root.glob(".tmp/*/*"))


async def test_an_old_source_without_a_record_goes_with_its_masters(
    root: Path, sources: FileSources, objects: FileObjects, records: SqlRecords
) -> None:
    await with_photo(records)
    for asset in (ASSET, ORPHAN):
        await keep(sources, asset)
        await objects.put(f"acme/masters/{asset}/engine/640", b"master")
    recorded, orphan = age(root, ASSET), age(root, ORPHAN)
    assert await sweep(sources, objects, records) == 1
    assert (recorded.exists(), orphan.exists()) == (True, False)
    assert await objects.get(f"acme/masters/{ASSET}/engine/640") == b"master"
    assert await objects.get(f"acme/masters/{ORPHAN}/engine/640") is None
    assert await sweep(sources, objects, records) == 0


async def test_a_source_of_an_upload_under_way_stays(
    root: Path, sources: FileSources, objects: FileObjects, records: SqlRecords
) -> None:
    await with_photo(records)
    await keep(sources, ORPHAN)
    assert await sweep(sources, objects, records) == 0
    assert (root / "acme/sources" / ORPHAN).exists()


async def test_an_orphan_that_is_uploaded_again_is_young_again(
    root: Path, sources: FileSources, objects: FileObjects, records: SqlRecords
) -> None:
    await with_photo(records)
    await keep(sources, ORPHAN)
    path = age(root, ORPHAN)
    await keep(sources, ORPHAN)
    assert not await sources.delete_older_than("acme", ORPHAN, AGE_S)
    assert await sweep(sources, objects, records) == 0
    assert path.read_bytes() == b"photo"


async def test_a_source_that_is_taken_in_after_the_look_at_its_age_is_put_back(
    root: Path, sources: FileSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(sources, ORPHAN)
    path, rename = age(root, ORPHAN), Path.rename

    def rename_after_an_upload(self: Path, target: Path) -> Path:
        os.utime(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_after_an_upload)
    assert not await sources.delete_older_than("acme", ORPHAN, AGE_S)
    assert path.read_bytes() == b"photo"
    assert left_in_scratch(root) == []


async def test_shops_that_the_records_do_not_know_are_left_alone(
    root: Path, sources: FileSources, objects: FileObjects, records: SqlRecords
) -> None:
    await keep(sources, ORPHAN, "lost")
    path = age(root, ORPHAN, "lost")
    assert await sweep(sources, objects, records) == 0
    assert path.exists()


async def test_what_came_after_an_erase_goes_at_once_and_living_photos_keep_all(
    root: Path, sources: FileSources, objects: FileObjects, records: SqlRecords
) -> None:
    await with_photo(records)
    await with_photo(records, named("e"))
    for asset in (ASSET, named("e").asset):
        await keep(sources, asset)
        await objects.put(f"acme/masters/{asset}/engine/640", b"master")
        await objects.put(f"acme/derivatives/{asset}/key.jpg", b"preview")
    await records.mark_erased("acme", named("e").asset)
    assert await sweep(sources, objects, records) == 1
    assert not list((root / "acme").glob(f"*/{named('e').asset}"))
    assert len(list((root / "acme").glob(f"*/{ASSET}"))) == 3
    assert await sweep(sources, objects, records) == 0


async def test_masters_and_previews_of_nobody_go_and_those_of_an_upload_under_way_stay(
    root: Path, sources: FileSources, objects: FileObjects, records: SqlRecords
) -> None:
    await with_photo(records)
    await keep(sources, ORPHAN)
    for asset in (ORPHAN, "n" * 51 + "a"):
        await objects.put(f"acme/masters/{asset}/engine/640", b"master")
    await objects.put(f"acme/derivatives/{'n' * 51}a/key.jpg", b"preview")
    assert await sweep(sources, objects, records) == 1
    assert not list((root / "acme").glob(f"*/{'n' * 51}a"))
    assert len(list((root / "acme").glob(f"*/{ORPHAN}"))) == 2


async def test_more_records_than_one_page_are_all_compared(
    root: Path,
    sources: FileSources,
    objects: FileObjects,
    records: SqlRecords,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("origin.adapters.orphans.PAGE", 2)
    for letter in "abcde":
        photo = replace(PHOTOGRAPH, asset=letter * 51 + "a", content=f"{ord(letter):064x}")
        await with_photo(records, photo)
        await keep(sources, photo.asset)
        age(root, photo.asset)
    assert await sweep(sources, objects, records) == 0
