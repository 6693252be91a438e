"""Levels of masters as pixels in memory files: decoded once, used by what is asked for next.

An editor asks for many crops of one photo, a page for one photo at several sizes and formats.
Decoding a level of 1920 px is half of such a picture's CPU.
"""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Callable
from typing import Final

from cachetools import TTLCache

from origin.adapters.lending import can_lend, memory_file
from origin.values import Pixels

#: A visit is seconds long; memory that nobody asks for goes back to the host.
KEPT_S: Final = 60.0
SIZE_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
LAST_SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class MemoryPixels(Pixels):
    """Pixels that own their file: it is closed when nothing speaks of them any more."""

    def __init__(self, sides_px: tuple[int, int]) -> None:
        """Make an empty one of a size that nobody can change. Raises OSError."""
        super().__init__(memory_file(), sides_px)
        weakref.finalize(self, os.close, self.file)
        os.ftruncate(self.file, self.size_bytes)
        fcntl.fcntl(self.file, fcntl.F_ADD_SEALS, SIZE_SEALS)


class MemoryLevels:
    """DecodedLevels in memory files, least recently used out first, bounded in bytes and time."""

    def __init__(self, bytes_max: int, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        """bytes_max: 0 keeps nothing, nor does a system without memory files."""
        self._bytes_max = bytes_max if can_lend() else 0
        self._epoch = -1
        self._levels: TTLCache[str, Pixels] = TTLCache(
            self._bytes_max, KEPT_S, timer=clock_s, getsizeof=lambda pixels: pixels.size_bytes
        )

    def get(self, name: str, epoch: int) -> Pixels | None:
        """Return the pixels of that level if they are here.

        An epoch ends what was known before, as it ends hot pictures: an erased photo leaves.
        """
        self._begin(epoch)
        return self._levels.get(name)

    def room(self, sides_px: tuple[int, int]) -> Pixels | None:
        """Return empty pixels to fill; None where one level would be more than is kept."""
        self._levels.expire()
        if 3 * sides_px[0] * sides_px[1] > self._bytes_max:
            return None
        try:
            return MemoryPixels(sides_px)
        except OSError:  # no memory, no descriptor: the picture is made without
            return None

    def keep(self, name: str, epoch: int, pixels: Pixels) -> None:
        """Keep them, sealed: the worker that filled them may be in a stranger's hands by now."""
        self._begin(epoch)
        try:
            fcntl.fcntl(pixels.file, fcntl.F_ADD_SEALS, LAST_SEALS)
        except OSError:  # someone can still write
            return
        if epoch == self._epoch:
            self._levels[name] = pixels

    @property
    def size_bytes(self) -> float:
        """Return how many bytes are held."""
        return float(self._levels.currsize)

    def _begin(self, epoch: int) -> None:
        if epoch > self._epoch:
            self._epoch = epoch
            self._levels.clear()
