"""Bodies that come slowly, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from starlette.requests import Request

from origin.errors import BadDocument
from origin.routes.private import body_of

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def read(receive: Receive, deadline_s: float) -> bytes:
    async def play() -> bytes:
        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        chunks = [chunk async for chunk in body_of(request, deadline_s=deadline_s)]
        return b"".join(chunks)

    return asyncio.run(play())


def test_a_body_that_drips_for_ever_is_ended_at_its_deadline() -> None:
    async def drip() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(BadDocument) as refused:
        read(drip, 0.1)
    assert refused.value.code == "api.body"
    assert "too long" in refused.value.public


def test_a_client_that_goes_away_is_no_body() -> None:
    async def leave() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(BadDocument, match="cut off"):
        read(leave, 60)


def test_a_body_in_pieces_is_read_to_its_end() -> None:
    pieces = iter((b"ab", b"", b"cd"))

    async def receive() -> dict[str, Any]:
        piece = next(pieces)
        return {"type": "http.request", "body": piece, "more_body": piece != b"cd"}

    assert read(receive, 60) == b"abcd"
