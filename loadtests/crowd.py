"""A crowd that asks for pictures nobody asked for before, in closed or open loop.

``python -m loadtests.crowd PLAN.json``; loadtests/runs.py starts it. It shares the cores with what
it measures, so it must cost a fraction of a refusal: no Locust user per request, but bare protocols
on kept connections, targets signed before the start, rows written after the end.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

import httptools
import uvloop

from loadtests.plan import Plan, read_plan
from loadtests.sessions.distinct import distinct
from loadtests.shapes import length_s
from loadtests.shop import read_shop
from loadtests.trace import NO_ANSWER, Row, TraceWriter, cache_word, digest_of, is_tag_of
from loadtests.visitor import Ask, Visitor

#: What has not come this long after the last question does not come.
TIMEOUT_S: Final = 30.0
KIND: Final = "distinct"


@dataclass(slots=True)
class Answer:
    """What came for one question; nothing where the connection ended before it."""

    status: int = NO_ANSWER
    fields: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """One kept connection with at most one question on its way."""

    def __init__(self) -> None:
        self.is_open = True
        self._answer = Answer()
        self._waiter: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that nothing comes."""
        del exc
        self.is_open = False
        self._end(Answer())

    def ask(self, head: bytes) -> asyncio.Future[Answer]:
        """Send a question; the future has its answer."""
        self._answer = Answer()
        self._parser = httptools.HttpResponseParser(self)
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(head)
        return self._waiter

    def close(self) -> None:
        """End it."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what is no HTTP ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field."""
        self._answer.fields[name.lower()] = value

    def on_body(self, piece: bytes) -> None:
        """Take a piece."""
        self._answer.body += piece

    def on_message_complete(self) -> None:
        """Hand the answer over."""
        self._answer.status = self._parser.get_status_code()
        self.is_open = self._parser.should_keep_alive()
        self._end(self._answer)

    def _end(self, answer: Answer) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(answer)


class Crowd:
    """Asks by a plan and keeps every answer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shop = read_shop(Path(plan.shop), Path(plan.ring))
        self._netloc = urlsplit(plan.host).netloc
        self._now = int(time.time())
        self._idle: list[Connection] = []
        self._trace = TraceWriter(Path(plan.folder), is_late=True)

    async def play(self) -> None:
        """Play the plan to its end."""
        try:
            await (self._open() if self._plan.load == "open" else self._closed())
        finally:
            for connection in self._idle:
                connection.close()
            self._trace.close()

    async def _open(self) -> None:
        """Ask by the clock, whatever is answered."""
        tasks = set[asyncio.Task[None]]()
        async for number, asked in self._by_the_clock():
            task = asyncio.create_task(self._fetch(*asked, number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=TIMEOUT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _by_the_clock(self) -> AsyncIterator[tuple[int, tuple[Ask, bytes]]]:
        """Yield each question at its moment: a Poisson process, so that nobody waits for another.

        All of them are made and signed first, which would take processors from what is measured.
        """
        chance = random.Random(f"crowd/{self._plan.seed}")  # noqa: S311 - no secret
        visitor = Visitor(self._shop, chance, self._now)
        planned, at_s, until_s = list[tuple[float, tuple[Ask, bytes]]](), 0.0, 0.0
        for stage in self._plan.stages:
            until_s += stage.seconds
            while at_s < until_s:
                planned.append((at_s, self._question(visitor, chance)))
                at_s += chance.expovariate(stage.level)
        began_s = time.monotonic()
        for number, (due_s, asked) in enumerate(planned, start=1):
            left_s = began_s + due_s - time.monotonic()
            if left_s > 0:
                await asyncio.sleep(left_s)
            yield number, asked

    async def _closed(self) -> None:
        """Let so many visitors ask one question after the other."""
        until_s = time.monotonic() + length_s(self._plan.stages)

        async def visit(place: int) -> None:
            number = place
            while time.monotonic() < until_s:
                chance = random.Random(f"queue/{self._plan.seed}/{number}")  # noqa: S311
                visitor = Visitor(self._shop, chance, self._now)
                asked = self._question(visitor, chance)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._fetch(*asked, number), TIMEOUT_S)
                number += self._plan.visitors

        await asyncio.gather(*(visit(place) for place in range(1, self._plan.visitors + 1)))

    def _question(self, visitor: Visitor, chance: random.Random) -> tuple[Ask, bytes]:
        asked = distinct(visitor, chance)
        head = f"GET {asked.target} HTTP/1.1\r\nHost: {self._netloc}\r\n"
        return asked, f"{head}Accept: {asked.accept}\r\n\r\n".encode()

    async def _fetch(self, asked: Ask, head: bytes, number: int) -> None:
        """Ask once and keep what came, whatever it was; nothing when it was given up."""
        at_s, began = time.time(), time.perf_counter()
        answer, connection = Answer(), None
        try:
            connection = await self._connection()
            answer = await connection.ask(head)
        except OSError:
            pass  # refused: no answer
        finally:
            spent_ms = (time.perf_counter() - began) * 1_000
            if connection is not None and connection.is_open:
                if answer.status == NO_ANSWER:
                    connection.close()
                else:
                    self._idle.append(connection)
            self._keep(asked, answer, number, at_s, spent_ms)

    async def _connection(self) -> Connection:
        while self._idle:
            if (kept := self._idle.pop()).is_open:
                return kept
        loop = asyncio.get_running_loop()
        host, _, port = self._netloc.partition(":")
        _, connection = await loop.create_connection(Connection, host, int(port))
        return connection

    def _keep(self, asked: Ask, answer: Answer, number: int, at_s: float, spent_ms: float) -> None:
        body, fields = bytes(answer.body), answer.fields
        digest = digest_of(body)
        row = Row(
            at_s=round(at_s, 4),
            session=number,
            kind=KIND,
            key=asked.key,
            want=asked.status,
            status=answer.status,
            ms=round(spent_ms, 2),
            size_bytes=len(body),
            digest=digest,
            is_own_digest=is_tag_of(fields.get(b"etag", b"").decode("latin-1"), body, digest),
            cache=cache_word(fields.get(b"cache-status", b"").decode("latin-1")),
            has_retry=b"retry-after" in fields,
        )
        self._trace.write(row, body)


def main(plan_path: Path) -> None:
    """Play a plan to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Crowd(read_plan(plan_path)).play())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
