"""A real S3 server for tests: versitygw over a folder of this session's own.

Use the fixture ``s3_store`` (an empty prefix in a bucket), or ``with gateway(folder) as own:`` for
a server that a test may stop and start again; ``toxiproxy`` stands between where the way is ill.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.local import wait_for
from origin.adapters.s3.address import S3Address
from tests.system.server import free_ports

BUCKET = "previews"
REGION = "us-east-1"
#: What the clients of the tests read from AWS's usual chain.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret-at-all",
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def built(program: str) -> str | None:
    """Return the path of a Go program that tools/s3-packages builds, None where it is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return shutil.which(program, path=f"{cache}/edgeproof/bin{os.pathsep}{os.environ['PATH']}")


@dataclass
class Gateway:
    """One versitygw on loopback. What it stores lies as files in ``folder``/data/``BUCKET``."""

    program: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self) -> Path:
        """The folder of the bucket, for tests that look at or damage what is stored."""
        return self.folder / "data" / BUCKET

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.files.mkdir(parents=True, exist_ok=True)
        about = self.folder / "about"
        about.mkdir(exist_ok=True)
        command = [self.program, "--port", f"127.0.0.1:{self.port}", "--quiet", "--keep-alive"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "posix", "--sidecar", str(about), str(self.folder / "data")],
                env=os.environ
                | {
                    "ROOT_ACCESS_KEY": CREDENTIALS["AWS_ACCESS_KEY_ID"],
                    "ROOT_SECRET_KEY": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                },
                stdout=log,
                stderr=log,
            )
        wait_for(self.port, self.process, self.folder / "log")

    def stop(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """Run an S3 server; skip with a line where versitygw is missing."""
    from tests.conftest import missing

    program = built("versitygw")
    if program is None:
        missing("versitygw, a real S3 server (tools/s3-packages builds it with Go)")
        raise AssertionError
    server = Gateway(program, folder, free_ports(1)[0])
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Toxiproxy:
    """A proxy that can be told what goes wrong on the way to one server."""

    api_port: int
    port: int
    names: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, kind: str, *, stream: str = "downstream", **attributes: float) -> None:
        """Make the way ill: timeout, latency, limit_data, reset_peer, bandwidth, slow_close."""
        name = f"{kind}-{stream}-{len(self.names)}"
        self._call(
            "POST",
            "/proxies/s3/toxics",
            {"name": name, "type": kind, "stream": stream, "attributes": attributes},
        )
        self.names.append(name)

    def heal(self) -> None:
        """Take every illness away."""
        for name in self.names:
            self._call("DELETE", f"/proxies/s3/toxics/{name}")
        self.names.clear()
        self.enable()

    def disable(self) -> None:
        """Refuse connections and cut those that are open."""
        self._call("POST", "/proxies/s3", {"enabled": False})

    def enable(self) -> None:
        """Take connections again."""
        self._call("POST", "/proxies/s3", {"enabled": True})

    def make(self, upstream: int) -> None:
        """Stand before a server."""
        listen, server = f"127.0.0.1:{self.port}", f"127.0.0.1:{upstream}"
        self._call("POST", "/proxies", {"name": "s3", "listen": listen, "upstream": server})

    def _call(self, method: str, path: str, document: object = None) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}{path}",
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 (loopback)


@contextmanager
def toxiproxy(upstream: int, folder: Path) -> Iterator[Toxiproxy]:
    """Run a proxy before a server; skip with a line where toxiproxy is missing."""
    from tests.conftest import missing

    program = built("toxiproxy-server")
    if program is None:
        missing("toxiproxy-server (tools/s3-packages builds it with Go)")
        raise AssertionError
    api_port, port = free_ports(2)
    command = [program, "-host", "127.0.0.1", "-port", str(api_port)]
    log_path = folder / "toxiproxy.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(api_port, process, log_path)
        proxy = Toxiproxy(api_port, port)
        proxy.make(upstream)
        yield proxy
    finally:
        process.kill()
        process.wait(30)


@pytest.fixture(scope="session")
def s3_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One S3 server for all tests of this process that do not disturb it."""
    with gateway(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clients of this test find the keys of the test's own server."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3_store(s3_gateway: Gateway, s3_credentials: None) -> S3Address:
    """Return an empty prefix of the bucket."""
    del s3_credentials
    prefix = f"t{secrets.token_hex(6)}/"
    return S3Address(BUCKET, prefix, s3_gateway.endpoint, REGION)
