"""The few things that we ask of one S3 bucket, each bounded in time and in bytes.

Who retries: botocore in its ``standard`` mode, which knows S3's passing errors, signs anew, rewinds
bodies, and has a budget that keeps retries from making an outage worse; stamina where an answer
broke after its head, which botocore leaves to its caller.
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import stamina
from aiobotocore.response import AioReadTimeoutError
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from origin.adapters.disk import plain_name
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.errors import CONDITION_FAILED, is_absent, s3_errors, status_of
from origin.adapters.stores import Listed
from origin.errors import StoreUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import GetObjectOutputTypeDef, ListObjectsV2OutputTypeDef

#: S3's own bound on one page of a list and on one batch of removals.
PAGE = 1000
BROKEN_BODY = (
    aiohttp.ClientError,
    AioReadTimeoutError,
    IncompleteReadError,
    ResponseStreamingError,
)
#: A broken body is asked for again after so many seconds, twice that, …
AGAIN_S = (0.05, 0.5)

#: A parameter of a call that S3 obeys or refuses. Of a put: the name is free, or still has the
#: bytes that we saw.
Condition = Mapping[str, Any]
ABSENT: Condition = {"IfNoneMatch": "*"}


def unchanged(etag: str) -> Condition:
    """Return the condition that the name still has the bytes of that ETag."""
    return {"IfMatch": etag}


@dataclass(frozen=True, slots=True)
class Got:
    """An object's bytes and the ETag that names this writing of it."""

    content: bytes
    etag: str


class Bucket:
    """One bucket below one prefix. Names are plain segments, as on a disk."""

    def __init__(self, client: S3Client, address: S3Address, limits: S3Limits) -> None:
        self.address = address
        self.limits = limits
        self.client = client

    def where(self, name: str) -> dict[str, Any]:
        """Return bucket and key of a name, as parameters of the client's calls."""
        plain_name(name.removesuffix("/"))
        return {"Bucket": self.address.bucket, "Key": f"{self.address.prefix}{name}"}

    @asynccontextmanager
    async def asking(self, doing: str, time_s: float | None = None) -> AsyncIterator[None]:
        """Bound what is asked inside and turn its failures into StoreUnavailable."""
        with s3_errors(doing):
            async with asyncio.timeout(time_s or self.limits.operation_s):
                yield

    async def ping(self) -> None:
        """Ask whether the bucket is there. Raises StoreUnavailable."""
        async with self.asking(f"reach {self.address}"):
            await self.client.head_bucket(Bucket=self.address.bucket)

    async def get(self, name: str) -> Got | None:
        """Return a whole object, None when absent."""
        async with self.asking(f"read {name}"):
            try:
                async for attempt in self.again():
                    with attempt:
                        return await self._read(name)
            except ClientError as error:
                if is_absent(error):
                    return None
                raise
        raise AssertionError("the last attempt returns or raises")

    async def put(self, name: str, content: bytes, condition: Condition) -> str | None:
        """Write a whole object and return its ETag; None when the condition does not hold."""
        if len(content) > self.limits.object_bytes:
            log = f"{name} has {len(content)} bytes, more than {self.limits.object_bytes}"
            raise StoreUnavailable("store.unavailable", log=log)
        async with self.asking(f"write {name}"):
            try:
                answer = await self.client.put_object(
                    **self.where(name),
                    **condition,
                    Body=content,
                    ChecksumSHA256=b64encode(hashlib.sha256(content).digest()).decode(),
                )
            except ClientError as error:
                if status_of(error) in CONDITION_FAILED and condition and not _is_lost(error):
                    return None
                raise
        return answer["ETag"]

    async def delete(self, name: str, etag: str | None = None) -> bool:
        """Remove a name; with ``etag`` only that writing of it: False when it is another now."""
        condition: Condition = {} if etag is None else unchanged(etag)
        async with self.asking(f"remove {name}"):
            try:
                await self.client.delete_object(**self.where(name), **condition)
            except ClientError as error:
                if status_of(error) in CONDITION_FAILED and not _is_lost(error):
                    return False
                raise
        return True

    async def delete_below(self, prefix: str) -> int:
        """Remove every name below ``prefix``, a page at a time; return how many."""
        removed = 0
        while names := [listed.name for listed in self._listed(await self._page(prefix))]:
            await self._delete_batch(names)
            removed += len(names)
        return removed

    async def names(self, prefix: str) -> AsyncIterator[Listed]:
        """Go through every name below ``prefix`` (ends in ``/``), in order."""
        async for page in self._pages(prefix):
            for listed in self._listed(page):
                yield listed

    async def folders(self, prefix: str) -> set[str]:
        """Return the segments that follow ``prefix`` (ends in ``/``)."""
        found: set[str] = set()
        async for page in self._pages(prefix, Delimiter="/"):
            starts = (each["Prefix"] for each in page.get("CommonPrefixes", ()))
            found.update(start.rstrip("/").rpartition("/")[2] for start in starts)
        return found

    def again(self) -> AsyncIterator[Any]:
        """Try a whole answer again when its body broke."""
        wait_s, wait_max_s = AGAIN_S
        return stamina.retry_context(
            on=BROKEN_BODY,
            attempts=self.limits.attempts,
            timeout=None,
            wait_initial=wait_s,
            wait_max=wait_max_s,
        ).__aiter__()

    async def _read(self, name: str) -> Got:
        answer = await self.client.get_object(**self.where(name))
        body = answer["Body"]
        async with body:  # gives up the connection; what it returns checks no length
            self._must_fit(name, answer)
            return Got(await body.read(), answer["ETag"])

    def _must_fit(self, name: str, answer: GetObjectOutputTypeDef) -> None:
        if answer["ContentLength"] > self.limits.object_bytes:
            log = f"{name} has {answer['ContentLength']} bytes, more than we ever write"
            raise StoreUnavailable("store.unavailable", log=log)

    async def _delete_batch(self, names: Sequence[str]) -> None:
        async with self.asking(f"remove {len(names)} objects"):
            answer = await self.client.delete_objects(
                Bucket=self.address.bucket,
                Delete={
                    "Objects": [{"Key": f"{self.address.prefix}{name}"} for name in names],
                    "Quiet": True,
                },
            )
        for error in answer.get("Errors", ()):
            log = f"cannot remove {error.get('Key')}: {error.get('Code')}"
            raise StoreUnavailable("store.unavailable", log=log)

    async def _pages(self, prefix: str, **more: Any) -> AsyncIterator[ListObjectsV2OutputTypeDef]:
        page = await self._page(prefix, **more)
        yield page
        while page.get("IsTruncated"):
            page = await self._page(prefix, ContinuationToken=page["NextContinuationToken"], **more)
            yield page

    async def _page(self, prefix: str, **more: Any) -> ListObjectsV2OutputTypeDef:
        at = self.where(prefix)
        async with self.asking(f"list {prefix}"):
            return await self.client.list_objects_v2(
                Bucket=at["Bucket"], Prefix=at["Key"], MaxKeys=PAGE, **more
            )

    def _listed(self, page: ListObjectsV2OutputTypeDef) -> Sequence[Listed]:
        headers, ours = page["ResponseMetadata"]["HTTPHeaders"], len(self.address.prefix)
        return [
            Listed(each["Key"][ours:], each["Size"], since_s(each["LastModified"], headers))
            for each in page.get("Contents", ())
        ]


def since_s(written: datetime, headers: Mapping[str, str]) -> float:
    """Return the seconds since then by the server's own clock: ours may be off by an hour.

    Both times are whole seconds, and some servers renew theirs once a second only: never below 0.
    """
    return max(0.0, (parsedate_to_datetime(headers["date"]) - written).total_seconds())


def _is_lost(error: ClientError) -> bool:
    """Return whether it is the bucket that is missing."""
    return not is_absent(error) and status_of(error) == 404
