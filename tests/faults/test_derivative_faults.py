"""The store of derivatives when its files or its records fail it halfway."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives, object_name
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.records import SqlRecords
from origin.errors import RenderFailed, StoreUnavailable
from tests.contract.samples import ASSET, derivative, derivative_name, with_photo
from tests.faults.unwell import Fault, Unwell

pytestmark = pytest.mark.anyio
NAME = derivative_name()
RECORD = frozenset({"record_derivative"})
TOUCH = frozenset({"touch_derivatives"})


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def rows(path: Path) -> list[tuple[str, int, int]]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT path, generation, last_used_s FROM derivatives ORDER BY path"
        return connection.execute(query).fetchall()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def unwell(records: SqlRecords) -> Unwell:
    return Unwell(records)


@pytest.fixture
def derivatives(disk: Disk, unwell: Unwell, clock: Clock) -> StoredDerivatives:
    return StoredDerivatives(FileObjects(disk), unwell, now=clock, clock_s=clock)  # type: ignore[arg-type]  # stands for it


@pytest.mark.parametrize("is_cut_off", [False, True], ids=["lost", "cut off after the commit"])
async def test_a_put_that_could_not_be_recorded_leaves_no_file(
    derivatives: StoredDerivatives,
    records: SqlRecords,
    unwell: Unwell,
    root: Path,
    *,
    is_cut_off: bool,
) -> None:
    await with_photo(records)
    unwell.fault = Fault(RECORD, is_lost=not is_cut_off, is_cut_off=is_cut_off)
    with pytest.raises(StoreUnavailable):
        await derivatives.put(NAME, derivative())
    assert not (root / object_name(NAME)).exists()
    assert list((root / ".tmp").glob("*/*")) == []
    unwell.fault = None
    assert await derivatives.get(NAME, generation=0) is None
    assert await derivatives.put(NAME, derivative()) == derivative()


async def test_a_purge_that_comes_while_the_bytes_are_written_wins(
    derivatives: StoredDerivatives, records: SqlRecords, unwell: Unwell, root: Path
) -> None:
    await with_photo(records)
    unwell.fault = Fault(RECORD, slow_s=0.2)
    putting = asyncio.create_task(derivatives.put(NAME, derivative()))
    await asyncio.sleep(0.05)
    await records.bump_generation("acme", ASSET)
    with pytest.raises(RenderFailed, match=r"render\.superseded"):
        await putting
    assert not (root / object_name(NAME)).exists()


async def test_purges_and_puts_at_once_never_leave_an_old_file_as_current(
    derivatives: StoredDerivatives, records: SqlRecords, disk: Disk
) -> None:
    await with_photo(records)

    async def put(number: int) -> None:
        photo = await records.asset("acme", ASSET)
        assert photo is not None
        made = derivative(b"%d" % photo.generation, generation=photo.generation)
        await asyncio.sleep(number % 7 / 1000)
        with suppress(RenderFailed):
            await derivatives.put(NAME, made)

    for _ in range(10):
        await asyncio.gather(*map(put, range(8)), records.bump_generation("acme", ASSET))
        photo = await records.asset("acme", ASSET)
        assert photo is not None
        stored = await FileObjects(disk).read(object_name(NAME))
        assert stored is None or stored[0] == b"%d" % stored[1].generation
        found = await derivatives.get(NAME, generation=photo.generation)
        assert found is None or found.content == b"%d" % photo.generation


async def test_a_cancelled_put_is_whole_or_absent(
    derivatives: StoredDerivatives, records: SqlRecords, records_path: Path, root: Path
) -> None:
    await with_photo(records)
    for number in range(40):
        name = derivative_name(f"w_{number}.jpg")
        putting = asyncio.create_task(derivatives.put(name, derivative()))
        await asyncio.sleep(number / 8000)
        putting.cancel()
        await asyncio.wait([putting])
        assert await derivatives.get(name, generation=0) in (None, derivative())
    assert list((root / ".tmp").glob("*/*")) == []
    await derivatives.flush()
    files = {path.name for path in (root / "acme/derivatives" / ASSET).glob("*")}
    with closing(sqlite3.connect(records_path)) as connection:
        known = {f"{key}.jpg" for (key,) in connection.execute("SELECT key FROM derivatives")}
    assert files <= known, "each file has its row"


async def test_a_damaged_derivative_is_made_again(
    derivatives: StoredDerivatives, records: SqlRecords, root: Path
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative(b"first"))
    path = root / object_name(NAME)
    path.write_bytes(path.read_bytes().replace(b"first", b"firsT"))
    assert await derivatives.get(NAME, generation=0) is None
    assert await derivatives.put(NAME, derivative(b"again")) == derivative(b"again")
    assert await derivatives.get(NAME, generation=0) == derivative(b"again")


async def test_use_is_noted_in_batches_and_not_on_the_way_of_a_read(
    derivatives: StoredDerivatives,
    records: SqlRecords,
    records_path: Path,
    unwell: Unwell,
    clock: Clock,
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative())
    stored_at_s = rows(records_path)[0][2]
    unwell.fault = Fault(TOUCH, is_lost=True)
    clock.now_s += 3600
    assert await derivatives.get(NAME, generation=0) == derivative()
    await asyncio.sleep(0.05)
    assert rows(records_path) == [(NAME.path, 0, stored_at_s)], (
        "the flush failed and nobody felt it"
    )
    unwell.fault = None
    clock.now_s += 30
    assert await derivatives.get(NAME, generation=0) == derivative()
    await asyncio.sleep(0.05)
    assert rows(records_path) == [(NAME.path, 0, stored_at_s)], "a minute has not passed"
    await derivatives.close()
    assert rows(records_path) == [(NAME.path, 0, int(clock.now_s))]


async def test_a_file_whose_row_was_lost_in_a_crash_gets_it_back_when_it_is_used(
    derivatives: StoredDerivatives, records: SqlRecords, records_path: Path
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative())
    with closing(sqlite3.connect(records_path)) as connection, connection:
        connection.execute("DELETE FROM derivatives")
    await derivatives.get(NAME, generation=0)
    await derivatives.flush()
    assert [row[:2] for row in rows(records_path)] == [(NAME.path, 0)]


async def test_a_file_that_a_crash_left_of_an_erased_photo_is_removed_when_it_is_found(
    derivatives: StoredDerivatives, records: SqlRecords, root: Path
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative())
    await records.mark_erased("acme", ASSET)
    await derivatives.get(NAME, generation=0)
    await derivatives.flush()
    assert not (root / object_name(NAME)).exists()
