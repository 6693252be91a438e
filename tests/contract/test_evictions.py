"""A shop over its quota loses what it used least lately, nothing new, and nothing in half."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from origin.adapters.counted_masters import CountedMasters
from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.memory import MemoryLocks
from origin.adapters.records import Database, SqlRecords
from origin.errors import RenderFailed, StoreUnavailable
from origin.flow.evict import Evictor, QuotaLimits
from origin.values import DerivativeName, MasterName
from tests.contract.samples import ASSET, ENGINE, derivative, derivative_name, named, with_photo
from tests.faults.unwell import Fault, Unwell

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("records_kind", ["SQLite", "PostgreSQL"], indirect=True),
]
GRACE_S = 600
SIZE = 1_000
CONTENT = b"x" * SIZE


class Shop:
    """One shop's store under a clock that tests move; last uses are written when they say so."""

    def __init__(self, disk: Disk, database: Database) -> None:
        self.now_s = 1_800_000_000.0
        self.objects = FileObjects(disk)
        self.root = disk.root
        self.records = SqlRecords(database, now=self.now)
        self.store = StoredDerivatives(
            self.objects, self.records, now=self.now, clock_s=lambda: 0.0
        )
        self.masters = CountedMasters(self.objects, self.records, now=self.now, clock_s=lambda: 0.0)

    def now(self) -> float:
        return self.now_s

    def evictor(self, quota_bytes: int = 0, objects: object = None) -> Evictor:
        return Evictor(
            self.records,
            objects or self.objects,  # type: ignore[arg-type]  # stands for it
            MemoryLocks(),
            limits=QuotaLimits(quota_bytes, GRACE_S),
            now=self.now,
        )

    async def fill(self, count: int, *, every_s: float = 10) -> list[DerivativeName]:
        """Store so many previews of SIZE bytes, each later than the one before it."""
        names = [derivative_name(f"w_{number}.jpg") for number in range(count)]
        for name in names:
            await self.store.put(name, derivative(CONTENT))
            self.now_s += every_s
        return names

    def is_there(self, name: DerivativeName) -> bool:
        return (self.root / name.object_name).exists()


@pytest.fixture
async def database(records_url: str) -> AsyncIterator[Database]:
    """One that waits long for its turn: here many ask at once."""
    database = Database(records_url, busy_timeout_s=30)
    yield database
    await database.close()


@pytest.fixture
async def shop(disk: Disk, database: Database) -> Shop:
    shop = Shop(disk, database)
    await with_photo(shop.records)
    return shop


async def test_over_the_quota_the_longest_unused_go_and_a_tenth_is_left_free(shop: Shop) -> None:
    names = await shop.fill(20)
    shop.now_s += GRACE_S
    evicted = await shop.evictor(15 * SIZE).look()
    assert {one.name for one in evicted.objects} == {name.object_name for name in names[:7]}
    assert [shop.is_there(name) for name in names] == [False] * 7 + [True] * 13
    assert (evicted.stored_bytes, list(evicted.over)) == (13 * SIZE, [])
    assert (await shop.records.usage())["acme"].total_bytes == 13 * SIZE
    again = await shop.evictor(15 * SIZE).look()
    assert again.objects == []


async def test_what_was_evicted_is_absent_and_can_be_stored_again(shop: Shop) -> None:
    names = await shop.fill(3)
    shop.now_s += GRACE_S
    await shop.evictor(2 * SIZE).look()
    assert await shop.store.get(names[0], generation=0) is None
    await shop.store.put(names[0], derivative(CONTENT))
    assert await shop.store.get(names[0], generation=0) == derivative(CONTENT)


async def test_masters_and_previews_stand_in_one_line(shop: Shop) -> None:
    names = await shop.fill(2)
    old = MasterName("acme", ASSET, "v1-old", 2560)
    new = MasterName("acme", ASSET, ENGINE, 2560)
    await shop.masters.put(new.name, CONTENT)
    shop.now_s -= 3600
    await shop.masters.put(old.name, CONTENT)
    shop.now_s += 3600 + GRACE_S
    await shop.masters.flush()
    evicted = await shop.evictor(3 * SIZE).look()
    assert {one.name for one in evicted.objects} == {old.name, names[0].object_name}
    assert await shop.objects.get(old.name) is None
    assert await shop.masters.get(new.name) == CONTENT


async def test_a_use_saves_a_preview_from_the_next_round(shop: Shop) -> None:
    names = await shop.fill(4)
    shop.now_s += GRACE_S
    await shop.store.get(names[0], generation=0)
    await shop.store.flush()
    shop.now_s += GRACE_S + 1
    await shop.evictor(4 * SIZE - 1).look()
    assert shop.is_there(names[0])
    assert not shop.is_there(names[1])


async def test_what_is_newer_than_the_grace_stays_and_the_shop_is_named(shop: Shop) -> None:
    names = await shop.fill(6, every_s=0)
    evicted = await shop.evictor(2 * SIZE).look()
    assert (evicted.objects, list(evicted.over)) == ([], ["acme"])
    assert all(shop.is_there(name) for name in names)


@pytest.mark.parametrize(("default", "own"), [(0, None), (1, 0)])
async def test_no_quota_evicts_nothing(shop: Shop, default: int, own: int | None) -> None:
    names = await shop.fill(3)
    await shop.records.set_quota("acme", own)
    shop.now_s += GRACE_S
    assert (await shop.evictor(default).look()).objects == []
    assert all(shop.is_there(name) for name in names)


async def test_a_quota_of_a_shop_s_own_goes_before_the_default(shop: Shop) -> None:
    await with_photo(shop.records, named("c", tenant="other"))
    await shop.fill(4)
    shop.now_s += GRACE_S
    await shop.records.set_quota("acme", 2 * SIZE)
    await shop.evictor(100 * SIZE).look()
    assert (await shop.records.usage())["acme"].total_bytes == SIZE


async def test_a_store_that_is_away_keeps_its_rows_for_the_next_round(shop: Shop) -> None:
    await shop.fill(4)
    shop.now_s += GRACE_S
    away = Unwell(shop.objects, Fault(frozenset({"delete"}), is_lost=True))
    with pytest.raises(StoreUnavailable):
        await shop.evictor(2 * SIZE, away).look()
    assert (await shop.records.usage())["acme"].derivatives == 4
    await shop.evictor(2 * SIZE).look()
    assert (await shop.records.usage())["acme"].derivatives == 1


async def test_evictions_beside_renders_reads_and_purges_tear_nothing(shop: Shop) -> None:
    names = [derivative_name(f"w_{number}.jpg") for number in range(8)]
    is_over = asyncio.Event()
    wrong: list[object] = []

    def content(name: DerivativeName, generation: int) -> bytes:
        return hashlib.sha256(f"{name.key}@{generation}".encode()).digest() * 30

    async def ask(number: int) -> None:
        turn = number
        while not is_over.is_set():
            turn += 1
            name = names[turn % len(names)]
            photo = await shop.records.asset("acme", ASSET)
            assert photo is not None
            found = await shop.store.get(name, generation=photo.generation)
            if found is None:
                made = derivative(content(name, photo.generation), generation=photo.generation)
                with suppress(RenderFailed):
                    found = await shop.store.put(name, made)
            if found is not None and found.content != content(name, found.generation):
                wrong.append(found)

    async def evict() -> int:
        count = rounds = 0
        while rounds < 25 or count == 0:  # a starved machine may evict before anything was put
            rounds += 1
            await asyncio.sleep(0.005)
            shop.now_s += GRACE_S + 1
            count += len((await shop.evictor(SIZE).look()).objects)
            await shop.records.bump_generation("acme", ASSET)
        is_over.set()
        return count

    asking = [asyncio.create_task(ask(number)) for number in range(4)]
    async with asyncio.timeout(120):
        assert await evict() > 0
        await asyncio.gather(*asking)
    assert wrong == []
    for name in names:  # what is on the disk is whole, and each row can be evicted in its turn
        assert await shop.objects.read(name.object_name) is not None or not shop.is_there(name)
    shop.now_s += GRACE_S + 1
    await shop.store.flush()
    shop.now_s += GRACE_S + 1
    await shop.evictor(1).look()
    assert not any(shop.is_there(name) for name in names)
    assert await shop.records.usage() == {}


async def test_a_use_noted_after_its_object_was_evicted_makes_no_row_of_nothing(
    shop: Shop,
) -> None:
    names = await shop.fill(3)
    shop.now_s += GRACE_S
    await shop.store.flush()
    shop.now_s += GRACE_S
    await shop.store.get(names[0], generation=0)  # noted, not written down yet
    await shop.evictor(2 * SIZE).look()
    assert not shop.is_there(names[0])
    await shop.store.flush()
    assert (await shop.records.usage())["acme"].derivatives == 1


async def test_a_clock_that_jumps_back_evicts_nothing_until_it_is_right_again(shop: Shop) -> None:
    names = await shop.fill(4)
    shop.now_s -= 365 * 86_400
    assert (await shop.evictor(SIZE).look()).objects == []
    shop.now_s += 365 * 86_400 + GRACE_S
    assert len((await shop.evictor(2 * SIZE).look()).objects) == 3
    assert shop.is_there(names[3])
