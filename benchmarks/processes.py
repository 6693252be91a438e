"""What a tree of processes costs: CPU time and memory, read from /proc, so Linux only."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
#: Fields of /proc/PID/stat after the name, which may hold anything: proc(5), counted from state.
PARENT, UTIME, STIME, CUTIME, CSTIME = 1, 11, 12, 13, 14
#: Between two looks at the memory of a tree, in seconds.
SAMPLE_S = 0.02


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) is not None:
            parents.setdefault(int(fields[PARENT]), []).append(int(entry.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += parents.get(pid, [])
    return found


def cpu_s(root: int) -> float:
    """Return CPU seconds of a tree, children that were waited for included.

    Of living threads, the scheduler's own nanoseconds: the ticks of 10 ms that it is usually told
    in are as long as a picture. Ticks count where they say more, for the threads that have ended.
    """
    total_s = 0.0
    for pid in tree(root):
        fields = _stat(pid)
        if fields is not None:
            own, waited = (
                sum(int(fields[index]) for index in pair) / TICKS_PER_S
                for pair in ((UTIME, STIME), (CUTIME, CSTIME))
            )
            total_s += max(own, _threads_s(pid)) + waited
    return total_s


def _threads_s(pid: int) -> float:
    total_ns = 0
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                total_ns += int((thread / "schedstat").read_text().split()[0])
    return total_ns / 1e9


def pss_mb(root: int) -> float:
    """Return the proportional set size of a tree in MB: shared pages are divided, not repeated.

    Memory files that are open and not mapped are added: the kernel counts them for nobody.
    """
    total_kb, shared_kb = 0, 0
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        shared_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Shmem:"))
    files_kb = sum(memory_files(root).values()) // 1_024
    return (total_kb + max(0, files_kb - shared_kb)) / 1_000


def memory_files(root: int) -> dict[int, int]:
    """Return the bytes of each memory file that a tree has open, by its inode."""
    found: dict[int, int] = {}
    for pid in tree(root):
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if str(link.readlink()).startswith("/memfd:"):
                        at = link.stat()
                        found[at.st_ino] = 512 * at.st_blocks
    return found


class Peak:
    """Samples the memory of a tree while a block runs. ``mb`` is the most that was seen."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.mb = 0.0

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.mb = max(self.mb, pss_mb(self._root))

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        self._thread.join()


@contextmanager
def running(
    command: Sequence[str], log: Path, *, cwd: Path | None = None, env: Mapping[str, str] = {}
) -> Iterator[int]:
    """Run a program in a session of its own; yield its process id; end it and its children."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env={**os.environ, **env},
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=15)
