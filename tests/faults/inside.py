"""Top-level functions that try to leave the sandbox they run in; each returns what it was told."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from origin.adapters.sandbox import Sandbox
from origin.adapters.sandbox_seccomp import Instruction, install


def load_pixels() -> None:
    """Import what the jobs need; this module's package becomes readable by being loaded."""
    from origin.flow.jobs import load

    load()


def told(attempt: Callable[[], object]) -> str:
    """Return "done" or the name of the error."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except ValueError:  # what setrlimit makes of EPERM
        return "EPERM"
    return "done"


def read(path: str) -> str:
    return told(lambda: Path(path).read_bytes())


def listed(path: str) -> str:
    return told(lambda: list(Path(path).iterdir()))


def write(path: str) -> str:
    return told(lambda: Path(path).write_bytes(b"here"))


def remove(path: str) -> str:
    return told(lambda: Path(path).unlink())


def connect(host: str, port: int) -> str:
    return told(lambda: socket.create_connection((host, port), timeout=2).close())


def listen_locally() -> str:
    return told(lambda: socket.socket(socket.AF_UNIX).close())


def execute() -> str:
    return told(lambda: os.execv("/bin/true", ["true"]))  # noqa: S606 (refused)


def run_program() -> str:
    return told(lambda: subprocess.run(["/bin/true"], check=False))


def fork() -> str:
    def attempt() -> None:
        if os.fork() == 0:
            os._exit(0)

    return told(attempt)


def kill_parent() -> str:
    return told(lambda: os.kill(os.getppid(), signal.SIGKILL))


def signal_by_descriptor() -> str:
    """Ask the kernel to signal the parent when a descriptor is ready (F_SETOWN)."""
    import fcntl

    return told(lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()))


def raise_limits() -> str:
    import resource

    return told(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)))


def trace_parent() -> str:
    return _called(101 if os.uname().machine == "x86_64" else 117, 16, os.getppid())


def read_parents_memory() -> str:
    return told(lambda: Path(f"/proc/{os.getppid()}/mem").open("rb").close())


def ring() -> str:
    """io_uring opens and connects without the calls that a filter looks at."""
    return _called(425, 1, ctypes.create_string_buffer(120))


def _called(number: int, *arguments: object) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return "done"
    return errno.errorcode[ctypes.get_errno()]


def start_thread() -> str:
    heard: list[str] = []
    thread = threading.Thread(target=lambda: heard.append(read("/etc/passwd")))
    thread.start()
    thread.join()
    return heard[0]


def read_in_library_thread(path: str) -> str:
    """Open a file in the decoder's own code."""
    from origin.decode.libvips import pyvips

    try:
        pyvips.Image.jpegload(path)
    except pyvips.Error as error:
        return "EACCES" if "denied" in str(error).lower() else str(error)
    return "done"


def lent_bytes(path: Path) -> bytes:
    return path.read_bytes()


def write_to_lent(path: Path) -> str:
    return told(lambda: path.open("r+b").close())


def answer_with(body: bytes, announced: int) -> None:
    """Write to the server's socket past our own protocol, as code that took a worker over would."""
    import sys

    channel = int(sys.orig_argv[3])
    os.write(channel, announced.to_bytes(8, "big") + body)


def environment() -> list[str]:
    return sorted(os.environ)


def status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def without(numbers: list[int]) -> None:
    """Make this process, and all that it starts, live on a kernel without these system calls."""
    load, equal, answer = 0x20, 0x15, 0x06
    program: list[Instruction] = [(load, 0, 0, 0)]
    for number in numbers:
        program += [(equal, 0, 1, number), (answer, 0, 0, 0x0005_0000 | errno.ENOSYS)]
    install([*program, (answer, 0, 0, 0x7FFF_0000)])


def main(sandbox: str, *numbers: str) -> None:
    """Start a pool on such a kernel and say what holds, or why it did not start."""
    import asyncio

    from origin.adapters.pool import WorkerPool
    from origin.adapters.sandbox import WorkerLimits
    from origin.errors import OriginError

    async def started() -> str:
        pool = WorkerPool(1, limits=WorkerLimits(sandbox=Sandbox(sandbox)))
        try:
            await pool.start()
        except OriginError as error:
            return error.log
        layers = pool.confined.layers()
        await pool.close(timeout_s=5)
        return ",".join(name for name, is_on in layers.items() if is_on)

    without([int(number) for number in numbers])
    os.write(1, asyncio.run(started()).encode())


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
