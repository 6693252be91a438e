"""Programs that are killed: each runs until it is, and says on standard output how far it came."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.host_locks import FileLocks
from origin.adapters.pool import WorkerPool
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.adapters.sandbox import WorkerLimits
from tests.contract import jobs
from tests.contract.samples import derivative, derivative_name

SIZE_BYTES = 60_000
WRITERS = 4


def content_of(number: int) -> bytes:
    """Return the bytes that belong to a number, so that a torn object cannot look whole."""
    return number.to_bytes(4) * (SIZE_BYTES // 4)


async def put_objects(folder: Path) -> None:
    """Put objects, derivatives and sources, and say each number that is stored."""
    disk = Disk(folder / "objects")
    objects, sources = FileObjects(disk), FileSources(disk)
    # Two writers without a pause: SQLite's turns are not fair, and the machine may be busy.
    database = Database(f"sqlite:///{folder}/records.sqlite3", busy_timeout_s=30)
    derivatives = StoredDerivatives(objects, SqlRecords(database))

    async def write(first: int) -> None:
        for number in count(first, WRITERS):
            content = content_of(number)
            await objects.put(f"acme/masters/{number}/e/640", content)
            await derivatives.put(derivative_name(f"w_{number}.jpg"), derivative(content))
            async with sources.receive() as path:
                path.write_bytes(content)
                await sources.adopt("acme", f"{number}", path)
            say(number)

    await asyncio.gather(*(write(first) for first in range(WRITERS)))


async def put_sources(folder: Path) -> None:
    """Put sources, and say each number that is stored."""
    sources = FileSources(Disk(folder / "objects"))
    for number in count():
        async with sources.receive() as path:
            path.write_bytes(content_of(number))
            await sources.adopt("acme", f"{number}", path)
        say(number)


async def leave_scratch(folder: Path) -> None:
    """Begin to write, and wait to be killed."""
    disk = Disk(folder / "objects")
    disk.write(disk.scratch_path(), b"half")
    say("written")
    await asyncio.Event().wait()


async def hold_lock(folder: Path) -> None:
    """Hold one lock for ever."""
    async with FileLocks(folder / "locks").hold("key"):
        say("held")
        await asyncio.Event().wait()


async def keep_busy(_: Path) -> None:
    """Have a worker spin in C, and say its number and that of one that waits."""
    pool = WorkerPool(2, limits=WorkerLimits(memory_mb=256), warm=jobs.nothing)
    await pool.start()
    both = (pool.run(jobs.slow_pid, deadline_s=9) for _ in range(2))
    for pid in await asyncio.gather(*both):
        say(pid)
    await pool.run(jobs.spin_in_c, deadline_s=600)


async def migrate(folder: Path) -> None:
    """Bring new records up to date."""
    say("begins")
    await asyncio.to_thread(upgrade, f"sqlite:///{folder}/records.sqlite3")
    say("done")


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


ALL = (put_objects, put_sources, leave_scratch, hold_lock, keep_busy, migrate)
PROGRAMS = {program.__name__: program for program in ALL}

if __name__ == "__main__":
    asyncio.run(PROGRAMS[sys.argv[1]](Path(sys.argv[2])))
