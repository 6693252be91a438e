"""Workers: what a job may expect of any pool."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator

import pytest

from origin.adapters.decoded import MemoryLevels
from origin.adapters.measured import measured
from origin.adapters.memory import ThreadWorkers
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.adapters.worker_link import LENT_FROM_BYTES
from origin.errors import PhotoRefused, RenderFailed
from origin.ports import Workers
from tests.contract import jobs

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["processes", "threads"])
async def workers(request: pytest.FixtureRequest) -> AsyncIterator[Workers]:
    if request.param == "threads":
        yield ThreadWorkers()
        return
    pool = WorkerPool(2, limits=WorkerLimits(memory_mb=256), warm=jobs.nothing)
    await pool.start()
    yield pool
    await pool.close(timeout_s=5)


async def test_a_job_returns_its_result(workers: Workers) -> None:
    assert await workers.run(jobs.add, 2, 3, deadline_s=10) == 5


async def test_five_megabytes_come_back_unchanged(workers: Workers) -> None:
    content = await workers.run(jobs.many_bytes, 5_000_192, deadline_s=10)
    assert content == bytes(range(256)) * 19_532


@pytest.mark.parametrize("count", [0, LENT_FROM_BYTES - 1, LENT_FROM_BYTES, 5_000_192])
async def test_bytes_arrive_unchanged_whichever_way_they_go(workers: Workers, count: int) -> None:
    content = random.Random(count).randbytes(count)
    digest = await workers.run(jobs.digest_of, content, deadline_s=10)
    assert digest == hashlib.sha256(content).hexdigest()


async def test_each_of_many_callers_gets_its_own_result(workers: Workers) -> None:
    sums = await asyncio.gather(
        *(workers.run(jobs.add, number, number, deadline_s=10) for number in range(50))
    )
    assert sums == [2 * number for number in range(50)]


async def test_a_refusal_crosses_whole(workers: Workers) -> None:
    with pytest.raises(PhotoRefused) as caught:
        await workers.run(jobs.refuse, deadline_s=10)
    error = caught.value
    assert (error.code, error.log, error.field) == ("photo.damaged", "at byte 17", "file")


async def test_any_other_error_is_a_failed_render_that_tells_us_why(workers: Workers) -> None:
    with pytest.raises(RenderFailed, match=r"render\.failed") as caught:
        await workers.run(jobs.mistake, deadline_s=10)
    assert "a mistake of ours" in caught.value.log
    assert "mistake" not in caught.value.public


async def test_a_job_past_its_deadline_is_given_up(workers: Workers) -> None:
    with pytest.raises(RenderFailed, match=r"render\.deadline"):
        await workers.run(jobs.wait_s, 0.5, deadline_s=0.1)


async def test_a_job_is_weighed_whatever_its_end(workers: Workers) -> None:
    eaten = await workers.run(measured, jobs.eat_mb, 60, deadline_s=10)
    refused = await workers.run(measured, jobs.refuse, deadline_s=10)
    assert (eaten.value, eaten.error) == (60 * 2**20, None)
    assert 50 < eaten.rss_mb < 90
    assert 0 < eaten.cpu_s < 5
    assert isinstance(refused.error, PhotoRefused)


async def test_workers_are_up(workers: Workers) -> None:
    assert workers.alive() >= 1


async def test_a_background_job_returns_its_result(workers: Workers) -> None:
    sums = await asyncio.gather(
        *(workers.run(jobs.add, n, 1, deadline_s=10, is_background=True) for n in range(8))
    )
    assert sums == list(range(1, 9))


async def test_pixels_are_lent_as_they_are_and_sealed_once_they_are_kept(workers: Workers) -> None:
    levels = MemoryLevels(1_000_000)
    pixels = levels.room((20, 10))
    assert pixels is not None
    assert await workers.run(jobs.fill, pixels, 3, deadline_s=10) == 600
    levels.keep("level", 1, pixels)
    assert await workers.run(jobs.sum_of, pixels, deadline_s=10) == 1_800
    assert await workers.run(jobs.change, pixels, deadline_s=10) == "EPERM"
