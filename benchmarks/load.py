"""A small client: GET over kept connections, several at a time, every body read whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools


class Refused(Exception):
    """A server did not answer 200."""


@dataclass(slots=True)
class Reply:
    """One answer, taken apart by httptools."""

    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    seconds: float = 0.0
    is_whole: bool = False

    def on_body(self, piece: bytes) -> None:
        """Take a piece."""
        self.body += piece

    def on_message_complete(self) -> None:
        """Note the end."""
        self.is_whole = True


async def _get(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], head: bytes) -> Reply:
    reader, writer = streams
    reply = Reply()
    parser = httptools.HttpResponseParser(reply)
    started = time.perf_counter()
    writer.write(head)
    while not reply.is_whole:
        piece = await reader.read(262_144)
        if not piece:
            raise ConnectionError("the server closed the connection")
        parser.feed_data(piece)
    reply.seconds = time.perf_counter() - started
    reply.status = parser.get_status_code()
    return reply


async def _ask(
    urls: Sequence[str], at_once: int, fields: Mapping[str, str], *, is_strict: bool
) -> list[Reply]:
    parts = urlsplit(urls[0])
    assert parts.hostname is not None
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    queue = list(enumerate(urls))[::-1]
    replies: list[Reply | None] = [None] * len(urls)

    async def client() -> None:
        streams = await asyncio.open_connection(parts.hostname, parts.port)
        while queue:
            index, url = queue.pop()
            target = url.split("/", 3)[3]
            head = f"GET /{target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n".encode()
            reply = await _get(streams, head)
            if is_strict and reply.status != 200:
                raise Refused(f"{reply.status} {url}: {bytes(reply.body[:300])!r}")
            replies[index] = reply
        streams[1].close()

    await asyncio.gather(*(client() for _ in range(min(at_once, len(urls)))))
    return [reply for reply in replies if reply is not None]


def ask(
    urls: Sequence[str],
    *,
    at_once: int = 1,
    fields: Mapping[str, str] = {},
    is_strict: bool = True,
) -> tuple[float, list[Reply]]:
    """Get all of them, so many at a time; return the wall seconds and the replies in order.

    Raises Refused when an answer is not 200, unless it is not strict.
    """
    started = time.perf_counter()
    replies = asyncio.run(_ask(urls, at_once, fields, is_strict=is_strict))
    return time.perf_counter() - started, replies
