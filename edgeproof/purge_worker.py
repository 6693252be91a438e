"""The purge's worker: inside `serve` for the embedded default, and as `purge work` by itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from edgeproof import logs, settings
from edgeproof.purging import Purging, open_purging
from edgeproof.wiring import open_stores
from purge.work import run_worker

WORKER_STARTED = "purge_worker_started"
WORKER_STOPPED = "purge_worker_stopped"


@asynccontextmanager
async def working(
    purging: Purging,
    registry: CollectorRegistry,
    logger: Any,  # structlog's own type
) -> AsyncIterator[asyncio.Task[None]]:
    """Work the queue beside the block; at its end finish the calls under way."""
    stop = asyncio.Event()
    worker = purging.worker(registry, logger)
    running = run_worker(worker, stop, signer=purging.signer, heads=purging.head_file)
    task = asyncio.create_task(running)
    try:
        yield task
    finally:
        stop.set()
        purging.queue.wake()
        await task


async def work() -> None:
    """Work until SIGTERM or SIGINT."""
    loaded = settings.load()
    logs.configure(loaded.log_level)
    logger = structlog.get_logger()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        open_stores(loaded, is_new_allowed=False) as stores,
        open_purging(loaded, stores.database) as purging,
        working(purging, CollectorRegistry(), logger) as task,
    ):
        logger.info(WORKER_STARTED, providers=list(purging.providers))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, task), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
    logger.info(WORKER_STOPPED)
