"""Top-level functions for workers to run."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from origin.errors import PhotoRefused
from origin.values import Pixels


def nothing() -> None:
    """Warm nothing."""


def cannot_start() -> None:
    raise OSError("libvips is not there")


def add(left: int, right: int) -> int:
    return left + right


def many_bytes(count: int) -> bytes:
    return bytes(range(256)) * (count // 256)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wait_s(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def mark_after_s(path: Path, seconds: float) -> None:
    time.sleep(seconds)
    path.write_text("done")


def own_pid() -> int:
    return os.getpid()


def slow_pid() -> int:
    time.sleep(0.2)
    return os.getpid()


def refuse() -> None:
    raise PhotoRefused("photo.damaged", log="at byte 17", field="file")


def mistake() -> None:
    raise ZeroDivisionError("a mistake of ours")


def unsendable() -> Callable[[], None]:
    return lambda: None


def eat_mb(count: int) -> int:
    return len(bytearray(count * 2**20))


def spin_in_c() -> bool:
    """Stay in one C call that never lets go of the interpreter."""
    return re.match(r"(a+)+$", "a" * 60 + "b") is None


def die_by(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(60)


def die_while_answering() -> bytes:
    """Be killed some time while a very large answer is being sent."""
    if os.fork() == 0:
        time.sleep(0.15)
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    return bytes(2**30)


def read_nowhere() -> bytes:
    return ctypes.string_at(0)


def limits() -> dict[str, int]:
    return {
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "is_bounded": int(resource.getrlimit(resource.RLIMIT_AS)[0] > 0),
    }


def say(words: str) -> None:
    os.write(1, words.encode())


def is_loaded(module: str) -> bool:
    return module in sys.modules


def fill(pixels: Pixels, value: int) -> int:
    return os.pwrite(pixels.file, bytes([value]) * pixels.size_bytes, 0)


def sum_of(pixels: Pixels) -> int:
    return sum(os.pread(pixels.file, pixels.size_bytes, 0))


def change(pixels: Pixels) -> str:
    try:
        os.pwrite(pixels.file, b"!", 0)
    except PermissionError as error:
        return errno.errorcode[error.errno or 0]
    return "changed"
