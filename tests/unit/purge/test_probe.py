"""The prober over real sockets: what edges, strangers and slow ones send, and how it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from purge.probe import Edge, NoAnswer, Prober

pytestmark = pytest.mark.anyio

PATH = f"/v1/acme/{'a' * 52}/w_320.jpg"
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def edge(answer: Answer, host: str | None = None) -> AsyncIterator[Edge]:
    """Listen on loopback and answer each request by a function of its head."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Edge("edge", f"http://127.0.0.1:{port}/", host)


def saying(head: str, body: bytes = b"") -> Answer:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return answer


def prober(timeout_s: float = 10.0, at_once: int = 8) -> Prober:
    return Prober(lambda path: f"{path}?sig=x", timeout_s=timeout_s, at_once=at_once)


async def test_the_signed_url_is_asked_as_a_browser_asks_by_the_host_that_is_configured() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await saying("200 OK")(head, writer)

    async with prober() as asks, edge(answer, "img.shop.example") as place:
        await asks.ask(place, PATH)
    assert heads[0].startswith(f"GET {PATH}?sig=x HTTP/1.1\r\n".encode())
    assert b"\r\nHost: img.shop.example\r\n" in heads[0]
    assert b"if-none-match" not in heads[0].lower()


async def test_evidence_is_kept_and_nothing_else() -> None:
    head = (
        '200 OK\r\nEdgeproof-Generation: 7\r\nAge: 3\r\nETag: "e"\r\nCache-Status: e; hit\r\n'
        "Set-Cookie: a=b"
    )
    async with prober() as asks, edge(saying(head)) as place:
        seen = await asks.ask(place, PATH)
    assert seen.status == 200
    assert seen.headers == {
        "edgeproof-generation": "7",
        "age": "3",
        "etag": '"e"',
        "cache-status": "e; hit",
    }


async def test_a_redirect_is_not_followed() -> None:
    async with prober() as asks, edge(saying("302 Found\r\nLocation: /elsewhere")) as place:
        seen = await asks.ask(place, PATH)
    assert (seen.status, seen.headers["location"]) == (302, "/elsewhere")


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("application/problem+json", b'{"code":"asset.erased"}', "asset.erased"),
        ("application/problem+json; charset=utf-8", b'{"code":"asset.erased"}', "asset.erased"),
        ("application/json", b'{"code":"asset.erased"}', ""),
        ("application/problem+json", b'{"code":"asset.erased"', ""),
        ("application/problem+json", b"\xff", ""),
        ("application/problem+json", b'["asset.erased"]', ""),
        ("application/problem+json", b'{"code":410}', ""),
        ("application/problem+json", b'{"code":"asset.erased"}' + b" " * 9_000, ""),
    ],
    ids=["ours", "with a charset", "json", "cut", "bytes", "a list", "a number", "too long"],
)
async def test_a_code_is_read_from_a_whole_problem_document_only(
    kind: str, body: bytes, code: str
) -> None:
    async with prober() as asks, edge(saying(f"410 Gone\r\nContent-Type: {kind}", body)) as place:
        assert (await asks.ask(place, PATH)).code == code


async def test_one_that_never_answers_or_dribbles_is_given_up_at_the_timeout() -> None:
    async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def dribbling(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = "HTTP/1.1 410 Gone\r\nContent-Type: application/problem+json\r\n"
        writer.write(f"{head}Content-Length: 8000\r\n\r\n".encode())
        for _turn in range(8_000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    for answer in (silent, dribbling):
        async with prober(timeout_s=0.3) as asks, edge(answer) as place:
            with pytest.raises(NoAnswer, match=r"no answer in 0\.3 s"):
                await asks.ask(place, PATH)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_one_that_is_no_web_server_is_no_answer(said: bytes) -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with prober() as asks, edge(answer) as place:
        with pytest.raises(NoAnswer, match="no connection"):
            await asks.ask(place, PATH)


async def test_no_more_probes_than_allowed_are_under_way_at_once() -> None:
    under_way, most = 0, 0

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        await saying("200 OK")(head, writer)

    async with prober(at_once=3) as asks, edge(answer) as place:
        await asyncio.gather(*(asks.ask(place, PATH) for _ in range(20)))
    assert most == 3
