"""What a worker cannot do any more, tried from inside a real worker."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import Sandbox, WorkerLimits
from origin.adapters.sandbox_syscalls import (
    ALLOWED,
    SECCOMP,
    WEIGHED,
    KernelLacks,
    Machine,
    machine,
)
from origin.adapters.worker_link import LENT_FROM_BYTES
from origin.errors import StoreUnavailable
from origin.flow import jobs
from tests.conftest import missing
from tests.faults import inside

pytestmark = pytest.mark.anyio
LANDLOCK = "444"


async def pool_of(sandbox: Sandbox) -> WorkerPool:
    limits = WorkerLimits(sandbox=sandbox)
    pool = WorkerPool(1, limits=limits, load=inside.load_pixels, warm=jobs.warm)
    await pool.start()
    return pool


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = await pool_of(Sandbox.AUTO)
    try:
        if not all(pool.confined.layers().values()):
            missing(f"a kernel with all layers of the sandbox: {pool.confined.missing}")
        yield pool
    finally:
        await pool.close(timeout_s=0)


ATTEMPTS: dict[str, tuple[Callable[..., str], tuple[object, ...], set[str]]] = {
    "read a file of the host": (inside.read, ("/etc/passwd",), {"EACCES"}),
    "read the server's environment": (inside.read, (f"/proc/{os.getppid()}/environ",), {"EACCES"}),
    "list the root": (inside.listed, ("/",), {"EACCES"}),
    "write beside its own code": (inside.write, (inside.__file__,), {"EPERM", "EACCES"}),
    "write to a temporary folder": (inside.write, ("/tmp/out",), {"EPERM", "EACCES"}),  # noqa: S108
    "delete a file": (inside.remove, (inside.__file__,), {"EPERM", "EACCES"}),
    "make a socket": (inside.listen_locally, (), {"EPERM"}),
    "become another program": (inside.execute, (), {"EPERM"}),
    "start a program": (inside.run_program, (), {"EPERM"}),
    "fork": (inside.fork, (), {"EPERM"}),
    "kill the server": (inside.kill_parent, (), {"EPERM"}),
    "signal the server by a descriptor": (inside.signal_by_descriptor, (), {"EPERM"}),
    "raise its limits": (inside.raise_limits, (), {"EPERM"}),
    "trace the server": (inside.trace_parent, (), {"EPERM"}),
    "read the server's memory": (inside.read_parents_memory, (), {"EACCES", "EPERM"}),
    "use io_uring": (inside.ring, (), {"EPERM"}),
    "read from a thread": (inside.start_thread, (), {"EACCES"}),
    "read in libvips": (inside.read_in_library_thread, ("/etc/passwd",), {"EACCES"}),
}


async def test_a_worker_can_do_none_of_what_an_attacker_needs(pool: WorkerPool) -> None:
    told = {
        name: await pool.run(attempt, *arguments, deadline_s=20)
        for name, (attempt, arguments, _) in ATTEMPTS.items()
    }
    unexpected = {name: word for name, word in told.items() if word not in ATTEMPTS[name][2]}
    assert unexpected == {}
    assert not pool.restarts, "refused, and not killed"


async def test_the_same_attempts_succeed_without_a_sandbox() -> None:
    """Else the test above would prove nothing."""
    pool = await pool_of(Sandbox.OFF)
    harmless = ("read a file of the host", "list the root", "start a program", "fork")
    try:
        for name in (*harmless, "make a socket", "raise its limits", "read from a thread"):
            attempt, arguments, _ = ATTEMPTS[name]
            told = await pool.run(attempt, *arguments, deadline_s=20)
            assert told == "done" or (name, told) == ("raise its limits", "EPERM"), name
    finally:
        await pool.close(timeout_s=0)


async def test_a_worker_reaches_no_listener_of_its_host(pool: WorkerPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert inside.connect("127.0.0.1", port) == "done"
        assert await pool.run(inside.connect, "127.0.0.1", port, deadline_s=9) == "EPERM"


async def test_a_worker_sees_the_photo_it_is_lent_and_no_other(
    pool: WorkerPool, tmp_path: Path
) -> None:
    lent, other = tmp_path / "lent", tmp_path / "other"
    lent.write_bytes(b"lent" * 1_000)
    other.write_bytes(b"other")
    assert await pool.run(inside.lent_bytes, lent, deadline_s=9) == b"lent" * 1_000
    assert await pool.run(inside.read, str(other), deadline_s=9) == "EACCES"
    assert await pool.run(inside.read, str(lent), deadline_s=9) == "EACCES"
    assert await pool.run(inside.write_to_lent, lent, deadline_s=9) == "EPERM"
    assert lent.read_bytes() == b"lent" * 1_000


async def test_a_file_that_is_gone_costs_its_job_and_no_worker(
    pool: WorkerPool, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailable, match=r"store\.unavailable") as caught:
        await pool.run(inside.lent_bytes, tmp_path / "nothing", deadline_s=9)
    assert "No such file" in caught.value.log
    assert not pool.restarts


async def test_lending_leaves_no_descriptor_behind(pool: WorkerPool, tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(bytes(100_000))
    await pool.run(inside.lent_bytes, photo, deadline_s=9)
    before = descriptors()
    leaving = asyncio.create_task(pool.run(inside.lent_bytes, photo, deadline_s=9))
    await asyncio.sleep(0)
    leaving.cancel()
    for _ in range(80):  # more than a worker may hold open
        await pool.run(inside.lent_bytes, photo, deadline_s=9)
    assert descriptors() <= before
    assert not pool.restarts


async def test_lent_bytes_leave_no_descriptor_behind(pool: WorkerPool) -> None:
    content = bytes(LENT_FROM_BYTES)
    before = descriptors()
    for _ in range(80):  # more than a worker may hold open
        assert await pool.run(len, content, deadline_s=9) == LENT_FROM_BYTES
    assert descriptors() <= before
    assert not pool.restarts


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_secret_of_the_server_reaches_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEPROOF_PURGE_SECRET", "a" * 64)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    pool = await pool_of(Sandbox.AUTO)
    try:
        names = await pool.run(inside.environment, deadline_s=9)
    finally:
        await pool.close(timeout_s=0)
    assert "PATH" in names
    assert [name for name in names if name.startswith(("EDGEPROOF", "AWS"))] == []


async def test_a_worker_has_no_capability_and_can_gain_none(pool: WorkerPool) -> None:
    status = await pool.run(inside.status, deadline_s=9)
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0


@pytest.mark.parametrize(
    ("absent", "held"),
    [
        ([LANDLOCK], {"seccomp", "capabilities"}),
        ([str(SECCOMP["x86_64"])], {"landlock", "capabilities"}),
        ([LANDLOCK, str(SECCOMP["x86_64"])], {"capabilities"}),
    ],
    ids=["no Landlock", "no seccomp", "neither"],
)
def test_a_kernel_that_lacks_a_layer_is_taken_as_it_is_unless_all_are_required(
    absent: list[str], held: set[str]
) -> None:
    if machine().seccomp != SECCOMP["x86_64"]:
        missing("an x86_64 machine (its numbers stand in the table above)")
    assert set(on_a_kernel_without("auto", absent).split(",")) == held
    refused = on_a_kernel_without("required", absent)
    assert "EDGEPROOF_SANDBOX=required" in refused
    assert ("landlock" if LANDLOCK in absent else "seccomp") in refused


def on_a_kernel_without(sandbox: str, numbers: list[str]) -> str:
    command = [sys.executable, "-m", "tests.faults.inside", sandbox, *numbers]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def test_both_machines_have_a_number_for_every_weighed_call() -> None:
    intel, arm = machine("x86_64"), machine("arm64")
    assert intel.weighed.keys() == arm.weighed.keys()
    for numbers in (intel, arm):
        assert not set(numbers.allowed) & set(numbers.weighed.values())
        assert len(set(numbers.allowed)) == len(numbers.allowed)


HEADERS = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}


@pytest.mark.parametrize("name", HEADERS)
def test_the_numbers_are_those_of_the_kernels_own_headers(name: str) -> None:
    header = Path("/usr/include", HEADERS[name])
    if not header.is_file():
        missing(f"{header} (Debian package linux-libc-dev)")
    lines = [line.split() for line in header.read_text().splitlines()]
    known = {
        line[1].replace("__NR3264_", "__NR_").removeprefix("__NR_"): int(line[2])
        for line in lines
        if len(line) > 2 and line[1].startswith("__NR") and line[2].isdecimal()
    }
    known.setdefault("newfstatat", known.get("fstatat", -1))
    column = list(HEADERS).index(name)
    ours = {call: row[column] for call, row in {**ALLOWED, **WEIGHED}.items()}
    wrong = {call for call, number in ours.items() if number is not None and known[call] != number}
    assert wrong == set()


def test_another_machine_has_no_filter() -> None:
    with pytest.raises(KernelLacks):
        machine("riscv64")
    assert isinstance(machine(), Machine)
