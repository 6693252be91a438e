"""Gives a worker one photo without giving it a file system: a copy in memory, as a descriptor.

The level of a master goes the same way: through the socket it is copied eight times.

A worker that was taken over by one customer's photo must not be able to read another's, so it has
no right to the folders where photos are. The copy costs 1 ms for 3 MB and goes with its job.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from origin.adapters.disk import store_errors
from origin.values import Pixels

#: MFD_NOEXEC_SEAL: some hosts allow no other memory file; kernels before 6.3 do not know it.
NOEXEC: Final = 0x0008
CHUNK_BYTES: Final = 1 << 30
Lendable = Path | bytes | Pixels


def can_lend() -> bool:
    """Say whether this system has memory files (Linux does)."""
    return hasattr(os, "memfd_create")


@asynccontextmanager
async def lent(contents: Sequence[Lendable]) -> AsyncIterator[list[int]]:
    """Yield a readable copy of each file and of each content; they are closed at the end.

    Pixels are lent themselves.

    Raises StoreUnavailable when a file cannot be read, or when there is no memory for its copy.
    """
    with store_errors("lend a photo to a worker"):
        if any(isinstance(content, Path) for content in contents):
            copies = await _copied_aside(contents)
        else:  # from memory to memory: not worth a thread
            copies = _copies(contents)
    try:
        yield copies
    finally:
        _close(copies)


async def _copied_aside(contents: Sequence[Lendable]) -> list[int]:
    copying = asyncio.get_running_loop().run_in_executor(None, _copies, contents)
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        copying.add_done_callback(_closed_late)
        raise


def _copies(contents: Sequence[Lendable]) -> list[int]:
    copies: list[int] = []
    try:
        for content in contents:
            copies.append(_copy(content))  # noqa: PERF401 (those that were made are closed below)
    except BaseException:
        _close(copies)
        raise
    return copies


def _copy(content: Lendable) -> int:
    if isinstance(content, Pixels):
        return os.dup(content.file)
    copy = memory_file()
    try:
        if isinstance(content, Path):
            _send(content, copy)
        else:
            _write(content, copy)
        return os.open(f"/proc/self/fd/{copy}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(copy)


def _send(path: Path, copy: int) -> None:
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while os.sendfile(copy, source, None, CHUNK_BYTES):
            pass
    finally:
        os.close(source)


def _write(content: bytes, copy: int) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(copy, rest) :]


def memory_file() -> int:
    """Return a new file that has no name, no disk and can be sealed; raises OSError."""
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create("photo", flags | NOEXEC)
    except OSError:
        return os.memfd_create("photo", flags)


def _close(copies: list[int]) -> None:
    for copy in copies:
        os.close(copy)


def _closed_late(copying: asyncio.Future[list[int]] | Future[list[int]]) -> None:
    if not copying.cancelled() and copying.exception() is None:
        _close(copying.result())
