"""A job that is weighed: how much processor time and memory one call took in its worker."""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cache_keys.errors import Refusal
from origin.errors import OriginError

RESET_PEAK = "5"  # proc(5), clear_refs: the peak resident size starts again from the present one


@dataclass(frozen=True, slots=True)
class Measured:
    """The value or the refusal of a job, its CPU seconds, and its peak MiB above where it began."""

    value: object
    error: OriginError | Refusal | None
    cpu_s: float
    rss_mb: float


def measured(job: Callable[..., object], *args: object) -> Measured:
    """Run a job and weigh it; a refusal is weighed too and comes back instead of being raised."""
    with suppress(OSError):  # where it is not allowed, the peak of the whole process is taken
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before_mb, before_cpu_s = _status_mb("VmRSS"), _cpu_s()
    value: object = None
    refusal: OriginError | Refusal | None = None
    try:
        value = job(*args)
    except (OriginError, Refusal) as error:
        refusal = error
    growth_mb = max(0.0, _status_mb("VmHWM") - before_mb)
    return Measured(value, refusal, _cpu_s() - before_cpu_s, growth_mb)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _status_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0
