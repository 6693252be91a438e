"""Starts the product and its peers, and says how each is asked for a picture."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from benchmarks.install import HERE, NODE, program
from benchmarks.load import Reply, ask
from benchmarks.photos import FOLDER, Original
from benchmarks.processes import cpu_s, running
from benchmarks.rounds import Turn
from tests.system.server import TENANT, Server, free_ports, server

START_S = 60.0
#: A preset's box is used as written: 1200 px is no rung of the ladder of plain URLs.
WIDTHS_PX = (320, 640, 960, 1200, 1280)
PRESETS = [{"name": f"w{px}", "version": 1, "ops": f"w_{px}"} for px in WIDTHS_PX]
#: As many at a time as the machine needs to be busy, for every contestant.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """One picture: of what, how wide in px, in which format, at which number of the encoder."""

    original: Original
    width_px: int
    ext: str
    quality: int | None = None


@dataclass
class Contestant:
    """A program that makes pictures. ``url`` must be another one each time where it remembers."""

    name: str
    pid: int
    url: Callable[[Wanted], str]
    bodies: dict[tuple[str, int, str], bytes] = field(default_factory=dict)

    def turn(self, wanted: Wanted, count: int, *, at_once: int = AT_ONCE) -> Turn:
        """Ask for a picture so many times; return what it cost the whole tree of processes."""
        urls = [self.url(wanted) for _ in range(count)]
        before = cpu_s(self.pid)
        wall_s, replies = ask(urls, at_once=at_once)
        spent_s = cpu_s(self.pid) - before
        self._keep(wanted, replies[0])
        return Turn(count, spent_s, wall_s)

    def _keep(self, wanted: Wanted, reply: Reply) -> None:
        key = wanted.original.name, wanted.width_px, wanted.ext
        self.bodies[key] = bytes(reply.body)


class Product:
    """A running edgeproof that knows photos; each of its URLs is a picture never made before."""

    def __init__(self, running_server: Server) -> None:
        self.server = running_server
        self.assets: dict[str, str] = {}
        self._colours = itertools.count(1)

    def know(self, originals: list[Original]) -> None:
        """Take photos in."""
        for original in originals:
            self.assets[original.name] = self.server.asset(original.path.read_bytes())

    def url(self, wanted: Wanted) -> str:
        """Return a signed URL; the background colour, which shows nowhere, makes it a new key."""
        leaf = f"t_w{wanted.width_px}~1,bg_{next(self._colours):06x}.{wanted.ext}"
        return self.server.url(self.assets[wanted.original.name], leaf)

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        assert self.server.process is not None
        return self.server.process.pid


@contextmanager
def product(**settings: str) -> Iterator[Product]:
    """Run edgeproof in production's clothes: signed URLs, disk, records, one log line a request."""
    with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as folder:
        presets = Path(folder) / "presets"
        presets.mkdir()
        (presets / f"{TENANT}.json").write_text(json.dumps({"presets": PRESETS}))
        many = {"cold_renders_per_minute": "1000000000", **settings}
        with server(Path(folder), **many) as started:
            yield Product(started)


def contestant_of(found: Product, name: str = "edgeproof") -> Contestant:
    """Return the product as a contestant."""
    return Contestant(name, found.pid, found.url)


@contextmanager
def node(script: str) -> Iterator[tuple[int, int]]:
    """Run one of peers/*.mjs; yield its process id and its port."""
    port = free_ports(1)[0]
    command = [program("node"), str(HERE / "peers" / script), str(port), str(FOLDER), str(NODE)]
    with running(command, FOLDER.parent / "node.log") as pid:
        await_answer(f"http://127.0.0.1:{port}/")
        yield pid, port


def await_answer(url: str) -> None:
    """Wait until something answers; raises RuntimeError when nothing does for a minute."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            httpx2.get(url, timeout=5)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing answers at {url}")


def sharp_url(port: int, settings: str) -> Callable[[Wanted], str]:
    """Return how sharp is asked, with settings "ours" or "defaults"."""

    def url(wanted: Wanted) -> str:
        q = f"&q={wanted.quality}" if wanted.quality else ""
        name = wanted.original.name
        return f"http://127.0.0.1:{port}/{name}?w={wanted.width_px}&f={wanted.ext}&s={settings}{q}"

    return url


def ipx_url(port: int) -> Callable[[Wanted], str]:
    """Return how IPX is asked. It has no setting for an encoder's effort."""

    def url(wanted: Wanted) -> str:
        q = f",q_{wanted.quality}" if wanted.quality else ""
        name = wanted.original.name
        return f"http://127.0.0.1:{port}/w_{wanted.width_px},f_{wanted.ext}{q}/{name}"

    return url
