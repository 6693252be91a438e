"""Where objects and sources are kept: a folder of this host, or one S3 bucket for many hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from edgeproof.settings import Settings
from origin.adapters.disk import Disk, store_errors
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.stores import KeptObjects, KeptSources
from origin.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Store:
    """Objects, sources, a question whether they can be reached, and where they are in words.

    left: says what may keep the bytes of what was removed here, one sentence each.
    """

    disk: Disk
    objects: KeptObjects
    sources: KeptSources
    ping: Callable[[], Awaitable[None]]
    where: str
    left: Callable[[], Awaitable[Sequence[str]]]


#: What an erase cannot end in a bucket.
COPIES_LEFT = (
    "Copies of the source that running servers made to read it: each drops its own within"
    " EDGEPROOF_QUOTA_EVERY_S (a minute by default), one that was killed at its next start."
)
VERSIONS_LEFT = "Old versions in the bucket, which keeps them: until its lifecycle rule ends them."
VERSIONS_UNKNOWN = "Old versions in the bucket, if it keeps any: it could not be asked."


@asynccontextmanager
async def open_store(
    settings: Settings, on_damage: Callable[[str], None], *, is_tried: bool
) -> AsyncIterator[Store]:
    """Open the store that the settings name.

    is_tried: whether S3 must first show that it does what we rest on, with a dozen small requests.
    Raises StoreUnavailable, whose log says what is wrong.
    """
    async with AsyncExitStack() as stack:
        disk = await asyncio.to_thread(Disk, settings.data_dir / "objects")
        stack.callback(disk.close)

        async def ping_disk() -> None:
            await asyncio.to_thread(probe_disk, disk)

        if settings.s3_address is None:
            objects = FileObjects(disk, on_damage=on_damage)
            where = f"files in {disk.root}"
            yield Store(disk, objects, FileSources(disk), ping_disk, where, _nothing_left)
            return

        # An origin without S3 never loads its client: 0.6 CPU s and 38 MB (docs/storage.md).
        from origin.adapters.s3.connection import open_bucket
        from origin.adapters.s3.objects import S3Objects
        from origin.adapters.s3.probe import is_versioned, probe
        from origin.adapters.s3.sources import S3Sources

        opening = open_bucket(settings.s3_address, settings.s3_limits)
        bucket = await stack.enter_async_context(opening)
        where = str(bucket.address)
        if is_tried:
            await probe(bucket)
            where += ", conditional writes work"
            if await is_versioned(bucket):
                where += "; VERSIONING IS ON: erased photos stay as old versions"
        sources = S3Sources(bucket, disk, copies_bytes=settings.source_copies_mb * 1_000_000)
        stack.push_async_callback(sources.close)

        async def ping() -> None:
            await ping_disk()
            await bucket.ping()

        async def left() -> Sequence[str]:
            try:
                return (
                    (COPIES_LEFT, VERSIONS_LEFT) if await is_versioned(bucket) else (COPIES_LEFT,)
                )
            except StoreUnavailable:
                return (COPIES_LEFT, VERSIONS_UNKNOWN)

        yield Store(disk, S3Objects(bucket, on_damage=on_damage), sources, ping, where, left)


async def _nothing_left() -> Sequence[str]:
    return ()


def probe_disk(disk: Disk) -> None:
    """Write and remove a small file; raises StoreUnavailable where that is not possible."""
    path = disk.scratch_path()
    with store_errors("write to the object folder"):
        disk.write(path, b"probe")
    disk.discard(path)
