"""The level that a picture is made from: its px, if they are here, else the stored JPEG."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from origin.flow.coalesce import Coalescer, Unlocked
from origin.flow.jobs import decode
from origin.ports import DecodedLevels, ObjectStore, Workers
from origin.values import Pixels


class Rasters:
    """Levels for renders: each is decoded once for all that want it about the same time."""

    def __init__(
        self, objects: ObjectStore, workers: Workers, decoded: DecodedLevels, *, deadline_s: float
    ) -> None:
        """deadline_s: life of a job that decodes one level."""
        self._objects = objects
        self._workers = workers
        self._decoded = decoded
        self._deadline_s = deadline_s
        self._decoding: Coalescer[Pixels | None] = Coalescer(Unlocked())

    async def find(
        self, name: str, epoch: int, sides_px: tuple[int, int], *, made: bytes | None = None
    ) -> Pixels | bytes | None:
        """Return a level's px, or its JPEG where px are not kept; None when it is not stored.

        sides_px: of the level. made: its JPEG, when it was made just now.
        """
        pixels = self._decoded.get(name, epoch)
        if pixels is not None:
            return pixels
        level = made or await self._objects.get(name)
        if level is None:
            return None
        return await self._together(name, epoch, lambda: self._decode(level, sides_px)) or level

    async def _together(
        self, name: str, epoch: int, work: Callable[[], Awaitable[Pixels | None]]
    ) -> Pixels | None:
        async def kept() -> Pixels | None:
            return self._decoded.get(name, epoch)

        async def made() -> Pixels | None:
            pixels = await work()
            if pixels is not None:
                self._decoded.keep(name, epoch, pixels)
            return pixels

        return await self._decoding.run(f"{name}@{epoch}", kept, made)

    async def _decode(self, level: bytes, sides_px: tuple[int, int]) -> Pixels | None:
        pixels = self._decoded.room(sides_px)
        if pixels is not None:
            await self._workers.run(decode, level, pixels, deadline_s=self._deadline_s)
        return pixels
