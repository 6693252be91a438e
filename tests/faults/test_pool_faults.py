"""Jobs that hang, crash or eat memory cost one request; the next ones are served."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from origin.adapters.measured import measured
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import Sandbox, WorkerLimits
from origin.adapters.warm import warm_libvips
from origin.errors import OriginError, Overloaded, PhotoRefused, RenderFailed
from tests.contract import jobs
from tests.faults.programs import said, started

pytestmark = pytest.mark.anyio
LIMITS = WorkerLimits(memory_mb=256, open_files=48, niceness=3)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(2, limits=LIMITS, warm=jobs.nothing, jobs_max=1000)
    await pool.start()
    yield pool
    await pool.close(timeout_s=0)


@pytest.fixture
async def open_pool() -> AsyncIterator[WorkerPool]:
    """Workers without a sandbox, whose jobs can leave a file as their mark."""
    limits = WorkerLimits(memory_mb=256, sandbox=Sandbox.OFF)
    pool = WorkerPool(2, limits=limits, warm=jobs.nothing, jobs_max=1000)
    await pool.start()
    yield pool
    await pool.close(timeout_s=0)


def is_there(pid: int) -> bool:
    """Say whether a process lives (a zombie does not)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def gone(pid: int, within_s: float = 5.0) -> bool:
    async with asyncio.timeout(within_s):
        while is_there(pid):  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.01)
    return True


async def full_again(pool: WorkerPool) -> bool:
    async with asyncio.timeout(20):
        while pool.alive() < pool.workers or pool.busy():  # noqa: ASYNC110 (other processes)
            await asyncio.sleep(0.01)
    return True


@pytest.mark.parametrize("job", [jobs.spin_in_c, jobs.wait_s], ids=["busy in C", "asleep"])
async def test_a_job_that_hangs_is_killed_at_its_deadline(pool: WorkerPool, job: object) -> None:
    arguments = (600.0,) if job is jobs.wait_s else ()
    pids = set(await asyncio.gather(*(pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2))))
    began = time.monotonic()
    with pytest.raises(RenderFailed, match=r"render\.deadline"):
        await pool.run(job, *arguments, deadline_s=0.3)  # type: ignore[arg-type]  # a table
    assert 0.3 <= time.monotonic() - began < 1.5
    assert await full_again(pool)
    assert sum(is_there(pid) for pid in pids) == 1, "the one that hung is gone"
    assert pool.restarts == {"deadline": 1}


@pytest.mark.parametrize(
    ("job", "arguments", "words"),
    [
        (jobs.die_by, (signal.SIGKILL,), "SIGKILL"),
        (jobs.die_by, (signal.SIGABRT,), "SIGABRT"),
        (jobs.read_nowhere, (), "SIGSEGV"),
        (jobs.eat_mb, (1000,), "memory"),
        (sys.exit, (3,), "code 3"),
    ],
    ids=["killed", "aborted", "segmentation fault", "too much memory", "exit"],
)
async def test_a_job_that_dies_costs_one_request(
    pool: WorkerPool, job: object, arguments: tuple[object, ...], words: str
) -> None:
    neighbour = asyncio.create_task(pool.run(jobs.wait_s, 0.5, deadline_s=9))
    await asyncio.sleep(0.05)
    with pytest.raises(RenderFailed, match=r"render\.crashed") as caught:
        await pool.run(job, *arguments, deadline_s=9)  # type: ignore[arg-type]  # a table
    assert words in caught.value.log
    assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2
    assert await neighbour == 0.5
    assert await full_again(pool)
    assert pool.restarts == {"crashed": 1}


async def test_a_worker_killed_while_it_answers_stops_no_other(pool: WorkerPool) -> None:
    limits = WorkerLimits(memory_mb=4096, answer_mb=2048, sandbox=Sandbox.OFF)  # its job forks
    big = WorkerPool(2, limits=limits, warm=jobs.nothing)
    await big.start()
    dying = asyncio.create_task(big.run(jobs.die_while_answering, deadline_s=20))
    await asyncio.sleep(0.01)
    for number in range(100):
        assert await big.run(jobs.add, number, 1, deadline_s=5) == number + 1
    with pytest.raises(RenderFailed, match=r"render\.crashed"):
        await dying
    await big.close(timeout_s=5)


async def test_idle_workers_that_are_killed_are_replaced_unnoticed(pool: WorkerPool) -> None:
    for _ in range(3):
        pids = await asyncio.gather(*(pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2)))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert [await gone(pid) for pid in pids] == [True, True]
        sums = [pool.run(jobs.add, number, 1, deadline_s=9) for number in range(6)]
        assert await asyncio.gather(*sums) == [1, 2, 3, 4, 5, 6]


async def test_a_flood_of_bad_jobs_among_good_ones_harms_only_itself(pool: WorkerPool) -> None:
    async def bad(number: int) -> str:
        job, arguments = ((jobs.die_by, (9,)), (jobs.spin_in_c, ()))[number % 2]
        try:
            await pool.run(job, *arguments, deadline_s=0.2)
        except RenderFailed as error:
            return error.code
        return "no error"

    good = [pool.run(jobs.add, number, 0, deadline_s=9) for number in range(30)]
    answers = await asyncio.gather(*map(bad, range(8)), *good)
    assert answers[:8] == ["render.crashed", "render.deadline"] * 4
    assert answers[8:] == list(range(30))
    assert await full_again(pool)
    assert pool.restarts == {"crashed": 4, "deadline": 4}


async def test_a_worker_is_replaced_after_its_number_of_jobs() -> None:
    pool = WorkerPool(1, limits=LIMITS, warm=jobs.nothing, jobs_max=5)
    await pool.start()
    pids = [await pool.run(jobs.own_pid, deadline_s=9) for _ in range(15)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [5, 5, 5]
    assert await full_again(pool)
    assert pool.restarts == {"recycled": 3}
    await pool.close(timeout_s=5)


async def test_a_caller_that_leaves_lets_its_job_end_and_the_worker_live(
    open_pool: WorkerPool, tmp_path: Path
) -> None:
    pool = open_pool
    before = {await pool.run(jobs.slow_pid, deadline_s=9)}
    leaving = asyncio.create_task(pool.run(jobs.mark_after_s, tmp_path / "mark", 0.3, deadline_s=9))
    await asyncio.sleep(0.1)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert pool.busy() == 1
    await full_again(pool)
    assert (tmp_path / "mark").read_text() == "done"
    pids = set(await asyncio.gather(*(pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2))))
    assert before < pids
    assert not pool.restarts


async def test_a_caller_that_leaves_the_queue_costs_no_work(
    open_pool: WorkerPool, tmp_path: Path
) -> None:
    pool = open_pool
    busy = [asyncio.create_task(pool.run(jobs.wait_s, 0.3, deadline_s=9)) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(pool.run(jobs.mark_after_s, tmp_path / "mark", 0, deadline_s=9))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.gather(*busy)
    assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2
    assert not (tmp_path / "mark").exists()
    assert pool.busy() == 0


async def test_the_deadline_counts_the_work_and_not_the_queue(pool: WorkerPool) -> None:
    waits = (pool.run(jobs.wait_s, 0.2, deadline_s=0.5) for _ in range(8))
    assert await asyncio.gather(*waits) == [0.2] * 8


async def test_what_a_worker_may_take_is_bounded(pool: WorkerPool) -> None:
    limits = await pool.run(jobs.limits, deadline_s=9)
    assert limits == {"core": 0, "open_files": 48, "niceness": 3, "is_bounded": 1}
    assert await pool.run(jobs.eat_mb, 200, deadline_s=9) == 200 * 2**20


async def test_a_job_that_cannot_be_sent_or_answered_harms_no_worker(pool: WorkerPool) -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        await pool.run(lambda: 1, deadline_s=9)
    with pytest.raises(RenderFailed, match=r"render\.failed"):
        await pool.run(jobs.unsendable, deadline_s=9)
    assert await pool.run(jobs.add, 1, 1, deadline_s=9) == 2
    assert not pool.restarts


async def test_what_a_job_prints_stays_off_the_standard_output(
    pool: WorkerPool, capfd: pytest.CaptureFixture[str]
) -> None:
    fresh = WorkerPool(1, limits=LIMITS, warm=jobs.nothing)
    await fresh.start()
    await fresh.run(jobs.say, "chatter of a library", deadline_s=9)
    await fresh.close(timeout_s=5)
    assert capfd.readouterr().out == ""


async def test_a_pool_whose_workers_cannot_start_says_why() -> None:
    pool = WorkerPool(2, limits=LIMITS, warm=jobs.cannot_start)
    with pytest.raises(RenderFailed, match=r"workers\.unavailable") as caught:
        await pool.start()
    assert "libvips is not there" in caught.value.log
    assert pool.alive() == 0


async def test_closing_lets_jobs_end_that_wait_or_run(pool: WorkerPool) -> None:
    running = [asyncio.create_task(pool.run(jobs.wait_s, 0.2, deadline_s=9)) for _ in range(4)]
    await asyncio.sleep(0.05)
    await pool.close(timeout_s=9)
    assert await asyncio.gather(*running) == [0.2] * 4
    assert pool.alive() == 0


async def test_closing_in_a_hurry_answers_everyone_and_leaves_no_process(pool: WorkerPool) -> None:
    pids = await asyncio.gather(*(pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2)))
    running = [asyncio.create_task(pool.run(jobs.wait_s, 60, deadline_s=90)) for _ in range(5)]
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await pool.close(timeout_s=0.1)
    answers = await asyncio.gather(*running, return_exceptions=True)
    assert time.monotonic() - began < 3
    codes = sorted(answer.code for answer in answers if isinstance(answer, OriginError))
    assert codes == ["render.crashed"] * 2 + ["server.stopping"] * 3
    assert [await gone(pid) for pid in pids] == [True, True]
    with pytest.raises(Overloaded, match=r"server\.stopping"):
        await pool.run(jobs.add, 1, 1, deadline_s=9)


async def test_workers_die_with_a_killed_server_even_while_busy_in_c(tmp_path: Path) -> None:
    with started("keep_busy", tmp_path) as server:
        pids = [int(await asyncio.to_thread(said, server)) for _ in range(2)]
        await asyncio.sleep(0.3)
        assert all(map(is_there, pids))
        server.kill()
        assert [await gone(pid) for pid in pids] == [True, True]


async def test_a_measured_job_tells_its_processor_time_and_its_memory(pool: WorkerPool) -> None:
    light = await pool.run(measured, jobs.add, 1, 2, deadline_s=9)
    heavy = await pool.run(measured, jobs.eat_mb, 120, deadline_s=9)
    again = await pool.run(measured, jobs.add, 1, 2, deadline_s=9)
    assert (light.value, heavy.value) == (3, 120 * 2**20)
    assert 110 < heavy.rss_mb < 140
    assert light.rss_mb < 10
    assert again.rss_mb < 10, "a worker's past is not charged to its next job"
    assert light.cpu_s < heavy.cpu_s < 2


async def test_a_measured_refusal_is_weighed_and_not_raised(pool: WorkerPool) -> None:
    weighed = await pool.run(measured, jobs.refuse, deadline_s=9)
    assert isinstance(weighed.error, PhotoRefused)
    assert (weighed.error.code, weighed.value) == ("photo.damaged", None)


async def test_a_worker_warms_up_with_the_real_library_and_the_server_never_loads_it() -> None:
    # A package that no load() brings is not readable in a worker: this one brings the tests'.
    limits = WorkerLimits(memory_mb=512)
    pool = WorkerPool(1, limits=limits, load=jobs.nothing, warm=warm_libvips)
    await pool.start()
    try:
        assert await pool.run(jobs.is_loaded, "pyvips", deadline_s=9)
    finally:
        await pool.close(timeout_s=5)


def test_the_pool_itself_imports_no_pixel_library() -> None:
    imports = "import sys, origin.adapters.pool, origin.adapters.measured"
    program = f"{imports}; sys.exit('pyvips' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
