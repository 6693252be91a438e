"""A way to S3 that is ill in ways a TCP proxy cannot be: it reads requests, one per connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from tests.system.server import free_ports


class Treatment(Enum):
    """What becomes of one request."""

    WELL = "passed on, both ways"
    FAILED = "answered with 500, never passed on"
    LOST = "passed on, and its answer is never sent back"
    CUT = "passed on, and half of its answer is sent back"
    HELD = "passed on when ``released`` is set, though its sender may be gone"
    BENT = "passed on; where S3 refuses a condition, its sender hears success"


Treat = Callable[[str], Treatment]
FAILURE = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/xml\r\nconnection: close\r\n"
    b"content-length: 45\r\n\r\n<Error><Code>InternalError</Code></Error>    \n"
)


@dataclass
class IllS3:
    """The proxy. ``treat`` judges each request by its first line; ``seen`` are those lines."""

    upstream: int
    port: int
    treat: Treat = lambda _: Treatment.WELL
    seen: list[str] = field(default_factory=list)
    under_way: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, method: str) -> int:
        """Return how many requests of a method came here."""
        return sum(line.startswith(f"{method} ") for line in self.seen)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and do with it what ``treat`` says."""
        self.under_way += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.partition(b"\r\n")[0].decode()
            self.seen.append(line)
            treatment = self.treat(line)
            if b"expect: 100-continue" in head.lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request = _alone(head) + await reader.readexactly(_length(head))
            await self._answer(treatment, request, writer)
        self.under_way -= 1
        writer.close()

    async def _answer(
        self, treatment: Treatment, request: bytes, writer: asyncio.StreamWriter
    ) -> None:
        if treatment is Treatment.FAILED:
            writer.write(FAILURE)
            await writer.drain()
            return
        if treatment is Treatment.HELD:
            await self.released.wait()
        answer = await self._passed_on(request)
        if treatment is Treatment.BENT and answer.startswith(b"HTTP/1.1 412"):
            answer = b'HTTP/1.1 200 OK\r\netag: "bent"\r\ncontent-length: 0\r\n\r\n'
        if treatment is Treatment.CUT:
            answer = answer[: len(answer) // 2]
        if treatment is not Treatment.LOST and treatment is not Treatment.HELD:
            writer.write(answer)
            await writer.drain()

    async def _passed_on(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        writer.write(request)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer


def _alone(head: bytes) -> bytes:
    """Return the head of a request that ends its connection and waits for no 100."""
    lines = head[:-4].split(b"\r\n")
    kept = [each for each in lines if not each.lower().startswith((b"expect:", b"connection:"))]
    return b"\r\n".join([*kept, b"connection: close", b"", b""])


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@asynccontextmanager
async def ill_s3(upstream: int) -> AsyncIterator[IllS3]:
    """Run the proxy before an S3 server."""
    ill = IllS3(upstream, free_ports(1)[0])
    server = await asyncio.start_server(ill.serve, "127.0.0.1", ill.port)
    try:
        yield ill
    finally:
        ill.released.set()
        server.close()
