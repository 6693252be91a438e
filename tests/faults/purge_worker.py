"""A real worker process for the chaos run: ``python -m tests.faults.purge_worker FOLDER``.

Its vendors write each purge into a file, as a line of one write: what is in the file happened.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from edgeproof.purging import PurgeRecords
from origin.adapters.records import Database
from purge.audit import Audit
from purge.clock import SystemClock
from purge.errors import ProviderBusy, ProviderUnavailable
from purge.observe import Watch
from purge.ports import Provider
from purge.queue import Queue, Terms
from purge.send import Pace, Worker
from purge.values import Acceptance, Batch, Kind, Limits
from purge.work import run_worker

TERMS = Terms(
    coalesce_s=0.02, second_s=0.3, hop_s=0.05, lease_s=0.6, inner_wait_s=2.0, pack_targets=16
)
LIMITS = Limits({Kind.TAG: 8}, rate_per_s=400.0, burst=50)
NAMES = {"shield": 0, "cdn": 1}


class FileVendor:
    """Appends what it purges to a file; fails one call in five, before or after the purge."""

    limits = LIMITS

    def __init__(self, folder: Path, name: str, depth: int) -> None:
        self.name = self.account = name
        self.depth = depth
        self._path = folder / f"{name}.jsonl"
        self._chance = random.Random()

    async def send(self, batch: Batch) -> Acceptance:
        """Write one line: the time and the texts."""
        luck = self._chance.random()
        if luck < 0.1:
            raise ProviderBusy(0.05) if luck < 0.05 else ProviderUnavailable()
        await asyncio.sleep(0.005)
        line = json.dumps({"at_s": time.time(), "texts": batch.texts}) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, line.encode())
        os.close(descriptor)
        await asyncio.sleep(0.005)
        if luck > 0.9:
            raise ProviderUnavailable("provider.timeout")
        return Acceptance((self.name,))

    async def close(self) -> None:
        """Nothing is open."""


def vendors(folder: Path) -> dict[str, Provider]:
    """Return the providers of a folder."""
    return {name: FileVendor(folder, name, depth) for name, depth in NAMES.items()}


async def main(folder: Path) -> None:
    """Work until SIGTERM."""
    database = Database((folder / "url").read_text(), busy_timeout_s=5.0)
    records, clock = PurgeRecords(database), SystemClock()
    queue = Queue(records, vendors(folder), clock, TERMS)
    audit = Audit(records, clock.now_s)
    watch = Watch(CollectorRegistry(), structlog.get_logger())
    worker = Worker(queue, audit, watch, pace=Pace(poll_s=0.02, parallel=2), backoff=lambda _: 0.05)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sys.stdout.write("working\n")
    sys.stdout.flush()
    await run_worker(worker, stop)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
