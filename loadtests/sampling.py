"""Memory, descriptors and temporaries of a tree of processes, looked at again and again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

SAMPLES: Final = "samples.jsonl"
EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. at_s: Unix seconds. pss_bytes: memory of the tree, shared pages counted once."""

    at_s: float
    pss_bytes: int
    descriptors: int
    temporaries: int


def look(pid: int, scratch: Path) -> Sample:
    """Return what a process and all below it hold now; one that ends meanwhile counts nothing."""
    pss_bytes = descriptors = 0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                pss_bytes += process.memory_full_info().pss
                descriptors += process.num_fds()
    temporaries = sum(1 for path in scratch.rglob("*") if path.is_file())
    return Sample(time.time(), pss_bytes, descriptors, temporaries)


@contextmanager
def sampled(pid: int, scratch: Path, folder: Path) -> Iterator[None]:
    """Write a sample every two seconds while the block runs, and one when it has ended."""
    ended = threading.Event()

    def watch() -> None:
        with (folder / SAMPLES).open("w", encoding="utf-8") as file:
            while not ended.wait(EVERY_S):
                file.write(json.dumps(asdict(look(pid, scratch))) + "\n")
            file.write(json.dumps(asdict(look(pid, scratch))) + "\n")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def read_samples(folder: Path) -> list[Sample]:
    """Return the samples of a run; none when it was not watched."""
    path = folder / SAMPLES
    if not path.exists():
        return []
    return [Sample(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
