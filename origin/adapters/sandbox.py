"""What a worker gives up before it sees a customer's bytes: files, network, processes, privileges.

Every layer is asked of the kernel and taken where it is there; docs/sandbox.md draws the picture.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from origin.adapters import sandbox_landlock, sandbox_seccomp
from origin.adapters.sandbox_syscalls import KernelLacks


class Sandbox(StrEnum):
    """How much is asked: what the kernel has, all of it or no start, or nothing."""

    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one worker may take.

    memory_mb: MiB of address space above its warm state. answer_mb: MiB of one answer, the most
    that the server reads from it (the largest PNG that a URL can ask for is under 100 MB).
    """

    memory_mb: int = 1024
    open_files: int = 64
    niceness: int = 0
    sandbox: Sandbox = Sandbox.AUTO
    answer_mb: int = 256


@dataclass(frozen=True, slots=True)
class Confined:
    """What holds in a worker. landlock: the kernel's ABI number, 0 without. missing: what and why.

    capabilities: the worker has none (it had some only if the server runs as root).
    """

    landlock: int
    seccomp: bool
    capabilities: bool
    missing: tuple[str, ...] = ()

    def facts(self) -> dict[str, object]:
        """Return it for readiness and doctor."""
        return {
            "landlock_abi": self.landlock,
            "seccomp": self.seccomp,
            "capabilities_dropped": self.capabilities,
            "missing": list(self.missing),
        }

    def layers(self) -> dict[str, bool]:
        """Return each layer by name, for the metric."""
        return {
            "landlock": self.landlock > 0,
            "seccomp": self.seccomp,
            "capabilities": self.capabilities,
        }


class SandboxMissing(Exception):
    """EDGEPROOF_SANDBOX=required, and this kernel lacks a layer."""


NOTHING: Final = Confined(landlock=0, seccomp=False, capabilities=False)
PR_SET_NO_NEW_PRIVS: Final = 38  # prctl(2)
CAPABILITY_VERSION_3: Final = 0x20080522  # capset(2)
#: The kernel, short of memory, ends a worker (its request is tried again) before the server.
OOM_SCORE: Final = "500"
#: What libraries read of a host beside their own files: processors, and random bytes.
HOST_FILES: Final = ("/sys/devices/system/cpu", "/proc/cpuinfo", "/dev/urandom", "/dev/null")
#: Where the C libraries are that are loaded late, and the names of time zones.
HOST_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share")


def yield_to_others(limits: WorkerLimits) -> None:
    """Be the first that a host short of processor time or memory takes from."""
    os.nice(limits.niceness)
    with suppress(OSError):  # not every container lets us
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)


class Confinement:
    """Closes the world in two steps, because libvips starts threads between them.

    Landlock and capabilities belong to a thread and are inherited, so they come before the first
    thread; seccomp is set on all threads at once, so it comes last and forbids even more.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._missing: list[str] = []
        self._landlock = 0
        self._has_no_capabilities = False

    def leave_files(self) -> None:
        """Give up privileges and all files but the program's own, for this thread and later ones.

        Raises SandboxMissing when it is required and cannot be had.
        """
        if self._sandbox is Sandbox.OFF:
            return
        try:
            _drop_privileges()
            self._has_no_capabilities = True
            _refuse_threads()
            self._landlock = sandbox_landlock.restrict(readable_paths())
        except (KernelLacks, OSError) as lacking:
            self._lacks("landlock", lacking)

    def leave_calls(self) -> Confined:
        """Give up all system calls but those of a program that computes; return what holds now.

        Raises SandboxMissing when it is required and cannot be had.
        """
        if self._sandbox is Sandbox.OFF:
            return NOTHING
        has_seccomp = True
        try:
            sandbox_seccomp.restrict(os.getpid())
        except (KernelLacks, OSError) as lacking:
            has_seccomp = False
            self._lacks("seccomp", lacking)
        missing = tuple(self._missing)
        return Confined(self._landlock, has_seccomp, self._has_no_capabilities, missing)

    def _lacks(self, layer: str, why: Exception) -> None:
        self._missing.append(f"{layer}: {why}")
        if self._sandbox is Sandbox.REQUIRED:
            raise SandboxMissing(f"EDGEPROOF_SANDBOX=required, {self._missing[-1]}")


def bound(limits: WorkerLimits) -> None:
    """Take the limits. The address space is bounded above what the warm process has now."""
    baseline_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    address_bytes = baseline_bytes + limits.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))


def readable_paths() -> list[Path]:
    """Return what a worker may read: Python, the packages it has loaded, libraries, itself.

    Never the whole of a folder on the search path: the working folder is one, and the data folder
    with its keys may lie in it.
    """
    places = sysconfig.get_paths()
    paths = [Path(places[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [Path(sys.base_prefix) / "lib", *_packages()]
    paths += [Path(name) for name in (*HOST_LIBRARIES, *HOST_FILES)]
    paths.append(Path("/proc/self").resolve())
    return [path for path in dict.fromkeys(paths) if path.exists()]


def _packages() -> Iterator[Path]:
    """Return the folders of the packages that are loaded and lie outside site-packages."""
    for name, module in tuple(sys.modules.items()):
        if "." not in name:
            yield from map(Path, getattr(module, "__path__", ()))


def _refuse_threads() -> None:
    """Refuse what would hold for this thread and not for others."""
    threads = [path.name for path in Path("/proc/self/task").iterdir()]
    if len(threads) > 1:
        raise KernelLacks(f"{len(threads) - 1} thread(s) began before it")


def _drop_privileges() -> None:
    """Be able to gain none again, and have no capability, root or not. Raises KernelLacks."""
    if sys.platform != "linux":
        raise KernelLacks("this is no Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise KernelLacks("no PR_SET_NO_NEW_PRIVS")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise KernelLacks(f"capset: {os.strerror(ctypes.get_errno())}")
