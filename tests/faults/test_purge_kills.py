"""Workers are killed every few hundred milliseconds; every acknowledged purge arrives all the same.

On SQLite and on PostgreSQL, two worker processes at once. Eight seconds of each in CI;
``CHAOS_S=60`` makes it a minute.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeproof.purge_catalogue import SqlCatalogue
from edgeproof.purging import PurgeRecords
from origin.adapters.records import Database, upgrade
from purge.audit import Audit
from purge.clock import SystemClock
from purge.desk import Desk, Wish
from purge.errors import QueueUnavailable
from purge.queue import Queue
from purge.values import Mode, Order, Subject, What
from tests.faults.purge_worker import NAMES, TERMS, vendors

ROOT = Path(__file__).parents[2]
CHAOS_S = float(os.environ.get("CHAOS_S", "8"))
#: Long enough for any machine; the test ends as soon as all is settled.
PATIENCE_S = 240.0
WORKERS = 2
ROUNDS = 2


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def workers(folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Real worker processes, of which none outlives the test."""
    running = [begin(folder) for _ in range(WORKERS)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """Start one; its log goes to a file."""
    with (folder / "log").open("ab") as log:
        command = [sys.executable, "-m", "tests.faults.purge_worker", str(folder)]
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The records, migrated; the worker processes read it in the folder."""
    if request.param == "PostgreSQL":
        url = str(request.getfixturevalue("postgres_url"))
    else:
        url = f"sqlite:///{tmp_path}/records.sqlite3"
        upgrade(url)
    (tmp_path / "url").write_text(url)
    return url


@pytest.mark.anyio
async def test_every_acknowledged_purge_survives_kills_of_its_workers(
    url: str, tmp_path: Path
) -> None:
    database = Database(url, busy_timeout_s=5.0)
    records, clock = PurgeRecords(database), SystemClock()
    queue = Queue(records, vendors(tmp_path), clock, TERMS)
    audit = Audit(records, clock.now_s)
    desk = Desk(queue, audit, SqlCatalogue())
    ordered: list[Order] = []
    chance = random.Random(7)
    with workers(tmp_path) as running:
        end_s = time.monotonic() + CHAOS_S
        kills = 0
        while time.monotonic() < end_s or kills < WORKERS:
            for _ in range(chance.randrange(4)):
                ordered += await _order(desk, len(ordered), chance)
            await asyncio.sleep(chance.uniform(0.1, 0.4))
            if chance.random() < 0.4:
                victim = chance.randrange(WORKERS)
                running[victim].kill()
                running[victim].wait()
                running[victim] = begin(tmp_path)
                kills += 1
        await _settled(queue, ordered)
    _check(tmp_path, ordered)
    assert await queue.dead_letters() == []
    await audit.verify()
    await database.close()


async def _order(desk: Desk, number: int, chance: random.Random) -> list[Order]:
    """Order a purge; nothing when the records are too busy to take it: nobody was promised it."""
    tags = [f"x-{number}-{index}" for index in range(chance.choice((1, 3, 40)))]
    wish = Wish(Mode.SOFT, "chaos", is_takedown=chance.random() < 0.2)
    try:
        return [await desk.order([Subject(What.TAG, name=tag) for tag in tags], wish)]
    except QueueUnavailable:
        return []


async def _settled(queue: Queue, ordered: list[Order]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    for order in ordered:
        while not (await queue.status(order.order)).is_settled:
            assert time.monotonic() < end_s, "nothing may be stuck"
            await asyncio.sleep(0.1)


def _check(folder: Path, ordered: list[Order]) -> None:
    assert ordered
    known = {target.text: order for order in ordered for target in order.targets}
    for name in NAMES:
        times: dict[str, list[float]] = {text: [] for text in known}
        for line in (folder / f"{name}.jsonl").read_text().splitlines():
            call = json.loads(line)
            for text in call["texts"]:
                times[text].append(call["at_s"])  # a phantom is a KeyError
        for text, order in known.items():
            assert len(times[text]) >= ROUNDS, text
            assert times[text][0] >= order.created_at_s
            hop_s = TERMS.hop_s if name == "shield" else 0.0
            assert times[text][-1] - times[text][0] >= TERMS.second_s - hop_s - 0.01
