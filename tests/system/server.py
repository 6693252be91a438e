"""A real edgeproof server in a process of its own, for tests over real sockets."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from cache_keys import Ring, parse_ring, read_target, rounded_exp, sign, signing_kid

#: A start compiles nothing and imports a lot; a busy machine may need this long.
START_S = 60.0
TENANT = "acme"
#: Linux gives 32768 and above to connections unless it is told otherwise.
PORTS = (12_000, 32_000)
PORTS_EACH = 1_000
_turns = itertools.count(os.getpid() % PORTS_EACH)


@dataclass
class Server:
    """One running server. ``environment`` are its settings, for commands on the same data."""

    data_dir: Path
    public_port: int
    private_port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    token: str = ""
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=30))

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.public_port}"

    @property
    def private_url(self) -> str:
        return f"http://127.0.0.1:{self.private_port}"

    @property
    def log_path(self) -> Path:
        return self.data_dir / "server.log"

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edgeproof", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log_path.read_text()[-2000:]}")
            try:
                if self.http.get(f"{self.private_url}/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the server is not ready: {self.log_path.read_text()[-2000:]}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        """End the server as a power cut would; its orphaned workers end by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=30)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run an edgeproof command on the same data."""
        return subprocess.run(
            [sys.executable, "-m", "edgeproof", *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=120,
        )

    @property
    def ring(self) -> Ring:
        return parse_ring((self.data_dir / "keys" / "ring.json").read_bytes())

    def path(self, asset: str, leaf: str, tenant: str = TENANT) -> str:
        """Return the unsigned path of a preview."""
        return f"/v1/{tenant}/{asset}/{leaf}"

    def url(self, asset: str, leaf: str, *, tenant: str = TENANT, scope: str = "") -> str:
        """Return the absolute signed URL of a preview."""
        now = int(time.time())
        target = read_target(self.path(asset, leaf, tenant).encode())
        kid = signing_kid(self.ring, tenant, now)
        exp = rounded_exp(now, 86_400)
        return self.public_url + sign(target, self.ring, kid, exp, now=now, scope=scope)

    def get(self, asset: str, leaf: str, **headers: str) -> httpx2.Response:
        """Ask for a signed preview."""
        return self.http.get(self.url(asset, leaf), headers=headers)

    def upload(self, content: bytes, owner: str = "c-1", tenant: str = TENANT) -> httpx2.Response:
        """Post a photo."""
        return self.http.post(
            f"{self.private_url}/api/v1/tenants/{tenant}/assets",
            params={"owner": owner},
            content=content,
            headers={"authorization": f"Bearer {self.token}"},
        )

    def asset(self, content: bytes) -> str:
        """Post a photo and return its asset id."""
        answer = self.upload(content)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["asset"])

    def design(self, document: Mapping[str, object]) -> httpx2.Response:
        """Post a design."""
        return self.http.post(
            f"{self.private_url}/api/v1/tenants/{TENANT}/designs",
            content=json.dumps(document).encode(),
            headers={"authorization": f"Bearer {self.token}"},
        )

    def metric(self, name: str) -> float:
        """Return the sum of a counter over all its labels."""
        text = self.http.get(f"{self.private_url}/metrics").text
        lines = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def log_lines(self, event: str) -> list[dict[str, object]]:
        """Return the log lines of one event."""
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if line.get("event") == event]


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, below those that the kernel gives to connections.

    Each pytest worker has a range of its own and takes the next ones of it each time, so that no
    other test is given a port between this look and the server's own bind.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = PORTS[0] + worker * PORTS_EACH
    found: list[int] = []
    while len(found) < count:
        port = first + next(_turns) % PORTS_EACH
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found


@contextmanager
def server(data_dir: Path, **settings: str) -> Iterator[Server]:
    """Run a server with one shop and one token; settings are EDGEPROOF_ names in lower case."""
    data_dir.mkdir(parents=True, exist_ok=True)
    public_port, private_port = free_ports(2)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("EDGEPROOF_")
    }
    environment |= {
        "EDGEPROOF_DATA_DIR": str(data_dir),
        # Tests ask for many pictures of few photos; the ration has a test of its own.
        "EDGEPROOF_COLD_RENDERS_PER_MINUTE": "100000",
        "EDGEPROOF_PUBLIC_BIND": f"127.0.0.1:{public_port}",
        "EDGEPROOF_PRIVATE_BIND": f"127.0.0.1:{private_port}",
        **{f"EDGEPROOF_{name.upper()}": value for name, value in settings.items()},
    }
    running = Server(data_dir, public_port, private_port, environment)
    running.run("tenants", "add", TENANT)
    running.token = running.run("tokens", "new", "tests", "--tenant", "*").stdout.strip()
    running.start()
    try:
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.stop()
        running.http.close()
