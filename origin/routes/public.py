"""The public listener: previews and /healthz as a bare ASGI application, hits answered at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from cache_keys.asking import Request
from origin.flow.authorize import PreviewRequest
from origin.flow.preview import Previews
from origin.flow.trace import Trace
from origin.headers import NO_STORE, SAFE, Answer, Headers, problem
from origin.routes.recall import Asking, Ready, Recall

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Set by our HTTP protocol class: the target of the request line, byte for byte.
TARGET_KEY = "edgeproof.target"
#: A body is sent in pieces, so that a client that stops reading cannot outlive the deadline.
PIECE_BYTES = 65_536
#: Where pictures are that are answered before ASGI.
AT_ONCE = frozenset({"memory", "disk"})
OK = 200
#: The fields that change an answer; everything else that a client sends is never looked at.
CONDITIONS = {b"if-match", b"if-none-match", b"if-range", b"range"}
#: All fields that read_request() looks at.
LOOKED_AT = frozenset(
    CONDITIONS | {b"host", b"accept", b"edgeproof-edge", b"content-length", b"transfer-encoding"}
)


class Observer(Protocol):
    """Is told of every answer, once, at its end."""

    def answered(
        self, request: PreviewRequest, answer: Answer, trace: Trace, spent_s: float
    ) -> None:
        """Log and count it."""

    def ready(self, request: PreviewRequest, answer: Answer, trace: Trace) -> Ready:
        """Return an answer with what its repetitions need."""

    def repeated(self, ready: Ready, spent_s: float) -> bool:
        """Log and count a repetition; return whether somebody has to flush() in a moment."""

    def flush(self) -> None:
        """Write the lines that wait."""

    def failed(self, bug: Exception) -> None:
        """Log a bug of ours with its traceback."""


class PublicApp:
    """ASGI application of the public listener. deadline_s: age at which an answer is cut off."""

    def __init__(
        self,
        previews: Previews,
        is_healthy: Callable[[], bool],
        observer: Observer,
        *,
        deadline_s: float,
    ) -> None:
        self._previews = previews
        self._is_healthy = is_healthy
        self._observer = observer
        self._deadline_s = deadline_s
        self._recall = Recall(previews.moment)

    def at_once(self, method: bytes, target: bytes, headers: Headers) -> Ready | None:
        """Return the answer to a GET that is at hand, or its refusal; None: call the application.

        The caller sends it whole and then says sent().
        """
        asking = (method, target, tuple([pair for pair in headers if pair[0] in LOOKED_AT]))
        ready = self._recall.find(asking)
        if ready is None:
            return self._first(asking)
        if ready.again is not None:
            body = ready.again()
            if body is None:  # gone, or in need of care: the long way sees to it
                return self._first(asking)
            ready.body = body
        return ready

    def _first(self, asking: Asking) -> Ready | None:
        method, target, fields = asking
        if target == b"/healthz" or self._recall.moment is None:
            return None
        began, trace = self._recall.moment, Trace()
        request = read_request({"method": method.decode("latin-1"), "headers": fields}, target)
        try:
            answer = self._previews.answer_now(request, trace)
        except Exception as bug:  # noqa: BLE001 - the outermost edge of a request
            self._observer.failed(bug)
            return None
        if answer is None or len(answer.body) > PIECE_BYTES:
            return None
        if trace.code:  # a body that follows must be read before the next head: the long way does
            return None if request.wire.has_body else self._observer.ready(request, answer, trace)
        if trace.hit not in AT_ONCE:
            return None
        ready = self._observer.ready(request, answer, trace)
        if trace.hit == "memory" or (trace.again is not None and answer.status == OK):
            self._recall.keep(asking, ready, began)
        return ready

    def flush(self) -> None:
        """Write the log lines that wait."""
        self._observer.flush()

    def sent(self, ready: Ready, spent_s: float) -> bool:
        """Log and count an answer that was given at once."""
        if ready.again is not None:
            ready.body = b""  # what is not in the memory cache is not kept here either
        return self._observer.repeated(ready, spent_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        target = target_of(scope)
        if target == b"/healthz":
            await self._send(send, scope["method"], self._health(), started)
            return
        request = read_request(scope, target)
        trace = Trace()
        answer = await self._answer(request, trace)
        try:
            await self._send(send, scope["method"], answer, started)
        except TimeoutError:  # a reader too slow for the deadline; leaving cuts the connection
            trace.code = "render.deadline"
        finally:
            self._observer.answered(request, answer, trace, time.perf_counter() - started)

    async def _answer(self, request: PreviewRequest, trace: Trace) -> Answer:
        try:
            return await self._previews.answer(request, trace)
        except Exception as bug:  # noqa: BLE001 - the outermost edge of a request
            trace.code, trace.reason = "server.failed", repr(bug)
            self._observer.failed(bug)
            return problem(500, "server.failed", "Something went wrong here.")

    def _health(self) -> Answer:
        status = 200 if self._is_healthy() else 503
        return Answer(status, [(b"content-length", b"0"), NO_STORE, *SAFE])

    async def _send(self, send: Send, method: str, answer: Answer, started: float) -> None:
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        body = b"" if method == "HEAD" else answer.body
        if len(body) <= PIECE_BYTES:
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        left_s = self._deadline_s - (time.perf_counter() - started)
        async with asyncio.timeout(left_s):
            for start in range(0, len(body), PIECE_BYTES):
                piece = body[start : start + PIECE_BYTES]
                is_last = start + PIECE_BYTES >= len(body)
                await send({"type": "http.response.body", "body": piece, "more_body": not is_last})


def target_of(scope: Scope) -> bytes:
    """Return the request target as received; rebuilt where the server does not hand it on."""
    target = scope.get(TARGET_KEY)
    if isinstance(target, bytes):
        return target
    query: bytes = scope["query_string"]
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw + b"?" + query if query else raw


def read_request(scope: Scope, target: bytes) -> PreviewRequest:
    """Take from the request the few fields that may change its answer."""
    hosts: list[bytes] = []
    proofs: list[bytes] = []
    has_body = False
    accept: list[bytes] = []
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name == b"host":
            hosts.append(value.strip(b" \t"))
        elif name == b"accept":
            accept.append(value)
        elif name in CONDITIONS:
            fields[name] = fields[name] + b"," + value if name in fields else value
        elif name == b"edgeproof-edge":
            proofs.append(value)
        elif name == b"content-length":
            has_body = has_body or value.strip(b"0 \t") != b""
        elif name == b"transfer-encoding":
            has_body = True
    wire = Request(
        method=scope["method"],
        host=b",".join(hosts).decode("latin-1"),  # two of them are no host that we know
        target=target,
        has_body=has_body,
        proof=b",".join(proofs) if proofs else None,
    )
    return PreviewRequest(wire, tuple(accept), fields)
