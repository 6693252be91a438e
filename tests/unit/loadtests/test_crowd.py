"""The crowd: what a server answers, refuses or cuts off is what the trace says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

from loadtests import crowd
from loadtests.plan import Plan, Stage
from loadtests.trace import NO_ANSWER, Row, body_path, read_trace
from tests.unit.loadtests.shops import shop

BODY = b"a picture" * 9_000
ETAG = f'"{blake3(BODY).hexdigest()}"'.encode()
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\netag: %b\r\n\r\n%b" % (len(BODY), ETAG, BODY)
WRONG = GOOD.replace(b"a picture", b"b picture")
FULL = b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nretry-after: 1\r\n\r\nfull"

Answers = Callable[[int], bytes]


async def played(plan: Plan, answers: Answers) -> int:
    """Play a plan against a server that answers its n-th request so; return its connections."""
    requests = connections = 0
    serving = set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests, connections
        connections += 1
        serving.add(asyncio.current_task())
        while head := await until_blank(reader):
            assert b"\r\nAccept: " in head
            requests += 1
            answer = answers(requests)
            if not answer:
                break
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await crowd.Crowd(replace(plan, host=f"http://127.0.0.1:{port}")).play()
        await asyncio.wait([task for task in serving if task is not None], timeout=5)
    return connections


async def until_blank(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@pytest.fixture
def play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Plan, Answers], tuple[list[Row], int]]:
    def read(file: Path, ring: Path) -> object:
        del file, ring
        return shop()

    monkeypatch.setattr(crowd, "read_shop", read)

    def run(plan: Plan, answers: Answers) -> tuple[list[Row], int]:
        connections = asyncio.run(played(replace(plan, folder=str(tmp_path)), answers))
        return list(read_trace(tmp_path)), connections

    return run


OPEN = Plan("", "", "", "", seed=1, stages=(Stage(0.5, 100),), load="open")
CLOSED = Plan("", "", "", "", seed=1, stages=(Stage(0.3, 3),), load="closed")
Play = Callable[[Plan, Answers], tuple[list[Row], int]]


def test_an_open_loop_asks_for_distinct_pictures_at_its_rate_and_keeps_every_answer(
    play: Play, tmp_path: Path
) -> None:
    rows, connections = play(OPEN, lambda number: FULL if number % 2 else GOOD)
    assert 25 < len(rows) < 90
    assert connections < len(rows), "connections are kept"
    assert len({row.key for row in rows}) == len(rows)
    assert {(row.status, row.has_retry, row.is_own_digest) for row in rows} == {
        (503, True, False),
        (200, False, True),
    }
    good = next(row for row in rows if row.is_good)
    assert body_path(tmp_path, good.key).read_bytes() == BODY


def test_a_wrong_body_is_not_its_etags(play: Play) -> None:
    rows, _ = play(OPEN, lambda _: WRONG)
    assert rows
    assert not any(row.is_own_digest for row in rows)


def test_a_connection_cut_off_or_no_http_is_no_answer_and_the_next_is_asked(play: Play) -> None:
    answers = {1: b"", 2: b"no HTTP at all\r\n\r\n", 3: GOOD[: len(GOOD) // 2]}
    rows, _ = play(OPEN, lambda number: answers.get(number, GOOD) if number != 4 else b"")
    assert sum(row.status == NO_ANSWER for row in rows) >= 2
    assert sum(row.is_good for row in rows) > 10


def test_a_closed_loop_has_as_many_under_way_as_visitors(play: Play) -> None:
    rows, connections = play(CLOSED, lambda _: GOOD)
    assert connections == 3
    assert len(rows) > 10
    assert len({row.key for row in rows}) == len(rows)


def test_who_gives_no_answer_in_time_is_given_up(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "TIMEOUT_S", 0.2)
    rows, _ = play(OPEN, lambda number: GOOD[:100] if number < 4 else GOOD)
    assert sum(row.status == NO_ANSWER for row in rows) == 3
