"""Files of prints that no living print has: the sweep for orphans removes them, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.orphans import sweep
from origin.adapters.records import SqlRecords
from tests.contract.samples import ASSET, a_print, with_photo

pytestmark = pytest.mark.anyio
PARTS = ("recipe.json", "file", "checks.json")


def name(letter: str) -> str:
    return letter * 51 + "a"


async def ordered(records: SqlRecords, letter: str) -> None:
    await records.add_print(a_print(letter), owner=None, request=None)


async def stored(objects: FileObjects, letter: str, tenant: str = "acme") -> None:
    for part in PARTS:
        await objects.put(f"{tenant}/prints/{name(letter)}/{part}", b"a caption")


def left(root: Path) -> set[str]:
    """Return the prints that have files, by their first letters."""
    return {path.parent.name[0] for path in root.glob("*/prints/*/*")}


async def test_files_without_a_living_print_go_and_a_print_under_way_keeps_its_own(
    root: Path, disk: Disk, records: SqlRecords
) -> None:
    """A print has its record before its first file, so a folder without one is never too young."""
    objects = FileObjects(disk)
    await with_photo(records)
    await ordered(records, "w")
    for letter in "wn":
        await stored(objects, letter)
    assert await sweep(FileSources(disk), objects, records) == 1
    assert left(root) == {"w"}
    assert await objects.get(f"acme/prints/{name('w')}/file") == b"a caption"


async def test_what_was_written_after_an_erase_goes_and_other_shops_are_left_alone(
    root: Path, disk: Disk, records: SqlRecords
) -> None:
    objects = FileObjects(disk)
    await with_photo(records)
    await ordered(records, "e")
    await records.mark_erased("acme", ASSET)
    await stored(objects, "e")
    await stored(objects, "o", tenant="other")
    await sweep(FileSources(disk), objects, records)
    assert left(root) == {"o"}
    assert await sweep(FileSources(disk), objects, records) == 0, "nothing is left to remove"
