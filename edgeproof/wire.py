"""The HTTP protocol of both listeners: bytes as they came, bounded heads, one error shape."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, ClassVar

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from cache_keys.errors import REFUSALS
from origin.errors import KINDS
from origin.headers import problem
from origin.routes.public import TARGET_KEY
from origin.routes.recall import LINES_S, Ready

#: A request line and all fields; browsers and CDNs stay far below.
HEAD_BYTES_MAX = 32_768
#: Bytes handed to the parser at once while a head is read, so that the limit is seen in time.
SLICE_BYTES = 8_192
#: More of a target than this is dropped: 2,048 bytes are allowed, the rest only has to be refused.
TARGET_BYTES_KEPT = 4_096
#: Time from a connection's or a request's first moment to the end of its head, in seconds.
HEAD_DEADLINE_S = 20.0
REQUEST_REFUSED = "request_refused"


class BoundedProtocol(HttpToolsProtocol):
    """Refuses heads that are too large, too slow or no HTTP, with a problem document each."""

    keeps_target: ClassVar[bool] = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_bytes = 0
        self._is_in_head = True
        self._deadline: asyncio.TimerHandle | None = None
        self._heard_at_s = 0.0

    def connection_made(self, transport: Any) -> None:  # uvicorn's own annotation is not exported
        """Start the clock of the first head."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._stop_clock()
        self._stop_idle_clock()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's own: True keeps it open
        """Answer what was asked before the client said that it will send no more."""
        cycle: Any = self.cycle  # None before the first request
        if cycle is None or cycle.response_complete:
            return False
        cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Feed the parser; while a head is read, in slices that are counted."""
        while data and self._is_in_head and not self.transport.is_closing():
            piece, data = data[:SLICE_BYTES], data[SLICE_BYTES:]
            self._head_bytes += len(piece)
            super().data_received(piece)
            if self._head_bytes > HEAD_BYTES_MAX:  # on_headers_complete sets it to 0
                self._refuse("http.head_too_large")
                return
        if data and not self.transport.is_closing():
            super().data_received(data)
        if self._head_bytes and self._deadline is None:  # a further head that is not whole yet
            self._start_clock()

    def on_url(self, url: bytes) -> None:
        """Keep as much of the target as can matter."""
        self.url += url[: max(0, TARGET_BYTES_KEPT - len(self.url))]

    def on_headers_complete(self) -> None:
        """End the head; keep the target, and let the server parse a harmless one."""
        self._is_in_head = False
        self._head_bytes = 0
        self._stop_clock()
        if self.keeps_target:
            self.scope[TARGET_KEY] = self.url  # type: ignore[literal-required] # our own key
            self.url = b"/"
        super().on_headers_complete()
        if self.parser.should_upgrade():  # what follows would not be read as HTTP
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Expect a further head."""
        super().on_message_complete()
        self._is_in_head = True

    def on_response_complete(self) -> None:
        """Go on with the next request, or start to wait for it."""
        self._stop_idle_clock()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing was heard for the whole time; else look again."""
        self.timeout_keep_alive_task = None
        cycle: Any = self.cycle  # None before the first request
        is_busy = cycle is not None and not cycle.response_complete
        left_s = self._heard_at_s + self.timeout_keep_alive - self.loop.time()
        if is_busy or left_s > 0:
            self._start_idle_clock(max(left_s, 1.0))
        else:
            super().timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        """Note that something was heard: cheaper than a new timer for each request."""
        self._heard_at_s = self.loop.time()

    def _start_idle_clock(self, after_s: float) -> None:
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                after_s, self.timeout_keep_alive_handler
            )

    def _stop_idle_clock(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser could not read: an unknown method, a wrong byte, no HTTP."""
        del msg
        error = sys.exc_info()[1]
        if isinstance(error, httptools.HttpParserInvalidMethodError):
            self._refuse("http.method")
        elif isinstance(error, httptools.HttpParserInvalidURLError):
            self._refuse("url.bytes")
        else:
            self._refuse("http.malformed")

    def _refuse(self, code: str) -> None:
        kind = KINDS.get(code)
        status, words = (kind.status, kind.public) if kind else REFUSALS[code]
        answer = problem(status, code, words)
        head = [b"HTTP/1.1 %d %s\r\n" % (status, code.encode())]
        head += [name + b": " + value + b"\r\n" for name, value in answer.headers]
        self.transport.write(b"".join([*head, b"connection: close\r\n\r\n", answer.body]))
        self.transport.close()
        structlog.get_logger().info(REQUEST_REFUSED, status=status, code=code)

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(HEAD_DEADLINE_S, self._too_slow)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


class TargetProtocol(BoundedProtocol):
    """Hands the request target on byte for byte; URL parsing would hide what a client sent.

    A GET that the application can answer out of memory is answered here, without a task, a scope
    and the messages of ASGI: they cost more than everything else about a hit (docs/adr/0005).
    """

    keeps_target = True
    _is_answered = False

    def on_message_begin(self) -> None:
        """Begin a request without the scope, which a hit does not need."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def _hand_on(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()

    def on_headers_complete(self) -> None:
        """Answer at once what can be; hand on the rest."""
        started = time.perf_counter()
        ready = self._ready() if self._is_free() else None
        if ready is None:
            self._hand_on()
            return
        self._is_in_head = False
        self._head_bytes = 0
        if self._deadline is not None:
            self._stop_clock()
        self._is_answered = True
        self.transport.writelines((ready.head, ready.body))
        if self.app.sent(ready, time.perf_counter() - started):
            self.loop.call_later(LINES_S, self.app.flush)
        self.server_state.total_requests += 1

    def on_message_complete(self) -> None:
        """Expect a further head."""
        if not self._is_answered:
            super().on_message_complete()
            return
        self._is_answered = False
        self._is_in_head = True
        if self.timeout_keep_alive_task is None:
            self._start_idle_clock(self.timeout_keep_alive)

    def _is_free(self) -> bool:
        """Say whether this is a plain GET on a connection that owes nothing and takes bytes."""
        cycle: Any = self.cycle  # None before the first request
        return (
            (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
        )

    def _ready(self) -> Ready | None:
        app: Any = self.app  # a PublicApp; ASGI's type knows only its call
        ready: Ready | None = app.at_once(b"GET", self.url, self.headers)
        if ready is not None and not ready.head:
            fields = [*self.server_state.default_headers, *ready.answer.headers]
            lines = [name + b": " + value + b"\r\n" for name, value in fields]
            ready.head = b"".join([STATUS_LINE[ready.answer.status], *lines, b"\r\n"])
        return ready
