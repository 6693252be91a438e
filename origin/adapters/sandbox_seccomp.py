"""seccomp: a list of the system calls that a worker may still make; every other one is an error.

The filter is assembled here (classic BPF, about sixty comparisons) because the one binding that
installs without a compiler needs the host's libseccomp and has had no release since 2021.
A refused call is EPERM and not death: libraries probe, and go on without what they do not get.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import Final

from origin.adapters.sandbox_syscalls import NEWEST, KernelLacks, Machine, call, machine

SET_MODE_FILTER: Final = 1
#: On all threads of the process at once: libvips has started some.
FLAG_TSYNC: Final = 1
RET_KILL_PROCESS: Final = 0x8000_0000
RET_ERRNO: Final = 0x0005_0000
RET_ALLOW: Final = 0x7FFF_0000
# Classic BPF: linux/bpf_common.h.
LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
EQUALS: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
GREATER: Final = 0x25  # BPF_JMP | BPF_JGT | BPF_K
HAS_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN: Final = 0x06  # BPF_RET | BPF_K
# struct seccomp_data: the number, the machine, the instruction pointer, six arguments of 64 bits.
NUMBER: Final = 0
ARCHITECTURE: Final = 4

WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CLONE_THREAD: Final = 0x0001_0000
PR_SET_NAME: Final = 15
#: Duplicates and flags of a descriptor; not owners, signals or leases, which reach other processes.
FCNTL: Final = (0, 1, 2, 3, 4, 1030)

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if not, operand


def restrict(pid: int) -> None:
    """Set the filter on every thread of this process; there is no way back.

    Needs PR_SET_NO_NEW_PRIVS or root. Raises KernelLacks, OSError.
    """
    install(program(machine(), pid))


def install(instructions: list[Instruction]) -> None:
    """Set a filter on every thread of this process. Raises KernelLacks, OSError."""
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    code = ctypes.create_string_buffer(packed, len(packed))

    class Program(ctypes.Structure):
        _fields_ = (("count", ctypes.c_ushort), ("code", ctypes.c_void_p))

    filter_ = Program(len(instructions), ctypes.addressof(code))
    try:
        thread = call(
            machine().seccomp,
            ctypes.c_uint(SET_MODE_FILTER),
            ctypes.c_uint(FLAG_TSYNC),
            ctypes.byref(filter_),
        )
    except OSError as error:
        raise KernelLacks(f"seccomp: {error.strerror}") from error
    if thread:
        raise KernelLacks(f"thread {thread} does not take the filter")


def program(numbers: Machine, pid: int) -> list[Instruction]:
    """Return the filter of a worker: what it may call, with which arguments."""
    weighed = numbers.weighed
    refuse = _answer(RET_ERRNO | errno.EPERM)
    lines: list[Instruction] = [
        _load(ARCHITECTURE),
        (EQUALS, 1, 0, numbers.audit_arch),
        _answer(RET_KILL_PROCESS),  # another table of calls: nothing of ours
        _load(NUMBER),
        (GREATER, 0, 1, NEWEST),
        _answer(RET_ERRNO | errno.ENOSYS),
    ]
    for number in numbers.allowed:
        lines += [(EQUALS, 0, 1, number), _answer(RET_ALLOW)]
    lines += _when(weighed["openat"], [*_has_no_bit(2, WRITING), refuse])
    lines += _when(weighed["clone"], [*_has_bit(0, CLONE_THREAD), refuse])
    lines += _when(weighed["clone3"], [_answer(RET_ERRNO | errno.ENOSYS)])  # then it is clone
    lines += _when(weighed["ioctl"], [_answer(RET_ERRNO | errno.ENOTTY)])  # "is it a terminal?"
    lines += _when(weighed["fcntl"], [*_is_one_of(1, FCNTL), refuse])
    lines += _when(weighed["prctl"], [*_is_one_of(0, (PR_SET_NAME,)), refuse])
    # Limits may be read: the pointer to new ones is null.
    lines += _when(weighed["prlimit64"], [*_is_null(2), refuse])
    for name in ("kill", "tgkill"):  # its own end, by abort()
        lines += _when(weighed[name], [*_is_one_of(0, (pid,)), refuse])
    return [*lines, refuse]


def _answer(value: int) -> Instruction:
    return RETURN, 0, 0, value


def _load(offset: int) -> Instruction:
    return LOAD, 0, 0, offset


def _low(argument: int) -> Instruction:
    """Load the low half of an argument; the kernel reads no more of flags, commands and pids."""
    return _load(16 + 8 * argument + (0 if sys.byteorder == "little" else 4))


def _high(argument: int) -> Instruction:
    return _load(16 + 8 * argument + (4 if sys.byteorder == "little" else 0))


def _when(number: int, block: list[Instruction]) -> list[Instruction]:
    """Run the block, which ends in answers, for this call only."""
    return [(EQUALS, 0, len(block), number), *block]


def _has_bit(argument: int, bits: int) -> list[Instruction]:
    return [_low(argument), (HAS_BIT, 0, 1, bits), _answer(RET_ALLOW)]


def _has_no_bit(argument: int, bits: int) -> list[Instruction]:
    return [_low(argument), (HAS_BIT, 1, 0, bits), _answer(RET_ALLOW)]


def _is_one_of(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    lines = [_low(argument)]
    for value in values:
        lines += [(EQUALS, 0, 1, value), _answer(RET_ALLOW)]
    return lines


def _is_null(argument: int) -> list[Instruction]:
    return [
        _low(argument),
        (EQUALS, 0, 3, 0),
        _high(argument),
        (EQUALS, 0, 1, 0),
        _answer(RET_ALLOW),
    ]
