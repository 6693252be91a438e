"""What a worker holds of the machine's memory, and how it gives back what jobs have freed."""

from __future__ import annotations

import ctypes
import resource
import sys
from pathlib import Path
from typing import Final

RESIDENT_GROWTH_KEPT: Final = 32 << 20
"""Bytes above what was left the last time. A pass over a 12 MP JPEG takes 25 MB (measured)."""


def resident_bytes() -> int:
    """Return what this process holds of the machine's memory (proc(5), statm). Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class _Level:
    """What the process held after memory was last given back."""

    resident_bytes = 0


def release_memory(growth_kept: int = RESIDENT_GROWTH_KEPT) -> None:
    """Return freed memory to the kernel where the C library can, once there is more than that.

    Taking the same pages again for the next photo costs 25 ms for 12 MP (measured).
    """
    if sys.platform != "linux" or resident_bytes() <= _Level.resident_bytes + growth_kept:
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    _Level.resident_bytes = resident_bytes()
