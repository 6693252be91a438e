"""Uploads in a bucket: plain bytes under their asset's id, copied to this host when read."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from blake3 import blake3
from botocore.exceptions import ClientError

from origin.adapters.disk import Disk
from origin.adapters.file_objects import lent_scratch, source_name
from origin.adapters.s3.bucket import Bucket, Condition, since_s
from origin.adapters.s3.copies import Copies, Copy
from origin.adapters.s3.errors import NOT_MODIFIED, is_absent, status_of
from origin.adapters.stores import IsErased
from origin.adapters.threads import in_thread
from origin.adapters.to_its_end import to_its_end
from origin.errors import StoreUnavailable

#: Read and written at a time: what one transfer holds in memory.
PIECE_BYTES = 1 << 20
#: Where the digest (BLAKE3-256, hex) stands in the object's metadata.
DIGEST = "blake3"


@dataclass(frozen=True, slots=True)
class Digests:
    """BLAKE3-256 for us, SHA-256 for S3, of one file."""

    ours: str
    s3: str


class S3Sources:
    """SourceStore in a Bucket, with copies on this host's Disk."""

    def __init__(self, bucket: Bucket, disk: Disk, *, copies_bytes: int) -> None:
        """``copies_bytes``: local copies that are kept though nobody reads them."""
        self._bucket = bucket
        self._disk = disk
        self._copies = Copies(disk, copies_bytes)

    async def close(self) -> None:
        """Remove the local copies."""
        await self._copies.close()

    def receive(self) -> AbstractAsyncContextManager[Path]:
        """Lend a fresh path on this host; what is left there afterwards is removed."""
        return lent_scratch(self._disk)

    async def adopt(self, tenant: str, asset: str, received: Path) -> None:
        """Keep a received file. An id is its content, so writing over it only mends and renews."""
        digests = await in_thread(self._disk.readers, "read an upload", _digests, received)
        name = source_name(tenant, asset)
        await to_its_end(asyncio.ensure_future(self._upload(name, received, digests)))

    @asynccontextmanager
    async def local_path(self, tenant: str, asset: str) -> AsyncIterator[Path | None]:
        """Lend the path of a copy that S3 has just confirmed, None when absent there."""
        name = source_name(tenant, asset)
        async with self._copies.lend(name, partial(self._fetch, name)) as path:
            yield path

    async def delete(self, tenant: str, asset: str) -> None:
        """Remove it; harmless when absent."""
        name = source_name(tenant, asset)
        await self._bucket.delete(name)
        await self._copies.forget(name)

    async def drop_copies(self, is_erased: IsErased) -> int:
        """Drop this host's copies of erased photos, lent ones when they come back."""
        count = 0
        for name in self._copies.names():
            tenant, _, asset = name.split("/")
            if await is_erased(tenant, asset):
                await self._copies.forget(name)
                count += 1
        return count

    async def ages_s(self, tenant: str) -> dict[str, float]:
        """Return each source's asset id and the seconds since it was last taken in."""
        ages_s = {}
        async for listed in self._bucket.names(f"{tenant}/sources/"):
            ages_s[listed.name.rpartition("/")[2]] = listed.age_s
        return ages_s

    async def delete_older_than(self, tenant: str, asset: str, age_s: float) -> bool:
        """Look at its age once more, then remove it; return whether it was removed.

        S3 has no removal on condition of an age: an upload of the very same bytes between the two
        requests loses its source, and the shop sees ``store.damaged`` until it uploads again.
        """
        name = source_name(tenant, asset)
        async with self._bucket.asking(f"look at {name}"):
            try:
                head = await self._bucket.client.head_object(**self._bucket.where(name))
            except ClientError as error:
                if is_absent(error):
                    return False
                raise
        if since_s(head["LastModified"], head["ResponseMetadata"]["HTTPHeaders"]) <= age_s:
            return False
        removed = await self._bucket.delete(name, head["ETag"])
        await self._copies.forget(name)
        return removed

    async def _upload(self, name: str, received: Path, digests: Digests) -> None:
        with received.open("rb") as body:
            async with self._bucket.asking(f"keep {name}", self._bucket.limits.transfer_s):
                await self._bucket.client.put_object(
                    **self._bucket.where(name),
                    Body=body,
                    ChecksumSHA256=digests.s3,
                    Metadata={DIGEST: digests.ours},
                )

    async def _fetch(self, name: str, path: Path, known: Copy | None) -> Copy | None:
        condition: Condition = {} if known is None else {"IfNoneMatch": known.etag}
        async with self._bucket.asking(f"fetch {name}", self._bucket.limits.transfer_s):
            try:
                async for attempt in self._bucket.again():
                    with attempt:
                        return await self._download(name, path, condition)
            except ClientError as error:
                if status_of(error) == NOT_MODIFIED:
                    return known
                if is_absent(error):
                    return None
                raise
        raise AssertionError("the last attempt returns or raises")

    async def _download(self, name: str, path: Path, condition: Condition) -> Copy:
        """Stream the object to a file and prove it against the digest that was stored with it."""
        answer = await self._bucket.client.get_object(**self._bucket.where(name), **condition)
        digest, writers = blake3(), self._disk.writers
        body = answer["Body"]
        async with body:  # gives up the connection; what it returns checks no length
            await in_thread(writers, "begin a copy", path.write_bytes, b"")
            async for piece in body.iter_chunks(PIECE_BYTES):
                digest.update(piece)
                await in_thread(writers, "write a copy", _append, path, piece)
        if digest.hexdigest() != answer["Metadata"].get(DIGEST, digest.hexdigest()):
            raise StoreUnavailable("store.damaged", log=f"{name} is not what was uploaded")
        return Copy(path, answer["ETag"], answer["ContentLength"])


def _append(path: Path, piece: bytes) -> None:
    with path.open("ab") as file:
        file.write(piece)


def _digests(path: Path) -> Digests:
    ours, s3 = blake3(), hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            ours.update(piece)
            s3.update(piece)
    return Digests(ours.hexdigest(), b64encode(s3.digest()).decode())
