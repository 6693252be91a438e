"""Five hundred clients that hold their connections and say next to nothing.

``python -m tests.faults.slow_clients`` measures what they cost the healthy ones (``make slow``).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.images.photos import photo_jpeg
from tests.system.server import TENANT, Server, server

#: Bodies: as many as may be taken in at once (EDGEPROOF_UPLOADS_MAX); more would wait their turn.
HEADS, IDLES, BODIES = 250, 242, 8
#: A byte of a head is sent so often, which an idle time-out alone would let go on for ever.
DRIP_S = 1.0
ROUNDS, REQUESTS = 5, 600

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Slow:
    """The connections: heads that never end, idle ones after an answer, bodies that stall."""

    heads: list[Stream] = field(default_factory=list)
    idles: list[Stream] = field(default_factory=list)
    bodies: list[Stream] = field(default_factory=list)


@asynccontextmanager
async def slow_clients(running: Server, hit_path: str) -> AsyncIterator[Slow]:
    """Hold all of them; heads get a byte a second."""
    slow = Slow()
    dripping = asyncio.create_task(_drip(slow))
    host = f"Host: 127.0.0.1:{running.public_port}\r\n"
    try:
        for _ in range(HEADS):
            request = f"GET {hit_path} HTTP/1.1\r\nX-A: "
            slow.heads.append(await _opened(running.public_port, request))
        for _ in range(IDLES):
            request = f"GET {hit_path} HTTP/1.1\r\n{host}\r\n"
            stream = await _opened(running.public_port, request)
            assert (await stream[0].readline()).startswith(b"HTTP/1.1 200")
            slow.idles.append(stream)
        for number in range(BODIES):
            request = (
                f"POST /api/v1/tenants/{TENANT}/assets?owner=slow-{number} HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{running.private_port}\r\n"
                f"Authorization: Bearer {running.token}\r\nContent-Length: 100000\r\n\r\nbegun"
            )
            slow.bodies.append(await _opened(running.private_port, request))
        yield slow
    finally:
        dripping.cancel()
        for _, writer in slow.heads + slow.idles + slow.bodies:
            writer.close()


async def is_cut(stream: Stream) -> bool:
    """Wait for the server to end a connection."""
    with suppress(ConnectionError):
        while await stream[0].read(65_536):
            pass
    return True


async def healthy(running: Server, url: str, count: int) -> list[float]:
    """Ask for a stored picture so often, four at a time; return the seconds of each."""
    spent_s: list[float] = []
    async with httpx2.AsyncClient(timeout=30) as http:

        async def ask() -> None:
            for _ in range(count // 4):
                begin_s = time.perf_counter()
                answer = await http.get(url)
                spent_s.append(time.perf_counter() - begin_s)
                assert answer.status_code == 200

        await asyncio.gather(*(ask() for _ in range(4)))
    return spent_s


async def _opened(port: int, words: str) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words.encode())
    await writer.drain()
    return reader, writer


async def _drip(slow: Slow) -> None:
    while True:
        await asyncio.sleep(DRIP_S)
        for _, writer in slow.heads:
            if not writer.is_closing():
                writer.write(b"a")


def p99_ms(spent_s: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return statistics.quantiles(spent_s, n=100)[98] * 1_000


async def measure(running: Server, url: str) -> list[tuple[float, float, float]]:
    """Return the p99 in ms of each round: alone, alone again (the noise), among slow clients."""
    rounds = []
    path = url.removeprefix(running.public_url)
    await healthy(running, url, REQUESTS)
    for _ in range(ROUNDS):
        alone, again = [p99_ms(await healthy(running, url, REQUESTS)) for _ in range(2)]
        async with slow_clients(running, path):
            rounds.append((alone, again, p99_ms(await healthy(running, url, REQUESTS))))
    return rounds


def main() -> int:
    """Measure, say the rounds, return 1 when the median p99 is twice the baseline or more."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder, "data")) as running:
        url = running.url(running.asset(photo_jpeg(1001, 801, 3)), "w_320.jpg")
        rounds = asyncio.run(measure(running, url))
    for alone, again, among in rounds:
        sys.stdout.write(f"p99 ms: alone {alone:.1f}, again {again:.1f}, among 500 {among:.1f}\n")
    ratios = [among / ((alone + again) / 2) for alone, again, among in rounds]
    noise = [max(alone, again) / min(alone, again) for alone, again, _ in rounds]
    ratio = statistics.median(ratios)
    sys.stdout.write(
        f"ratio {ratio:.2f} ({min(ratios):.2f}-{max(ratios):.2f}), "
        f"null pair {statistics.median(noise):.2f}\n"
    )
    return int(ratio >= 2)


if __name__ == "__main__":
    sys.exit(main())
