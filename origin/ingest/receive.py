"""Takes in an upload: counts, hashes and writes it as it streams."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from blake3 import blake3

from cache_keys.ids import content_hasher
from origin.errors import PhotoRefused, StoreUnavailable
from origin.ingest.caps import Caps

BATCH_BYTES: Final = 1 << 20
"""Bytes gathered before a thread hashes and writes them: network chunks are 16 to 64 kB."""


@dataclass(frozen=True, slots=True)
class Received:
    """An upload that lies whole on the disk. Digests are 64 hex characters."""

    size_bytes: int
    digest: str  # plain BLAKE3-256: integrity, recipes
    content: str  # keyed with the tenant's id key (GRAMMAR, ids)


async def receive(chunks: AsyncIterator[bytes], to: Path, caps: Caps, id_key: bytes) -> Received:
    """Write a stream to ``to``, which must not exist, and return its size and digests, fsynced.

    id_key: the tenant's 32 secret bytes. On any error the file is gone.
    Raises PhotoRefused "photo.too_large" as soon as the limit is passed, "photo.empty" without a
    byte, StoreUnavailable ("store.full", "store.unavailable").
    """
    writer = await asyncio.to_thread(_Writer.open, to, id_key, caps.upload_bytes)
    try:
        batch: list[bytes] = []
        async for chunk in chunks:
            batch.append(chunk)
            if sum(map(len, batch)) >= BATCH_BYTES:
                await asyncio.to_thread(writer.add, batch)
                batch = []
        received = await asyncio.to_thread(writer.finish, batch)
    except BaseException:  # also when the client goes away and the task is cancelled
        await asyncio.shield(asyncio.to_thread(writer.discard))
        raise
    return received


class _Writer:
    """One upload on its way to the disk.

    A cancelled task may leave a thread behind that still writes: the lock lets it end before the
    file is closed, so that its descriptor can never be another file's.
    """

    def __init__(self, path: Path, file: BinaryIO, id_key: bytes, size_bytes_max: int) -> None:
        self._path = path
        self._file = file
        self._lock = threading.Lock()
        self._plain = blake3()
        self._keyed = content_hasher(id_key)
        self._size_bytes = 0
        self._size_bytes_max = size_bytes_max

    @classmethod
    def open(cls, path: Path, id_key: bytes, size_bytes_max: int) -> _Writer:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _store_error(error) from error
        return cls(path, os.fdopen(descriptor, "wb", buffering=0), id_key, size_bytes_max)

    def add(self, batch: list[bytes]) -> None:
        with self._lock:
            for piece in batch:
                self._add(piece)

    def _add(self, piece: bytes) -> None:
        self._size_bytes += len(piece)
        if self._size_bytes > self._size_bytes_max:
            raise PhotoRefused("photo.too_large", log=f"over {self._size_bytes_max} bytes")
        self._plain.update(piece)
        self._keyed.update(piece)
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise _store_error(error) from error

    def finish(self, batch: list[bytes]) -> Received:
        self.add(batch)
        with self._lock:
            return self._finish()

    def _finish(self) -> Received:
        if not self._size_bytes:
            raise PhotoRefused("photo.empty", log="0 bytes")
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _store_error(error) from error
        return Received(self._size_bytes, self._plain.hexdigest(), self._keyed.hexdigest())

    def discard(self) -> None:
        with self._lock:
            self._file.close()
            self._path.unlink(missing_ok=True)


def _store_error(error: OSError) -> StoreUnavailable:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StoreUnavailable("store.full" if is_full else "store.unavailable", log=str(error))
