"""What an edge on loopback is told, and how its programs start and end (dev, demo, tests)."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

#: A busy machine may need this long to compile VCL or to bundle the Worker.
START_S = 60.0
#: varnishd and wrangler end their children within a second or two; past this they are killed.
STOP_S = 15.0
#: What an edge on loopback answers to, whatever its port.
HOSTS = ("127.0.0.1", "localhost")
LOG_CHARACTERS = 2_000


class EdgeFailed(Exception):
    """An edge that cannot run; the sentence says what to install or what its program said."""


@dataclass(frozen=True, slots=True)
class Local:
    """What one edge on loopback is told.

    origin: host:port of the origin's public listener. host: the Host that Varnish asks it by.
    ring: the key ring's file. own: kid and secret of this edge's proofs. purge: the purge
    manager's secret, 64 hex. public_tenants: as in Deployment. tenants: whose keys Varnish has
    written out. edge_transform: as in Deployment. folder: private to this user; for the edge's
    files, with secrets among them.
    """

    port: int
    origin: str
    host: str
    folder: Path
    ring: bytes = field(repr=False)
    own: tuple[str, str] = field(repr=False)
    purge: str = field(repr=False)
    public_tenants: Mapping[str, int] = field(default_factory=dict)
    tenants: frozenset[str] = frozenset()
    edge_transform: bool = False


@contextmanager
def started(
    command: Sequence[str], log_path: Path, variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program and end it by SIGTERM, which wrangler and varnishd hand to their children.

    Ctrl-C does not reach it (a session of its own): it ends when the block does, not before.
    """
    with log_path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - programs and arguments are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=None if variables is None else dict(variables),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=STOP_S)


def wait_for(port: int, process: subprocess.Popen[bytes], log_path: Path) -> None:
    """Wait until a program listens; raises EdgeFailed with the end of its log when it does not."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    said = log_path.read_text("utf-8", "replace")[-LOG_CHARACTERS:].strip()
    raise EdgeFailed(f"{Path(process.args[0]).name} did not start: {said}")  # type: ignore[index,arg-type] # a list


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600, exist_ok=False)
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)
