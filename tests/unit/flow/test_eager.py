"""Presets that are made ahead: behind everyone, bounded, and the same bytes as when asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cache_keys.ids import derivative_key
from cache_keys.presets import Preset
from cache_keys.transform import Transform
from origin.adapters.decoded import MemoryLevels
from origin.adapters.memory import MemoryDerivatives, MemoryLocks, MemoryObjects, MemorySources
from origin.adapters.memory_records import MemoryRecords
from origin.errors import RenderFailed
from origin.flow.admit import Admission
from origin.flow.coalesce import Coalescer, Unlocked
from origin.flow.eager import Eager, EagerParts, behind
from origin.flow.intake import Intake, IntakeParts, Upload
from origin.flow.render import RenderLimits, RenderPorts, Renders
from origin.ingest.caps import Caps
from origin.values import Asset, Derivative, DerivativeName, Tenant
from tests.images.photos import photo_jpeg
from tests.unit.flow.house import ENGINE, CountingWorkers

pytestmark = pytest.mark.anyio
CARD = Preset("card", 1, Transform("", w=200, h=100, fit="cover"), eager=("webp", "jpg"))
THUMB = Preset("thumb", 2, Transform("", w=64), eager=("jpg",))
LAZY = Preset("lazy", 1, Transform("", w=96))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Shelves:
    """Presets of ``acme``; no other shop has any."""

    def __init__(self, *presets: Preset) -> None:
        self.presets = {(preset.name, preset.version): preset for preset in presets}

    def of(self, tenant: str) -> Mapping[tuple[str, int], Preset]:
        return self.presets if tenant == "acme" else {}


class BackgroundWorkers(CountingWorkers):
    """Notes for each job whether it let others go first."""

    def __init__(self) -> None:
        super().__init__()
        self.background: list[bool] = []

    async def run(self, job, *args, deadline_s, is_background=False):  # type: ignore[no-untyped-def]  # as its base
        self.background.append(is_background)
        return await super().run(job, *args, deadline_s=deadline_s, is_background=is_background)


@dataclass
class Ahead:
    """An intake with presets made ahead."""

    eager: Eager
    intake: Intake
    renders: Renders
    workers: BackgroundWorkers
    records: MemoryRecords
    derivatives: MemoryDerivatives
    tenant: Tenant
    outcomes: list[str]

    async def take(self, seed: int = 1, tenant: Tenant | None = None) -> Asset:
        async def chunks() -> AsyncIterator[bytes]:
            yield photo_jpeg(300, 200, seed)

        taken = await self.intake.take(Upload(tenant or self.tenant, "c-1"), chunks())
        return taken.asset

    async def stored(self, asset: Asset, leaf: str) -> Derivative | None:
        key = derivative_key(asset.tenant, asset.asset, leaf, ENGINE)
        ext, path = leaf.rpartition(".")[2], f"/v1/{asset.tenant}/{asset.asset}/{leaf}"
        name = DerivativeName(asset.tenant, asset.asset, key, ext, path, ENGINE)
        return await self.derivatives.get(name, generation=asset.generation)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        work = asyncio.create_task(self.eager.run())
        try:
            yield
        finally:
            work.cancel()
            await asyncio.wait([work])


async def made_ahead(folder: Path, *presets: Preset, waiting_max: int = 9) -> Ahead:
    records, objects, locks = MemoryRecords(), MemoryObjects(), MemoryLocks()
    workers, sources = BackgroundWorkers(), MemorySources(folder)
    tenant = Tenant("acme", b"k" * 32, is_public=False, is_suspended=False)
    await records.add_tenant(tenant)
    await records.add_tenant(replace(tenant, name="other"))
    derivatives = MemoryDerivatives(records)
    admission = Admission(running_max=2, waiting_max=9)
    ports = RenderPorts(
        *(workers, objects, sources, records, admission),
        *(Coalescer(locks), Coalescer(locks), MemoryLevels(20_000_000)),
    )
    limits = RenderLimits(deadline_s=60, quarantine_after=2)
    renders = Renders(ports, engine=ENGINE, limits=limits)
    outcomes: list[str] = []
    eager = Eager(
        EagerParts(
            Shelves(*presets),
            records,
            derivatives,
            Renders(behind(ports), engine=ENGINE, limits=limits),
            locks,
        ),
        engine=ENGINE,
        waiting_max=waiting_max,
        count=outcomes.append,
    )
    parts = IntakeParts(
        workers,
        sources,
        records,
        renders,
        locks,
        Admission(running_max=4, waiting_max=9),
        eager.offer,
    )
    intake = Intake(parts, caps=Caps(), deadline_s=60)
    return Ahead(eager, intake, renders, workers, records, derivatives, tenant, outcomes)


async def test_every_eager_format_is_there_soon_after_a_photo_came_in(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, CARD, THUMB, LAZY)
    async with ahead.running():
        asset = await ahead.take()
        await ahead.eager.finish()
    assert ahead.outcomes == ["made"] * 3
    for leaf in ("t_card~1.webp", "t_card~1.jpg", "t_thumb~2.jpg"):
        assert await ahead.stored(asset, leaf) is not None
    assert await ahead.stored(asset, "t_lazy~1.jpg") is None


async def test_pictures_are_made_behind_everyone_else(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, CARD)
    await ahead.take()
    before = len(ahead.workers.jobs)
    async with ahead.running():
        await ahead.eager.finish()
    assert ahead.workers.jobs[before:] == ["decode", "render", "render"]
    assert all(ahead.workers.background[before:])


async def test_a_photo_that_is_there_or_of_a_shop_without_eager_presets_makes_no_work(
    tmp_path: Path,
) -> None:
    ahead = await made_ahead(tmp_path, CARD, LAZY)
    other = replace(ahead.tenant, name="other")
    async with ahead.running():
        await ahead.take(2, other)
        await ahead.take()
        await ahead.eager.finish()
        jobs = len(ahead.workers.jobs)
        await ahead.take()
        await ahead.eager.finish()
    assert len(ahead.workers.jobs) == jobs
    assert ahead.outcomes == ["made", "made"]


async def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, THUMB, waiting_max=2)
    for seed in range(4):
        await ahead.take(seed)
    assert ahead.outcomes == ["dropped", "dropped"]
    assert ahead.eager.waiting == 2


async def test_a_failure_is_counted_once_and_the_next_picture_is_made(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, CARD)
    asset = await ahead.take()
    failures = iter([RenderFailed("render.crashed")])

    def fail(job: str) -> None:
        if job == "render":
            for failure in failures:
                raise failure

    ahead.workers.before = fail
    async with ahead.running():
        await ahead.eager.finish()
    assert ahead.outcomes == ["render.crashed", "made"]
    assert await ahead.stored(asset, "t_card~1.jpg") is not None


async def test_a_start_makes_what_the_last_stop_cut_off_and_nothing_twice(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, CARD)
    asset = await ahead.take()
    ahead.eager.stop()
    for _ in range(2):
        again = Eager(ahead.eager._parts, engine=ENGINE, waiting_max=9, count=ahead.outcomes.append)
        work = asyncio.create_task(again.run())
        await again.finish()
        work.cancel()
        await asyncio.wait([work])
        assert ahead.outcomes == ["made", "made"]
    assert await ahead.stored(asset, "t_card~1.webp") is not None


async def test_a_stop_forgets_what_waits(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, CARD)
    await ahead.take()
    jobs = len(ahead.workers.jobs)
    ahead.eager.stop()
    await ahead.take(2)
    assert ahead.eager.waiting == 0
    assert "render" not in ahead.workers.jobs[jobs:]


async def test_an_erased_photo_and_a_suspended_shop_get_no_pictures(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, CARD)
    erased = await ahead.take(1)
    await ahead.take(2)
    await ahead.records.mark_erased("acme", erased.asset)
    await ahead.records.update_tenant("acme", is_suspended=True)
    async with ahead.running():
        await ahead.eager.finish()
    assert ahead.outcomes == []


async def test_a_purge_in_the_middle_keeps_nothing_old(tmp_path: Path) -> None:
    ahead = await made_ahead(tmp_path, THUMB)
    asset = await ahead.take()
    loop = asyncio.get_running_loop()

    def purge(job: str) -> None:
        if job == "render":
            bump = ahead.records.bump_generation("acme", asset.asset)
            asyncio.run_coroutine_threadsafe(bump, loop)

    ahead.workers.before = purge
    async with ahead.running():
        await ahead.eager.finish()
    assert ahead.outcomes == ["render.superseded"]
    assert await ahead.stored(asset, "t_thumb~2.jpg") is None


async def test_making_ahead_holds_no_lock_of_a_request() -> None:
    locks = Unlocked()
    async with locks.hold("one"), asyncio.timeout(5), locks.hold("one"):
        pass
