"""The ports in memory, for tests and trials: same contracts, nothing outlives the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

from cache_keys.errors import Refusal
from origin.adapters.memory_records import MemoryRecords
from origin.errors import OriginError, RenderFailed
from origin.values import Derivative, DerivativeName

__all__ = [
    "MemoryDerivatives",
    "MemoryLocks",
    "MemoryObjects",
    "MemoryRecords",
    "MemorySources",
    "ThreadWorkers",
]

T = TypeVar("T")


class MemoryObjects:
    """ObjectStore in a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    async def get(self, name: str) -> bytes | None:
        """Return the bytes, None when absent."""
        return self._objects.get(name)

    async def put(self, name: str, content: bytes) -> bytes:
        """Create it; what is there already wins."""
        return self._objects.setdefault(name, content)

    async def delete(self, name: str) -> None:
        """Remove it; harmless when absent."""
        self._objects.pop(name, None)

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object below ``prefix``; return how many."""
        assert prefix.endswith("/"), f"the prefix {prefix!r} does not end in /"
        names = [name for name in self._objects if name.startswith(prefix)]
        for name in names:
            del self._objects[name]
        return len(names)


class MemorySources:
    """SourceStore in a folder of the caller's, because workers need a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = count()
        self._kept: dict[tuple[str, str], Path] = {}

    @asynccontextmanager
    async def receive(self) -> AsyncIterator[Path]:
        """Lend a fresh path; gone afterwards."""
        path = self._folder / f"received-{next(self._count)}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def adopt(self, tenant: str, asset: str, received: Path) -> None:
        """Keep it; harmless when it is there already."""
        kept = self._folder / f"kept-{next(self._count)}"
        kept.hardlink_to(received)
        before = self._kept.pop((tenant, asset), None)
        self._kept[tenant, asset] = kept
        if before is not None:
            before.unlink()

    @asynccontextmanager
    async def local_path(self, tenant: str, asset: str) -> AsyncIterator[Path | None]:
        """Lend the path, None when absent."""
        yield self._kept.get((tenant, asset))

    async def delete(self, tenant: str, asset: str) -> None:
        """Remove it; harmless when absent."""
        kept = self._kept.pop((tenant, asset), None)
        if kept is not None:
            kept.unlink()


class MemoryDerivatives:
    """DerivativeStore in a dictionary, with the records for compare and set."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records
        self._stored: dict[DerivativeName, Derivative] = {}

    async def get(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return it if it is of that generation or a newer one."""
        return self.get_now(name, generation=generation)

    def get_now(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return the same: nothing here is waited for."""
        stored = self._stored.get(name)
        return stored if stored is not None and stored.generation >= generation else None

    def is_absent_now(self, name: DerivativeName) -> bool:
        """Say whether nothing of that name is here."""
        return name not in self._stored

    def reader_now(
        self, name: DerivativeName, derivative: Derivative
    ) -> Callable[[], bytes | None]:
        """Return what looks for it again."""
        return lambda: derivative.content if self._stored.get(name) == derivative else None

    async def put(self, name: DerivativeName, derivative: Derivative) -> Derivative:
        """Store it unless it is superseded; an equal or newer one wins."""
        asset = await self._records.asset(name.tenant, name.asset)
        if asset is None or asset.is_erased or asset.generation != derivative.generation:
            raise RenderFailed("render.superseded", log=name.path)
        stored = await self.get(name, generation=derivative.generation)
        if stored is None:
            self._stored[name] = stored = derivative
        return stored


class MemoryLocks:
    """HostLocks of one process that is the whole host."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Wait for the lock of that name and hold it."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            yield

    def is_held(self, name: str) -> bool:
        """Return whether somebody holds it now."""
        lock = self._locks.get(name)
        return lock is not None and lock.locked()


class ThreadWorkers:
    """Workers without processes: a job that overruns is left behind, one that crashes takes us."""

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = False,
    ) -> T:
        """Run it in a thread, which waits for none. Raises as the port says, where it can know."""
        del is_background
        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.to_thread(job, *args)
        except TimeoutError as error:
            raise RenderFailed("render.deadline") from error
        except MemoryError as error:
            raise RenderFailed("render.crashed") from error
        except (OriginError, Refusal):
            raise
        except Exception as error:
            raise RenderFailed("render.failed", log=repr(error)) from error

    def alive(self) -> int:
        """Return 1: this process."""
        return 1
