"""The worker processes of previews, as the settings want them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from edgeproof.settings import Settings
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.flow.jobs import describe_engine, load, warm

#: Workers give way to the HTTP processes, whose hits take less than a millisecond; among
#: themselves, and while nothing else runs, it costs them nothing.
NICENESS = 5


@asynccontextmanager
async def open_pool(settings: Settings) -> AsyncIterator[WorkerPool]:
    """Start the worker processes; at the end let them finish, then end them."""
    pool = worker_pool(settings, load)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close(timeout_s=settings.drain_s)


def worker_pool(settings: Settings, load: Callable[[], None]) -> WorkerPool:
    """Return the processes that make previews, not started yet. load: what they import first."""
    return WorkerPool(
        workers=settings.workers,
        limits=WorkerLimits(
            memory_mb=settings.worker_memory_mb, sandbox=settings.sandbox, niceness=NICENESS
        ),
        jobs_max=settings.worker_max_jobs,
        load=load,
        warm=warm,
    )


async def engine_of(pool: WorkerPool, settings: Settings) -> str:
    """Ask a worker what makes the pixels on this host; the HTTP process never loads libvips."""
    return await pool.run(describe_engine, deadline_s=settings.render_deadline_s)
