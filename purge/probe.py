"""Asks one URL through one edge, as a browser does, and reads what tells old from new."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from purge.judge import EVIDENCE, Seen

if TYPE_CHECKING:
    import httpx

#: Problem documents are a few hundred bytes; nothing longer is read.
PROBLEM_BYTES_MAX = 8_192
PROBLEM = "application/problem+json"
OK = 200


@dataclass(frozen=True, slots=True)
class Edge:
    """A place to ask through. host: the Host to ask by, when base_url is one place's address.

    is_origin: it is the origin itself, for an installation without edges; it says no Cache-Status.
    """

    name: str
    base_url: str
    host: str | None = None
    is_origin: bool = False


class NoAnswer(Exception):
    """The edge could not be asked; the sentence says why."""


class Prober:
    """Asks edges. sign: path to path with its signature. at_once: probes under way at one time."""

    def __init__(
        self,
        sign: Callable[[str], str],
        *,
        timeout_s: float = 10.0,
        at_once: int = 8,
        now_s: Callable[[], float] = time,
    ) -> None:
        self._sign, self._now_s, self._timeout_s = sign, now_s, timeout_s
        self._turn = asyncio.Semaphore(at_once)

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        """Made with the first probe: the library and its certificates hold 6 MB."""
        import httpx

        # A proxy of the environment is not the edge: what it answers says nothing.
        return httpx.AsyncClient(timeout=self._timeout_s, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def ask(self, edge: Edge, path: str) -> Seen:
        """Ask once; raises NoAnswer."""
        import httpx

        headers = {"Accept": "*/*", "User-Agent": "edgeproof-verify"}
        extensions = {}
        if edge.host is not None:
            headers["Host"] = edge.host
            extensions["sni_hostname"] = edge.host.partition(":")[0]
        url = edge.base_url.rstrip("/") + self._sign(path)
        try:
            async with (
                self._turn,
                asyncio.timeout(self._timeout_s),
                self._client.stream("GET", url, headers=headers, extensions=extensions) as answer,
            ):
                code = "" if answer.status_code == OK else await _code(answer)
                return Seen(self._now_s(), answer.status_code, _evidence(answer.headers), code)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NoAnswer(f"no answer in {self._timeout_s:g} s") from error
        except httpx.HTTPError as error:
            raise NoAnswer(f"no connection: {str(error) or type(error).__name__}") from error


def _evidence(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in EVIDENCE if name in headers}


async def _code(answer: httpx.Response) -> str:
    """Return the code of a problem document, or nothing when it is none."""
    if answer.headers.get("content-type", "").partition(";")[0].strip() != PROBLEM:
        return ""
    body = b""
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > PROBLEM_BYTES_MAX:
            return ""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) else ""
