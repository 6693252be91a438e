"""kill -9 in the middle of puts to S3: what was acknowledged is whole, the rest whole or absent."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.records import SqlRecords
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.sources import S3Sources
from tests.contract.samples import derivative_name, with_photo
from tests.faults.writers import content_of

pytestmark = pytest.mark.anyio
KILLS = 4
SEED = 5
ROOT = Path(__file__).parents[2]


@pytest.fixture
def records_path(tmp_path: Path) -> Path:
    """Where the writer looks for them."""
    return tmp_path / "records.sqlite3"


def killed(folder: Path, store: S3Address, after_s: float) -> set[int]:
    """Run the writer, kill it so long after its first word, and return what it acknowledged."""
    where = (store.bucket, store.prefix, str(store.endpoint), str(store.region))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.s3_writer", str(folder), *where],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        said = first + process.stdout.read()
    return set(map(int, re.findall(rb"(\d+)\n", said)))


async def test_a_killed_writer_leaves_nothing_torn_in_the_bucket(
    tmp_path: Path, s3_store: S3Address, records: SqlRecords
) -> None:
    await with_photo(records)
    chance, acknowledged, damaged = random.Random(SEED), set[int](), list[str]()
    for _ in range(KILLS):
        acknowledged |= killed(tmp_path, s3_store, chance.random() / 10)
    assert acknowledged
    disk = Disk(tmp_path / "objects")
    async with open_bucket(s3_store, S3Limits()) as bucket:
        objects = S3Objects(bucket, on_damage=damaged.append)
        sources = S3Sources(bucket, disk, copies_bytes=0)
        derivatives = StoredDerivatives(objects, records)
        for number in range(max(acknowledged) + 10):
            content = content_of(number)
            master = await objects.get(f"acme/masters/{number}/e/640")
            preview = await derivatives.get(derivative_name(f"w_{number}.jpg"), generation=0)
            async with sources.local_path("acme", f"{number}") as path:
                source = None if path is None else path.read_bytes()
            found = (master, preview and preview.content, source)
            assert all(one in (None, content) for one in found), "whole or absent"
            assert number not in acknowledged or None not in found, "acknowledged is stored"
        await sources.close()
    assert damaged == []
    disk.close()
