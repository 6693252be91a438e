"""Making prints: leases, faults and what they leave, refusals, erases that come in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from origin.adapters.memory import MemoryObjects, ThreadWorkers
from origin.errors import OriginError, PhotoRefused, RenderFailed, StoreUnavailable
from origin.flow.print_archive import CHECKS, FILE, folder
from origin.prints import Ending, PrintLane, PrintRecord, PrintState, PrintStep
from tests.unit.flow.print_house import LIMITS, PrintHouse, print_house

pytestmark = pytest.mark.anyio
T = TypeVar("T")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Disk(MemoryObjects):
    """Objects on a disk that is full from some name on."""

    def __init__(self) -> None:
        super().__init__()
        self.full_from = ""

    async def put(self, name: str, content: bytes) -> bytes:
        if self.full_from and name.endswith(self.full_from):
            raise StoreUnavailable("store.full")
        return await super().put(name, content)


class Ill(ThreadWorkers):
    """Workers whose next jobs fail, one error each; None is a job that goes well."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[OriginError] = []
        self.before: Callable[[], None] = lambda: None

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = False,
    ) -> T:
        self.before()
        if self.errors and job.__name__ == "make_print":
            raise self.errors.pop(0)
        return await super().run(job, *args, deadline_s=deadline_s, is_background=is_background)


@pytest.fixture
async def disk() -> Disk:
    return Disk()


@pytest.fixture
async def workers() -> Ill:
    return Ill()


@pytest.fixture
async def house(tmp_path: Path, disk: Disk, workers: Ill) -> AsyncIterator[PrintHouse]:
    built = await print_house(tmp_path, disk, workers)
    yield built
    await built.database.close()


async def parts_of(house: PrintHouse, record: PrintRecord) -> int:
    """Count what is stored of a print by deleting it."""
    return await house.objects.delete_prefix(folder(record.tenant, record.print_id))


async def test_a_print_is_archived_whole_with_its_digest(house: PrintHouse) -> None:
    record = await house.ordered()
    ending = await house.work.make(await house.claimed())
    assert (ending.state, ending.step) == (PrintState.DONE, PrintStep.READY)
    done = await house.again(record)
    assert done.file is not None
    content = await house.files.part(done, FILE)
    assert len(content) == done.file.size_bytes
    assert await house.records.print_with("acme", done.file.sha256) == done
    assert await parts_of(house, record) == 3


@pytest.mark.parametrize("part", [FILE, CHECKS, "recipe.json"])
async def test_a_full_disk_pauses_the_print_and_nothing_half_made_stays(
    house: PrintHouse, disk: Disk, part: str
) -> None:
    record = await house.ordered()
    disk.full_from = part
    ending = await house.work.make(await house.claimed())
    assert (ending.state, ending.code) == (PrintState.PAUSED, "store.full")
    assert await parts_of(house, record) == 0
    disk.full_from = ""
    assert await house.records.claim_print(PrintLane.FAST, lease_s=30) is None
    await house.prints.resume("acme", record.print_id)
    assert (await house.work.make(await house.claimed())).state is PrintState.DONE


async def test_a_crashed_worker_gives_another_turn_later(house: PrintHouse, workers: Ill) -> None:
    record = await house.ordered()
    workers.errors = [RenderFailed("render.crashed")]
    assert (await house.work.make(await house.claimed())).state is PrintState.QUEUED
    assert await house.records.claim_print(PrintLane.FAST, lease_s=30) is None, "not at once"
    house.clock.now_s += 3
    assert (await house.work.make(await house.claimed())).state is PrintState.DONE
    assert (await house.again(record)).attempts == 2


async def test_a_print_that_fails_every_turn_is_paused_with_the_last_code(
    house: PrintHouse, workers: Ill
) -> None:
    await house.ordered()
    workers.errors = [RenderFailed("render.deadline")] * LIMITS.turns
    states = []
    for _ in range(LIMITS.turns):
        house.clock.now_s += 1_000
        ending = await house.work.make(await house.claimed())
        assert ending.code == "render.deadline"
        states.append(ending.state)
    assert states == [PrintState.QUEUED, PrintState.QUEUED, PrintState.PAUSED]


async def test_a_damaged_photo_refuses_the_print_and_can_be_tried_again(
    house: PrintHouse, workers: Ill
) -> None:
    record = await house.ordered()
    workers.errors = [PhotoRefused("photo.damaged")]
    ending = await house.work.make(await house.claimed())
    assert (ending.state, ending.code) == (PrintState.REFUSED, "photo.damaged")
    await house.prints.resume("acme", record.print_id)
    assert (await house.work.make(await house.claimed())).state is PrintState.DONE


async def test_a_maker_that_died_loses_its_lease_and_changes_nothing_any_more(
    house: PrintHouse,
) -> None:
    record = await house.ordered()
    first = await house.claimed()
    house.clock.now_s += 31
    second = await house.claimed()
    assert (second.print_id, second.attempts) == (first.print_id, 2)
    late = Ending(PrintState.REFUSED, code="photo.damaged")
    assert not await house.records.settle_print(first, late)
    assert not await house.records.keep_lease(first, PrintStep.RENDER, lease_s=30)
    assert (await house.work.make(second)).state is PrintState.DONE
    assert (await house.again(record)).state is PrintState.DONE


async def test_a_host_that_dies_of_a_print_each_time_pauses_it(house: PrintHouse) -> None:
    record = await house.ordered()
    for _ in range(LIMITS.turns):
        await house.claimed()
        house.clock.now_s += 31
    ending = await house.work.make(await house.claimed())
    assert (ending.state, ending.code) == (PrintState.PAUSED, "print.turns")
    assert (await house.again(record)).code == "print.turns"


async def test_a_maker_that_is_stopped_gives_its_turn_back(house: PrintHouse, workers: Ill) -> None:
    record = await house.ordered()
    rendering = asyncio.Event()
    workers.before = rendering.set
    running = asyncio.create_task(house.work.make(await house.claimed()))
    await rendering.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    left = await house.again(record)
    assert (left.state, left.attempts) == (PrintState.QUEUED, 0)


async def test_an_erase_while_it_is_made_leaves_no_file(house: PrintHouse, workers: Ill) -> None:
    record = await house.ordered()
    claimed = await house.claimed()
    erase = asyncio.Event()
    workers.before = erase.set
    making = asyncio.create_task(house.work.make(claimed))
    await erase.wait()
    await house.records.mark_erased("acme", house.asset.asset)
    await making
    left = await house.again(record)
    assert (left.state, left.recipe, left.design) == (PrintState.ERASED, b"", None)
    assert await parts_of(house, record) == 0
    assert await house.files.erase_prints("acme", house.asset.asset) == (0, 0)


async def test_another_engine_pauses_what_it_cannot_make_the_same(house: PrintHouse) -> None:
    await house.ordered()
    house.work._engine = "v9-test"
    ending = await house.work.make(await house.claimed())
    assert (ending.state, ending.code) == (PrintState.PAUSED, "print.engine")


async def test_makers_take_what_is_ordered_until_they_are_stopped(house: PrintHouse) -> None:
    working = asyncio.create_task(house.work.run())
    record = await house.ordered()
    house.work.wake()
    async with asyncio.timeout(60):
        while (await house.again(record)).state is not PrintState.DONE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_page_larger_than_the_fast_lane_takes_is_made_with_care(house: PrintHouse) -> None:
    house.prints._fast_px_max = 1_000_000
    assert (await house.ordered()).lane is PrintLane.CAREFUL
