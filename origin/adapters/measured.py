"""A job that is weighed: how much processor time and memory one call took in its worker."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cache_keys.errors import Refusal
from origin.errors import OriginError

RESET_PEAK = b"5"  # proc(5), clear_refs: the peak resident size starts again from the present one


@dataclass(frozen=True, slots=True)
class Measured:
    """The value or the refusal of a job, its CPU seconds, and its peak MiB above where it began."""

    value: object
    error: OriginError | Refusal | None
    cpu_s: float
    rss_mb: float


@cache
def open_peak() -> int | None:
    """Return the open file that resets the peak, None where there is none.

    A worker opens it before it is confined, since it can write to no file afterwards.
    """
    with suppress(OSError):
        return os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
    return None


def measured(job: Callable[..., object], *args: object) -> Measured:
    """Run a job and weigh it; a refusal is weighed too and comes back instead of being raised."""
    _reset_peak()
    before_mb, before_cpu_s = _status_mb("VmRSS"), _cpu_s()
    value: object = None
    refusal: OriginError | Refusal | None = None
    try:
        value = job(*args)
    except (OriginError, Refusal) as error:
        refusal = error
    growth_mb = max(0.0, _status_mb("VmHWM") - before_mb)
    return Measured(value, refusal, _cpu_s() - before_cpu_s, growth_mb)


def _reset_peak() -> None:
    """Start the peak again; where that is not allowed, it is that of the whole process."""
    peak = open_peak()
    if peak is not None:
        with suppress(OSError):
            os.pwrite(peak, RESET_PEAK, 0)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _status_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0
