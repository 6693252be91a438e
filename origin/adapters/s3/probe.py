"""Does this S3 do what we rest on? Asked at every start, because some do not and say nothing."""

from __future__ import annotations

import secrets

from origin.adapters.s3.bucket import ABSENT, Bucket, unchanged
from origin.errors import StoreUnavailable

#: Beside the shops' names, which never begin with these letters and a dot.
FOLDER = "edgeproof.probe"
FIRST, SECOND = b"first", b"second"


async def probe(bucket: Bucket) -> None:
    """Write, read, list and remove one small object, with every condition that we rely on.

    Raises StoreUnavailable: the store cannot be reached, or the log says what it does wrong.
    """
    name = f"{FOLDER}/{secrets.token_hex(8)}"
    first = await bucket.put(name, FIRST, ABSENT)
    try:
        _must(first is not None, "refuses If-None-Match: * for a name that is free")
        _must(await bucket.put(name, SECOND, ABSENT) is None, "ignores If-None-Match: *")
        wrong = await bucket.put(name, SECOND, unchanged(f'"{"0" * 32}"'))
        _must(wrong is None, "ignores If-Match")
        _must(await bucket.put(name, SECOND, unchanged(str(first))) is not None, "refuses If-Match")
        got = await bucket.get(name)
        _must(got is not None and got.content == SECOND, "does not return what was just written")
        listed = [each.name async for each in bucket.names(f"{FOLDER}/")]
        _must(name in listed, "does not list what was just written")
    finally:
        await bucket.delete(name)
    _must(await bucket.get(name) is None, "returns what was just removed")


async def is_versioned(bucket: Bucket) -> bool:
    """Return whether removed bytes stay as old versions: an erase does not reach those.

    A bucket whose versioning is suspended keeps the versions that it had.
    """
    async with bucket.asking(f"look at the versioning of {bucket.address}"):
        answer = await bucket.client.get_bucket_versioning(Bucket=bucket.address.bucket)
    return "Status" in answer


def _must(is_right: bool, wrong: str) -> None:  # noqa: FBT001 (reads as a sentence)
    if not is_right:
        log = f"this S3 {wrong}: edgeproof needs conditional writes and read-after-write"
        raise StoreUnavailable("store.unavailable", log=log)
