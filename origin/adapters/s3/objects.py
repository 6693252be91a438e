"""Masters and previews in a bucket: the same names and the same bytes as on a disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from blake3 import blake3

from origin.adapters.s3.bucket import ABSENT, Bucket, unchanged
from origin.adapters.sealed import Note, note_bytes, unsealed
from origin.adapters.stores import Found, Listed, Wins
from origin.adapters.to_its_end import to_its_end
from origin.errors import StoreUnavailable

# A name that changes this often under one put means that something else is wrong.
ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class StagedInBucket:
    """The outcome of a put: our ETag, or what stood there and won.

    Bytes are safe in a bucket only under a name, so they have theirs before publish(). That breaks
    no promise: a preview is asked for only after the records said that its photo lives, and found
    only when the generation in its note is not older than theirs.
    """

    etag: str | None
    found: Found | None

    async def publish(self) -> Found | None:
        """Return what stands there instead."""
        return self.found

    def publish_here(self) -> Found | None:
        """Do the same in any thread."""
        return self.found


class S3Objects:
    """ObjectStore in a Bucket; each object is its content and a note (origin.adapters.sealed)."""

    def __init__(
        self, bucket: Bucket, *, on_damage: Callable[[str], None] = lambda _: None
    ) -> None:
        """``on_damage`` gets the name of each object that was found damaged and removed."""
        self._bucket = bucket
        self._on_damage = on_damage

    async def get(self, name: str) -> bytes | None:
        """Return the content; None when absent, or damaged, reported and removed."""
        found = await self.read(name)
        return None if found is None else found[0]

    async def put(self, name: str, content: bytes) -> bytes:
        """Create it and return what is stored: sound bytes that stand there win."""
        note = Note(blake3(content).digest())
        staged = await self._whole_put(name, content, note, lambda _: True)
        return content if staged.found is None else staged.found[0]

    async def delete(self, name: str) -> None:
        """Remove it; harmless when absent."""
        await self._bucket.delete(name)

    async def delete_prefix(self, prefix: str) -> int:
        """Remove everything below ``prefix`` (ends in ``/``); return how many."""
        assert prefix.endswith("/"), f"the prefix {prefix!r} does not end in /"
        return await self._bucket.delete_below(prefix)

    async def read(self, name: str) -> Found | None:
        """Return content and note; None when absent, or damaged, reported and removed."""
        got = await self._bucket.get(name)
        found = None if got is None else unsealed(name, got.content)
        if got is not None and found is None:
            self._on_damage(name)
            await self._bucket.delete(name, got.etag)
        return found

    def read_now(self, name: str) -> Found | None:
        """Return None: a bucket is always waited for."""
        del name
        return None

    def is_absent_now(self, name: str) -> bool:
        """Return False: a bucket is always waited for."""
        del name
        return False

    def reader_now(self, name: str, size_bytes: int) -> Callable[[], bytearray | None]:
        """Return what says None each time."""
        del name, size_bytes
        return lambda: None

    @asynccontextmanager
    async def staged(
        self, name: str, content: bytes, note: Note, wins: Wins
    ) -> AsyncIterator[StagedInBucket]:
        """Put the bytes; an error inside takes them back, and only them."""
        staged = await self._whole_put(name, content, note, wins)
        try:
            yield staged
        except BaseException:
            if staged.etag is not None:
                await to_its_end(asyncio.ensure_future(self._withdraw(name, staged.etag)))
            raise

    async def folders(self, prefix: str) -> set[str]:
        """Return the segments that follow ``prefix`` (ends in ``/``)."""
        return await self._bucket.folders(prefix)

    async def names(self, prefix: str) -> AsyncIterator[Listed]:
        """Go through every object below ``prefix`` (ends in ``/``)."""
        async for listed in self._bucket.names(prefix):
            yield listed

    async def _whole_put(self, name: str, content: bytes, note: Note, wins: Wins) -> StagedInBucket:
        """Put to the end even when the caller is cancelled: half a put cannot be taken back."""
        stored = content + note_bytes(name, note)
        return await to_its_end(asyncio.ensure_future(self._put(name, stored, wins)))

    async def _put(self, name: str, stored: bytes, wins: Wins) -> StagedInBucket:
        async with self._bucket.asking(f"store {name}"):
            condition = ABSENT
            for _ in range(ATTEMPTS):
                etag = await self._bucket.put(name, stored, condition)
                if etag is not None:
                    return StagedInBucket(etag, None)
                got = await self._bucket.get(name)
                if got is None:
                    condition = ABSENT
                    continue
                if got.content == stored:  # our own: sent again because its answer was lost
                    return StagedInBucket(got.etag, None)
                found = unsealed(name, got.content)
                if found is not None and wins(found[1]):
                    return StagedInBucket(None, found)
                condition = unchanged(got.etag)
        raise StoreUnavailable("store.unavailable", log=f"{name} changes too often")

    async def _withdraw(self, name: str, etag: str) -> None:
        """Remove our writing; what cannot be removed now is never found, and swept."""
        with suppress(StoreUnavailable):
            await self._bucket.delete(name, etag)
