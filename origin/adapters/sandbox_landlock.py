"""Landlock: this process may read a few folders and nothing else; no TCP, no foreign signals.

Written out here (three system calls) because the bindings on PyPI are young and have one keeper
each. Numbers: linux/landlock.h; docs: the kernel's userspace-api/landlock.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from origin.adapters.sandbox_syscalls import (
    LANDLOCK_ADD_RULE,
    LANDLOCK_CREATE_RULESET,
    LANDLOCK_RESTRICT_SELF,
    KernelLacks,
    call,
)

VERSION_FLAG: Final = 1
RULE_PATH_BENEATH: Final = 1
READ_FILE: Final = 1 << 2
READ_DIR: Final = 1 << 3
#: Rights over files that each ABI knows: 13 in the first, then REFER, TRUNCATE and IOCTL_DEV.
FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
#: Since ABI 4: bind and connect over TCP.
TCP_RIGHTS: Final = 0b11
#: Since ABI 6: abstract sockets and signals, to processes outside only.
SCOPES: Final = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's ABI number, 1 or more; raises KernelLacks."""
    try:
        version = ctypes.c_uint32(VERSION_FLAG)
        return call(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), version)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            raise KernelLacks("the kernel has none, or it is not switched on") from error
        raise KernelLacks(str(error)) from error


def restrict(readable: Iterable[Path]) -> int:
    """Let this thread and those it starts read beneath these paths only; return the ABI number.

    Files that are open stay usable, and so does what has no path (sockets, memfds).
    Raises KernelLacks, OSError.
    """
    version = abi()
    rights = FILE_RIGHTS[max(known for known in FILE_RIGHTS if known <= version)]
    asked = _Ruleset(rights, TCP_RIGHTS if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size_bytes = 24 if version >= 6 else 16 if version >= 4 else 8
    flags, size = ctypes.c_uint32(0), ctypes.c_size_t(size_bytes)
    ruleset = call(LANDLOCK_CREATE_RULESET, ctypes.byref(asked), size, flags)
    try:
        for path in readable:
            with suppress(FileNotFoundError, PermissionError):  # what is not there needs no rule
                _allow(ruleset, path)
        call(LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return version


def _allow(ruleset: int, path: Path) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = READ_FILE | READ_DIR if path.is_dir() else READ_FILE
        rule = _PathBeneath(rights, folder)
        call(
            LANDLOCK_ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(RULE_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(folder)
