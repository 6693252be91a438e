"""Workers on demand: no process before the first job, and a start that failed is tried again."""

from __future__ import annotations

import asyncio
import os

import pytest

from origin.adapters.on_demand import OnDemand
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.errors import Overloaded, RenderFailed
from tests.contract import jobs
from tests.faults.test_pool_slots import no_descriptors_left

pytestmark = pytest.mark.anyio
LIMITS = WorkerLimits(memory_mb=256)


async def test_no_process_is_there_before_the_first_job_and_none_after_the_end() -> None:
    workers = OnDemand(lambda: WorkerPool(2, limits=LIMITS, warm=jobs.nothing))
    assert workers.alive() == 0
    each = await asyncio.gather(*(workers.run(jobs.slow_pid, deadline_s=9) for _ in range(2)))
    assert os.getpid() not in each
    assert workers.alive() == 2
    await workers.close(timeout_s=5)
    assert workers.alive() == 0


async def test_one_that_nobody_asked_ends_at_once() -> None:
    workers = OnDemand(lambda: WorkerPool(1, limits=LIMITS, warm=jobs.nothing))
    await workers.close(timeout_s=5)
    assert workers.alive() == 0
    assert not workers.restarts


async def test_a_start_that_failed_is_tried_again_by_the_next_job() -> None:
    workers = OnDemand(lambda: WorkerPool(1, limits=LIMITS, warm=jobs.nothing))
    with no_descriptors_left(), pytest.raises(RenderFailed) as caught:
        await workers.run(jobs.slow_pid, deadline_s=9)
    assert caught.value.code == "workers.unavailable"
    try:
        assert await workers.run(jobs.slow_pid, deadline_s=9)
    finally:
        await workers.close(timeout_s=5)


async def test_no_pool_is_started_after_the_end() -> None:
    workers = OnDemand(lambda: WorkerPool(1, limits=LIMITS, warm=jobs.nothing))
    await workers.close(timeout_s=5)
    with pytest.raises(Overloaded) as caught:
        await workers.run(jobs.slow_pid, deadline_s=9)
    assert caught.value.code == "server.stopping"


async def test_the_end_does_not_wait_for_a_start() -> None:
    workers = OnDemand(lambda: WorkerPool(1, limits=LIMITS, warm=jobs.nothing))
    asked = asyncio.create_task(workers.run(jobs.slow_pid, deadline_s=9))
    await asyncio.sleep(0.05)  # its worker is being started
    await workers.close(timeout_s=0)
    assert workers.alive() == 0
    with pytest.raises((Overloaded, RenderFailed)):
        await asked


async def test_a_failure_that_nobody_waited_for_is_not_told_to_the_next_job() -> None:
    workers = OnDemand(lambda: WorkerPool(1, limits=LIMITS, warm=jobs.nothing))
    with no_descriptors_left():
        asked = asyncio.create_task(workers.run(jobs.slow_pid, deadline_s=9))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.sleep(0.5)
    try:
        assert await workers.run(jobs.slow_pid, deadline_s=9)
    finally:
        await workers.close(timeout_s=5)
