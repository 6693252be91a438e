"""System calls by number on the two machines that we run on, and how to make one."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from dataclasses import dataclass
from typing import Final

MACHINES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
#: AUDIT_ARCH_* of linux/audit.h: what a filter must compare before it may trust a number.
AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: Landlock's numbers are the same everywhere (they came after the tables were unified).
LANDLOCK_CREATE_RULESET: Final = 444
LANDLOCK_ADD_RULE: Final = 445
LANDLOCK_RESTRICT_SELF: Final = 446
SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
#: A number above this is a call that was not known here when the list was made: ENOSYS, so that
#: the C library takes the older way.
NEWEST: Final = 462

#: name: (x86_64, aarch64), from arch/x86/entry/syscalls/syscall_64.tbl and
#: include/uapi/asm-generic/unistd.h; None: there is no such call. What a program needs that reads
#: its own files, computes, and answers on a socket that it has. The most frequent ones come first.
ALLOWED: Final[dict[str, tuple[int | None, int | None]]] = {
    "read": (0, 63),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "write": (1, 64),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "sendto": (44, 206),
    "futex": (202, 98),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "mremap": (25, 216),
    "brk": (12, 214),
    "lseek": (8, 62),
    "close": (3, 57),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "stat": (4, None),
    "lstat": (6, None),
    "statx": (332, 291),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    "readv": (19, 65),
    "writev": (20, 66),
    "fadvise64": (221, 223),
    "dup": (32, 23),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "msync": (26, 227),
    "mincore": (27, 232),
    "membarrier": (324, 283),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getpriority": (140, 141),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getcpu": (309, 168),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "set_tid_address": (218, 96),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293),
    "futex_waitv": (449, 449),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "arch_prctl": (158, None),
    "shutdown": (48, 210),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
#: Calls that are allowed with some arguments only; the filter looks at them.
WEIGHED: Final[dict[str, tuple[int, int]]] = {
    "openat": (257, 56),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "kill": (62, 129),
    "tgkill": (234, 131),
}


class KernelLacks(Exception):
    """This kernel, machine or container does not have a layer."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The numbers of the machine that we are on."""

    audit_arch: int
    seccomp: int
    allowed: tuple[int, ...]
    weighed: dict[str, int]


def machine(name: str = "") -> Machine:
    """Return the numbers of a machine, by default this one; raises KernelLacks for another."""
    name = MACHINES.get(name or platform.machine().lower(), "")
    if sys.platform != "linux" or not name:
        raise KernelLacks(f"no numbers for {sys.platform} on {platform.machine()}")
    column = 0 if name == "x86_64" else 1
    return Machine(
        audit_arch=AUDIT_ARCH[name],
        seccomp=SECCOMP[name],
        allowed=tuple(n for row in ALLOWED.values() if (n := row[column]) is not None),
        weighed={call: row[column] for call, row in WEIGHED.items()},
    )


def call(number: int, *arguments: object) -> int:
    """Make a system call; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    done: int = libc.syscall(ctypes.c_long(number), *arguments)
    if done < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return done
