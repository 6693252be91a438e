"""QuotaRecords: what is stored, how large, and what was not used for longest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.records import Database, SqlRecords
from origin.ports import Usage
from origin.values import MasterName
from tests.contract.samples import (
    ASSET,
    ENGINE,
    TENANT,
    derivative,
    derivative_name,
    named,
    with_photo,
)

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("records_kind", ["SQLite", "PostgreSQL"], indirect=True),
]
MASTER = MasterName("acme", ASSET, ENGINE, 640)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def records(database: Database, clock: Clock) -> SqlRecords:
    return SqlRecords(database, now=clock)


@pytest.fixture
async def store(disk: Disk, records: SqlRecords, clock: Clock) -> StoredDerivatives:
    return StoredDerivatives(FileObjects(disk), records, now=clock, clock_s=lambda: 0.0)


async def test_nothing_stored_is_no_usage(records: SqlRecords) -> None:
    await with_photo(records)
    assert await records.usage() == {}


async def test_usage_is_the_sum_of_previews_and_masters_of_each_shop(
    records: SqlRecords, store: StoredDerivatives
) -> None:
    await with_photo(records)
    await with_photo(records, named("c", tenant="shop"))
    await store.put(derivative_name("w_1.jpg"), derivative(b"12345"))
    await store.put(derivative_name("w_2.jpg"), derivative(b"123"))
    await records.touch_masters({MASTER: (100, 1)})
    other = MasterName("shop", named("c").asset, ENGINE, 640)
    await records.touch_masters({other: (7, 1)})
    assert await records.usage() == {"acme": Usage(2, 8, 1, 100), "shop": Usage(0, 0, 1, 7)}
    assert (await records.usage())["acme"].total_bytes == 108


async def test_a_quota_is_set_and_taken_back_and_moves_the_epoch(records: SqlRecords) -> None:
    await records.add_tenant(replace(TENANT, quota_bytes=5))
    stored = await records.tenant("acme")
    assert stored is not None
    assert stored.quota_bytes == 5
    before = await records.epoch()
    for quota_bytes in (20_000_000_000, 0, None):
        assert await records.set_quota("acme", quota_bytes)
        stored = await records.tenant("acme")
        assert stored is not None
        assert stored.quota_bytes == quota_bytes
    assert await records.epoch() == before + 3
    assert not await records.set_quota("nobody", 1)


async def test_a_master_is_counted_once_and_its_last_use_moves(records: SqlRecords) -> None:
    await with_photo(records)
    assert await records.touch_masters({MASTER: (100, 10)}) == set()
    assert await records.touch_masters({MASTER: (100, 20)}) == set()
    assert await records.masters_of("acme", ASSET) == [MASTER]
    (one,) = await records.least_recently_used("acme", before_s=21, limit=9)
    assert (one.name, one.size_bytes, one.last_used_s, one.is_master) == (
        MASTER.name,
        100,
        20,
        True,
    )


async def test_masters_of_unknown_and_erased_photos_are_not_counted(records: SqlRecords) -> None:
    await with_photo(records)
    unknown = MasterName("acme", "z" * 51 + "a", ENGINE, 640)
    await records.touch_masters({unknown: (100, 10), MASTER: (100, 10)})
    await records.mark_erased("acme", ASSET)
    assert await records.usage() == {}
    await records.touch_masters({MASTER: (100, 10)})
    assert await records.usage() == {}


async def test_the_longest_unused_comes_first_whatever_it_is(
    records: SqlRecords, store: StoredDerivatives, clock: Clock
) -> None:
    await with_photo(records)
    began_s = clock.now_s
    for step, leaf in enumerate(("w_1.jpg", "w_2.jpg", "w_3.jpg")):
        clock.now_s = began_s + 10 * step
        await store.put(derivative_name(leaf), derivative())
    await records.touch_masters({MASTER: (100, began_s + 15)})
    found = await records.least_recently_used("acme", before_s=began_s + 20, limit=9)
    assert [one.last_used_s - began_s for one in found] == [0, 10, 15]
    assert [one.is_master for one in found] == [False, False, True]
    assert found[0].name == derivative_name("w_1.jpg").object_name
    assert await records.least_recently_used("acme", before_s=began_s + 20, limit=2) == found[:2]
    assert await records.least_recently_used("other", before_s=began_s + 99, limit=2) == []


async def test_a_read_moves_a_preview_and_its_photo_to_the_end_of_the_line(
    records: SqlRecords, store: StoredDerivatives, clock: Clock
) -> None:
    await with_photo(records)
    for leaf in ("w_1.jpg", "w_2.jpg"):
        await store.put(derivative_name(leaf), derivative())
    clock.now_s += 500
    await store.get(derivative_name("w_1.jpg"), generation=0)
    await store.flush()
    found = await records.least_recently_used("acme", before_s=clock.now_s + 1, limit=9)
    assert [one.name for one in found] == [
        derivative_name(leaf).object_name for leaf in ("w_2.jpg", "w_1.jpg")
    ]


async def test_what_was_used_since_it_was_chosen_is_not_forgotten(
    records: SqlRecords, store: StoredDerivatives, clock: Clock
) -> None:
    await with_photo(records)
    names = [derivative_name("w_1.jpg"), derivative_name("w_2.jpg")]
    for name in names:
        await store.put(name, derivative())
    await records.touch_masters({MASTER: (100, clock.now_s)})
    chosen = await records.least_recently_used("acme", before_s=clock.now_s + 1, limit=9)
    clock.now_s += 5
    await records.touch_derivatives({names[0].key: clock.now_s})
    gone = await records.forget(chosen)
    assert {one.name for one in gone} == {names[1].object_name, MASTER.name}
    assert await records.usage() == {"acme": Usage(1, len(derivative().content), 0, 0)}
    assert await records.forget(chosen) == []


async def test_the_mark_of_a_damaged_source_goes_when_the_photo_comes_again(
    records: SqlRecords,
) -> None:
    photo = await with_photo(records)
    await records.mark_source("acme", ASSET, damaged_at_s=77)
    marked = await records.asset("acme", ASSET)
    assert marked is not None
    assert marked.source_damaged_at_s == 77
    assert await with_photo(records, photo) == photo
    assert await records.asset("acme", ASSET) == photo


async def test_living_photos_are_counted_by_shop(records: SqlRecords) -> None:
    await with_photo(records)
    await with_photo(records, named("c"))
    await with_photo(records, named("d"))
    await records.mark_erased("acme", ASSET)
    assert await records.photo_counts() == {"acme": 2}


async def test_the_newest_photos_come_first_and_erased_ones_not_at_all(
    records: SqlRecords,
) -> None:
    for number, letter in enumerate("bcde"):
        await with_photo(records, named(letter, created_at_s=100 + number))
    await records.mark_erased("acme", named("d").asset)
    found = await records.taken_in_since(101, limit=9)
    assert [photo.asset[0] for photo in found] == ["e", "c"]
    assert len(await records.taken_in_since(0, limit=1)) == 1
