"""A real `edgeproof demo --quick`, as `make run` starts it, on ports and data of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.system.server import free_ports

#: It paints two small photos and takes them in before it listens.
START_S = 90.0


@dataclass(frozen=True)
class Demo:
    """A demo's folder, addresses and settings; ``said`` is what it printed so far."""

    folder: Path
    public_url: str
    private_url: str
    environment: dict[str, str]

    @property
    def page(self) -> str:
        """The address of the gallery."""
        return f"{self.private_url}/gallery/"

    @property
    def api(self) -> str:
        """Where the gallery's own answers begin."""
        return f"{self.page}api"

    def said(self) -> str:
        """Return what is on the terminal, remarks included."""
        return (self.folder / "demo.log").read_text("utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `edgeproof demo` with the same settings until it ends by itself."""
        command = [sys.executable, "-m", "edgeproof", "demo", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )


def settled(folder: Path) -> Demo:
    """Return a demo that is not running: a folder and two free ports."""
    public_port, private_port = free_ports(2)
    kept = {name: v for name, v in os.environ.items() if not name.startswith("EDGEPROOF_")}
    return Demo(
        folder,
        f"http://127.0.0.1:{public_port}",
        f"http://127.0.0.1:{private_port}",
        kept
        | {
            "EDGEPROOF_DATA_DIR": str(folder / "data"),
            "EDGEPROOF_PUBLIC_BIND": f"127.0.0.1:{public_port}",
            "EDGEPROOF_PRIVATE_BIND": f"127.0.0.1:{private_port}",
        },
    )


@contextmanager
def running_demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    """Run a demo with two small photos until the block ends."""
    demo = settled(folder)
    command = [sys.executable, "-m", "edgeproof", "demo", "--quick", *arguments]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(command, env=demo.environment, stdout=log, stderr=log)
    try:
        _wait_until_ready(demo, process)
        yield demo
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(demo: Demo, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, demo.said()[-2000:]
        try:
            if httpx2.get(f"{demo.private_url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError(demo.said()[-2000:])
