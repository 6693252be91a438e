"""A real varnishd with edgeproof's VCL on loopback, a backend that records, and bare requests."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cache_keys.proof import make_proof
from edge.deployment import Deployment
from edge.local import started, wait_for
from edge.local_varnish import command
from edge.varnish_policy import Secrets, deployment_vcl, secrets_vcl
from tests.system.server import free_ports

SOURCES = Path(__file__).parents[2] / "edge" / "varnish"
CLOCK = "std.integer(time=now)"
EDGE_CONTROL = "max-age=31536000, stale-while-revalidate=86400, stale-if-error=604800"

#: For runs over the vectors only: the time comes from a header, and the real code is shown.
VECTOR_PRELUDE = """
sub vcl_synth { set resp.http.X-Test-Code = resp.reason; }
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came to the backend."""

    method: str
    path: str
    headers: Message


@dataclass
class Reply:
    """What the backend answers; body None: the path asked, so that a wrong picture shows."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay_s: float = 0.0


class Backend:
    """An origin that records: it answers /healthz, and all else by ``reply``."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.reply: Callable[[Seen], Reply] = picture
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                backend.answer(self)

            do_HEAD = do_GET  # noqa: N815 - http.server calls it so

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Say nothing."""

        self._handler = Handler
        self._server: ThreadingHTTPServer | None = None
        self._open: list[socket.socket] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen; the same port again after stop()."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Be away: refuse connections, and close those that are kept open."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self._open.append(handler.connection)
        if handler.path == "/healthz":
            handler.send_response(200)
            handler.send_header("content-length", "0")
            handler.end_headers()
            return
        seen = Seen(handler.command, handler.path, handler.headers)
        self.seen.append(seen)
        reply = self.reply(seen)
        time.sleep(reply.delay_s)
        body = seen.path.encode() if reply.body is None else reply.body
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        if seen.method != "HEAD":
            handler.wfile.write(body)

    def paths(self) -> list[str]:
        """Return the paths asked for, in order."""
        return [seen.path for seen in self.seen]


def picture(seen: Seen, control: str = EDGE_CONTROL) -> Reply:
    """Answer as the origin answers an edge."""
    _, _, tenant, asset, _ = seen.path.split("/")
    tags = f"a-{asset} n-{tenant} all"
    return Reply(
        headers={
            "cache-control": "public, max-age=60",
            "cdn-cache-control": control,
            "surrogate-control": control,
            "surrogate-key": tags,
            "cache-tag": tags.replace(" ", ","),
            "xkey": tags,
            "etag": '"of-the-picture"',
            "edgeproof-generation": "0",
            "server-timing": "render;dur=1",
            "content-type": "image/jpeg",
            "x-path": seen.path,
        }
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. headers: names in lower case, repeated ones joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Varnish:
    """One running varnishd."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def ask(
        self,
        target: str | bytes,
        *lines: tuple[str, str | bytes],
        method: str = "GET",
        host: str | None = "img.shop.example",
    ) -> Answer:
        """Send one request, its bytes as they are given."""
        raw = target if isinstance(target, bytes) else target.encode("latin-1")
        head = method.encode("latin-1") + b" " + raw + b" HTTP/1.1\r\n"
        if host is not None:
            head += b"Host: " + host.encode("latin-1") + b"\r\n"
        for name, value in lines:
            shown = value if isinstance(value, bytes) else value.encode("latin-1")
            head += name.encode() + b": " + shown + b"\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(head + b"Connection: close\r\n\r\n")
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            body = response.read()
        headers: dict[str, str] = {}
        for name, value in response.getheaders():
            low = name.lower()
            headers[low] = f"{headers[low]}, {value}" if low in headers else value
        return Answer(response.status, headers, body)

    def stat(self, name: str) -> int:
        """Return one counter of varnishstat."""
        command = ["varnishstat", "-n", str(self.folder / "n"), "-1", "-f", name]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return sum(int(line.split()[1]) for line in out.splitlines() if line)

    def log(self) -> str:
        """Return what is in the log now: for the message of a failing test."""
        command = ["varnishlog", "-n", str(self.folder / "n"), "-d", "-g", "request"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def site_vcl(
    backend_port: int,
    *,
    host: str,
    purgers: Sequence[str] = ("127.0.0.1",),
    is_probed: bool = True,
) -> str:
    """Return the site's include from the example, for an origin on loopback."""
    text = (SOURCES / "site.example.vcl").read_text()
    acl = "\n".join(f'    "{address}";' for address in purgers)
    text = re.sub(r"(acl \w+ \{\n)[^}]*\}", lambda match: f"{match[1]}{acl}\n}}", text)
    text = text.replace('.port = "8080"', f'.port = "{backend_port}"')
    if not is_probed:
        text = re.sub(r"    \.probe = \{[^}]*\}\n", "", text)
    text = text.replace(".interval = 1s", ".interval = 100ms")
    return text.replace('"img.shop.example"', f'"{host}"')


def write_conf(
    folder: Path,
    *,
    site: str,
    deployment: Deployment,
    secrets: Secrets,
    replaced: Mapping[str, str] | None = None,
) -> Path:
    """Write the VCL of one edge and return its main file. replaced: for the vectors' run only."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.glob("*.vcl"):
        shutil.copy(source, folder)
    (folder / "site.vcl").write_text(site)
    (folder / "deployment.vcl").write_text(deployment_vcl(deployment))
    (folder / "secrets.vcl").write_text(secrets_vcl(secrets))
    for name, text in (replaced or {}).items():
        (folder / name).write_text(text)
    return folder / "edgeproof.vcl"


def vector_main() -> str:
    """Return edgeproof.vcl with the clock of a header, the one change that the vectors need."""
    text = (SOURCES / "edgeproof.vcl").read_text()
    assert text.count(CLOCK) == 1, "the clock is read in one place"
    text = text.replace(CLOCK, "std.integer(req.http.X-Test-Now, 0)")
    return text.replace("import xkey;", "import xkey;\n" + VECTOR_PRELUDE, 1)


@contextmanager
def varnishd(main: Path) -> Iterator[Varnish]:
    """Run a varnishd over a main VCL file; its state goes beside it."""
    port, log = free_ports(1)[0], main.parent / "varnishd.log"
    with started(command(main, port, "64m"), log) as process:
        wait_for(port, process, log)
        yield Varnish(port, main.parent, process)


def proof_line(secret: str, path: str, host: str, *, method: str = "GET") -> tuple[str, str]:
    """Return the header with which an edge e1 proves itself to a shield, now."""
    value = make_proof("e1", secret.encode(), method, host, path, now=int(time.time()))
    return ("Edgeproof-Edge", value)
