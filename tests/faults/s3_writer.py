"""A program that puts objects, previews and sources into S3 until it is killed, and says which."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.records import Database, SqlRecords
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.sources import S3Sources
from tests.contract.samples import derivative, derivative_name
from tests.faults.writers import WRITERS, content_of, say


async def put_objects(folder: Path, store: S3Address) -> None:
    """Put until killed."""
    disk = Disk(folder / "objects")
    database = Database(f"sqlite:///{folder}/records.sqlite3", busy_timeout_s=30)
    async with open_bucket(store, S3Limits()) as bucket:
        objects, sources = S3Objects(bucket), S3Sources(bucket, disk, copies_bytes=0)
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


if __name__ == "__main__":
    asyncio.run(put_objects(Path(sys.argv[1]), S3Address(*sys.argv[2:6])))
