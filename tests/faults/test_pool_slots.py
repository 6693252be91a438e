"""A slot of the pool is never lost: workers come back without a job, whatever kept them away."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.adapters.worker_link import WorkerLink
from origin.errors import OriginError, RenderFailed
from tests.contract import jobs

pytestmark = pytest.mark.anyio
LIMITS = WorkerLimits(memory_mb=256)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(2, limits=LIMITS, warm=jobs.nothing)
    await pool.start()
    yield pool
    await pool.close(timeout_s=0)


async def all_up(pool: WorkerPool) -> bool:
    async with asyncio.timeout(20):
        while pool.alive() < pool.workers or pool.busy():  # noqa: ASYNC110 (other processes)
            await asyncio.sleep(0.01)
    return True


async def pids_of(pool: WorkerPool) -> set[int]:
    return set(await asyncio.gather(*(pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2))))


async def kill_idle(pool: WorkerPool) -> None:
    for worker in tuple(pool._up):
        os.kill(worker._process.pid, signal.SIGKILL)
    await asyncio.sleep(0.05)


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Make every new descriptor an EMFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        count = len(list(Path("/proc/self/fd").iterdir())) + 8
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with suppress(OSError):
            while True:
                stack.callback(os.close, os.open("/dev/null", os.O_RDONLY))
        yield


async def test_idle_workers_that_die_are_replaced_without_a_job(pool: WorkerPool) -> None:
    for _ in range(2):
        before = await pids_of(pool)
        await kill_idle(pool)
        assert await all_up(pool)
        assert not before & await pids_of(pool)
    assert pool.restarts == {"crashed": 4}


async def test_slots_outlive_a_time_without_descriptors(pool: WorkerPool) -> None:
    with no_descriptors_left():
        for _ in range(2):
            with pytest.raises(RenderFailed, match=r"render\.crashed"):
                await pool.run(jobs.die_by, 9, deadline_s=9)
        await asyncio.sleep(0.5)
        assert pool.alive() == 0
        with pytest.raises(RenderFailed, match="Too many open files") as caught:
            await pool.run(jobs.add, 1, 1, deadline_s=9)
    assert caught.value.code == "workers.unavailable"
    assert await all_up(pool)
    assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2


@pytest.mark.parametrize(
    "error",
    [
        BlockingIOError(11, "EAGAIN"),
        OSError(12, "ENOMEM"),
        RuntimeError("can't start new thread"),
        KeyError("a mistake of ours"),
    ],
    ids=repr,
)
async def test_a_slot_outlives_any_failure_to_start(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail() -> WorkerLink:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(WorkerLink, "spawn", fail)
        await kill_idle(pool)
        await asyncio.sleep(0.3)
        with pytest.raises(RenderFailed, match=r"workers\.unavailable"):
            await pool.run(jobs.add, 1, 1, deadline_s=9)
    assert await all_up(pool)
    assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2


async def test_jobs_that_wait_are_refused_when_no_worker_can_be_started(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> WorkerLink:
        raise OSError(12, "ENOMEM")

    monkeypatch.setattr(WorkerLink, "spawn", fail)
    dying = [asyncio.create_task(pool.run(jobs.die_by, 9, deadline_s=9)) for _ in range(2)]
    waiting = [asyncio.create_task(pool.run(jobs.add, 1, 1, deadline_s=9)) for _ in range(3)]
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*dying, *waiting, return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, OriginError)]
    assert codes == ["render.crashed"] * 2 + ["workers.unavailable"] * 3


async def test_workers_that_are_killed_while_they_start_cost_no_job(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn, kills = WorkerLink.spawn, iter(range(4))

    async def killed() -> WorkerLink:
        worker = await spawn()
        if next(kills, None) is not None:
            worker.kill()
        return worker

    monkeypatch.setattr(WorkerLink, "spawn", killed)
    await kill_idle(pool)
    assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2
    assert next(kills, None) is None


async def test_workers_that_keep_dying_are_started_less_and_less_often(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = 0
    spawn = WorkerLink.spawn

    async def short_lived() -> WorkerLink:
        nonlocal starts
        starts += 1
        worker = await spawn()
        asyncio.get_running_loop().call_later(0.3, worker.kill)
        return worker

    with monkeypatch.context() as broken:
        broken.setattr(WorkerLink, "spawn", short_lived)
        await kill_idle(pool)
        await asyncio.sleep(3)
    assert 4 <= starts <= 14, "two slots, a pause of 0, 0.1, 0.2, 0.4, 0.8 s"
    assert await all_up(pool)


async def test_closing_waits_for_no_pause_between_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = WorkerPool(1, limits=LIMITS, warm=jobs.nothing)
    await pool.start()

    async def fail() -> WorkerLink:
        raise OSError(12, "ENOMEM")

    monkeypatch.setattr(WorkerLink, "spawn", fail)
    await kill_idle(pool)
    await asyncio.sleep(1)
    async with asyncio.timeout(0.3):
        await pool.close(timeout_s=5)


async def test_jobs_that_wait_at_the_end_are_done_though_a_worker_dies() -> None:
    pool = WorkerPool(1, limits=LIMITS, warm=jobs.nothing)
    await pool.start()
    dying = asyncio.create_task(pool.run(jobs.die_by, 9, deadline_s=9))
    waiting = asyncio.create_task(pool.run(jobs.add, 1, 1, deadline_s=9))
    await asyncio.sleep(0)
    await pool.close(timeout_s=9)
    answers = await asyncio.gather(dying, waiting, return_exceptions=True)
    assert isinstance(answers[0], RenderFailed)
    assert answers[1] == 2


async def test_a_preview_does_not_wait_behind_uploads(pool: WorkerPool) -> None:
    uploads = [
        asyncio.create_task(pool.run(jobs.wait_s, 0.4, deadline_s=9, is_background=True))
        for _ in range(4)
    ]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.3):
        assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2
    assert await asyncio.gather(*uploads) == [0.4] * 4
    assert pool.busy() == 0


@contextmanager
def descriptors_above(first: int) -> Iterator[None]:
    """Take every descriptor below a number, as so many open connections do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2 * first, hard)), hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while (taken := os.open("/dev/null", os.O_RDONLY)) < first:
            stack.callback(os.close, taken)
        os.close(taken)
        yield


async def test_workers_of_a_server_with_a_thousand_connections_work() -> None:
    pool = WorkerPool(1, limits=LIMITS, warm=jobs.nothing)
    with descriptors_above(1_100):
        await pool.start()
    try:
        pids = [await pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2)]
        assert len(set(pids)) == 1, "it is still the first one"
    finally:
        await pool.close(timeout_s=0)
