"""The record of a run beside its trace: what was asked of whom, on which machine, and when."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

RECORD: Final = "run.json"
Shape = Literal["sessions", "overload", "soak", "failure"]


@dataclass
class Record:
    """One run. edge: "", varnish or cloudflare. capacity: requests/s, as measured before it.

    rate: requests/s asked for. origin: how often the origin was asked for each key, and how often
    it rendered it. after: the same since its restart. times: Unix seconds of what was done to it.
    engine: of the origin.
    """

    shape: Shape
    edge: str
    seed: int
    shop: str
    ring: str
    capacity: float = 0.0
    rate: float = 0.0
    seconds: float = 0.0
    origin: dict[str, int] = field(default_factory=dict)
    renders: dict[str, int] = field(default_factory=dict)
    renders_after: dict[str, int] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    softened: int = 0
    engine: str = ""
    machine: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what the run is called in folders and documents."""
        return f"{self.shape}-{self.edge or 'origin'}"


def write_record(folder: Path, record: Record) -> None:
    """Write the record of a run."""
    (folder / RECORD).write_text(json.dumps(asdict(record), indent=1), "utf-8")


def read_record(folder: Path) -> Record:
    """Return the record of a run."""
    return Record(**json.loads((folder / RECORD).read_text("utf-8")))


def machine() -> dict[str, str]:
    """Return what a reader must know to compare figures."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": f"{cpu}, {os.cpu_count()} cores",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "python": platform.python_version(),
        "locust": version("locust"),
        "varnish": _said("varnishd", "-V"),
    }


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return "absent"
    return (done.stdout + done.stderr).partition("\n")[0].strip()
