"""The rounds of a fuzz run: walks, profiles, answers, and whole files through real workers."""

from __future__ import annotations

import asyncio
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from fuzz.mutate import mutated
from fuzz.targets import judge_profile, read_hostile_answer, walk_file
from origin.adapters.frames import LENGTH, Outcome, answered
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.errors import KINDS, OriginError, PhotoRefused
from origin.flow import jobs
from origin.flow.jobs import Opened
from origin.ingest.caps import Caps
from origin.values import Masters, Photo, ProfileStatus, Rendered

DEADLINE_S: Final = 20.0
"""Of one file in a worker: EDGEPROOF_INTAKE_DEADLINE_S."""
GRACE_S: Final = 10.0
"""From a worker's deadline to its answer, on a busy machine."""
PARENT_GROWTH_MB_MAX: Final = 200
"""What the server's process may grow by while hostile files pass through its workers."""
DEATHS: Final = {"render.deadline", "render.crashed"}

Stop = Callable[[int], bool]


class Found(AssertionError):
    """The fuzzer has found something. ``content`` makes it happen again."""

    def __init__(self, what: str, content: bytes) -> None:
        super().__init__(what)
        self.content = content


def until(seconds: float) -> Stop:
    """Return a stop that holds after so many seconds."""
    end_s = time.monotonic() + seconds
    return lambda _: time.monotonic() >= end_s


def times(count: int) -> Stop:
    """Return a stop that holds after so many inputs."""
    return lambda done: done >= count


def fuzz_walks(seeds: Sequence[bytes], chance: random.Random, stop: Stop) -> Counter[str]:
    """Walk damaged files; raises Found."""
    codes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo")
        for content in _inputs(seeds, chance, stop):
            path.write_bytes(content)
            codes[_tried(lambda: walk_file(path), content)] += 1
    return codes


def fuzz_profiles(seeds: Sequence[bytes], chance: random.Random, stop: Stop) -> Counter[str]:
    """Judge damaged ICC profiles; raises Found."""

    def judged(content: bytes) -> str:
        judge_profile(content)
        return "judged"

    codes: Counter[str] = Counter()
    for content in _inputs(seeds, chance, stop):
        codes[_tried(lambda: judged(content), content)] += 1  # noqa: B023 (called at once)
    return codes


def fuzz_answers(chance: random.Random, stop: Stop) -> Counter[str]:
    """Read damaged answers of workers as the server does; raises Found."""
    codes: Counter[str] = Counter()
    for content in _inputs(answer_seeds(), chance, stop):
        codes[_tried(lambda: read_hostile_answer(content), content)] += 1  # noqa: B023
    return codes


def answer_seeds() -> list[bytes]:
    """Return good answers of every kind, and plain data that is none."""
    photo = Photo("jpeg", 40, 30, 1, 1, 3, 8, "srgb", False, ProfileStatus.ASSUMED, None)  # noqa: FBT003
    masters = Masters({640: b"jpeg"}, "thumb", "a0b0c0")
    values = (
        Opened(photo, ("small",), {"artist": "me"}, masters),
        masters.levels,
        Rendered(b"webp", 40, 30, {"encode": 1.5}),
        (1, 2),
        "engine",
        {"value": None, "error": None, "cpu_s": 0.5, "rss_mb": 1.0},
    )
    frames = [answered(Outcome.VALUE, value) + bytes([at]) for at, value in enumerate(values)]
    frames += [
        answered(Outcome.ERROR, error=PhotoRefused("photo.damaged", log="at 3", field="file")),
        answered(Outcome.OUT_OF_MEMORY),
        bytes(LENGTH.size) + msgspec.msgpack.encode([[[[[]]]]] * 9),
        bytes(LENGTH.size) + b"\x91" * 3_000,
        bytes(LENGTH.size) + b"cposix\nsystem\n(S'true'\ntR.",
    ]
    return [frame[LENGTH.size :] for frame in frames]


async def fuzz_workers(seeds: Sequence[bytes], chance: random.Random, stop: Stop) -> Counter[str]:
    """Take damaged files in with real, sandboxed workers, two at a time; raises Found."""
    codes: Counter[str] = Counter()
    pool = WorkerPool(2, limits=WorkerLimits(memory_mb=1024), load=jobs.load, warm=jobs.warm)
    await pool.start()
    before_mb = _peak_mb()
    inputs = _inputs(seeds, chance, stop)
    try:
        with tempfile.TemporaryDirectory() as folder:

            async def take(path: Path) -> None:
                for content in inputs:
                    path.write_bytes(content)  # noqa: ASYNC240 (no one else is in this loop)
                    codes[await _taken(pool, path, content)] += 1

            await asyncio.gather(*(take(Path(folder, str(turn))) for turn in range(2)))
    finally:
        await pool.close(timeout_s=0)
    if _peak_mb() - before_mb > PARENT_GROWTH_MB_MAX:
        raise Found(f"the server's process grew by {_peak_mb() - before_mb:.0f} MB", b"")
    return codes


async def _taken(pool: WorkerPool, path: Path, content: bytes) -> str:
    begin_s = time.monotonic()
    try:
        await pool.run(jobs.open_upload, path, Caps(), deadline_s=DEADLINE_S)
        code = "ok"
    except OriginError as error:
        code = error.code
        if code not in KINDS or not (code.startswith("photo.") or code in DEATHS):
            raise Found(f"{code}: {error.log}", content) from error
    except Exception as error:
        raise Found(repr(error), content) from error
    if time.monotonic() - begin_s > DEADLINE_S + GRACE_S:
        raise Found(f"{time.monotonic() - begin_s:.0f} s", content)
    return code


def _inputs(seeds: Sequence[bytes], chance: random.Random, stop: Stop) -> Iterator[bytes]:
    done = 0
    while not stop(done):
        yield mutated(seeds, chance)
        done += 1


def _tried(attempt: Callable[[], str], content: bytes) -> str:
    try:
        return attempt()
    except Exception as error:
        raise Found(repr(error), content) from error


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
