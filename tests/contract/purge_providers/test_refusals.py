"""Wrong secrets, wrong zones, nobody there, strangers: never an acceptance, never a secret told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from purge.errors import ProviderRefused, ProviderUnavailable
from tests.contract.purge_providers.place import Place, place_of, real, refusal_of, vendors
from tests.edge.cdn import Cdn
from tests.system.server import free_ports

pytestmark = pytest.mark.anyio

WRONG = "ab" * 32


@real
async def test_a_wrong_secret_is_refused_for_good_and_is_in_no_message_or_log(
    kind: str, cdn: Cdn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = place_of(kind, cdn)
    error = await refusal_of(kind, Place(place.base_url, WRONG, place.scope))
    assert isinstance(error, ProviderRefused)
    assert error.code == "provider.credentials"
    assert f"the-{kind}" in error.log
    assert WRONG not in f"{error!r} {error.log} {error.public} {caplog.text}"


@vendors
async def test_a_wrong_zone_or_service_is_refused_for_good_with_its_name(
    kind: str, cdn: Cdn
) -> None:
    place = place_of(kind, cdn)
    wrong = place.scope[:-1] + "9"
    error = await refusal_of(kind, Place(place.base_url, place.secret, wrong))
    assert isinstance(error, ProviderRefused)
    assert error.code == "provider.zone"
    assert wrong in error.log


@real
async def test_nobody_there_is_unavailable(kind: str, cdn: Cdn) -> None:
    place = place_of(kind, cdn)
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    error = await refusal_of(kind, Place(nobody, place.secret, place.scope))
    assert isinstance(error, ProviderUnavailable)
    assert "no connection" in error.log


@contextmanager
def stranger(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Answer everything the same; give the base URL and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def answer(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


@real
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>a captive portal</html>", {"Content_Type": "text/html"}),
        (200, b"{}", {"Content_Type": "application/json"}),
        (200, b"null", {"Content_Type": "application/json"}),
        (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
        (204, b"", {}),
    ],
    ids=["a page", "an empty document", "null", "a redirect", "nothing"],
)
async def test_a_stranger_who_says_yes_is_never_an_acceptance(
    kind: str, cdn: Cdn, status: int, body: bytes, headers: dict[str, str]
) -> None:
    place = place_of(kind, cdn)
    with stranger(status, body, **headers) as (base_url, asked):
        await refusal_of(kind, Place(base_url, place.secret, place.scope))
    assert len(asked) == 1


@vendors
async def test_a_vendors_text_that_repeats_the_token_is_told_without_it(
    kind: str, cdn: Cdn
) -> None:
    place = place_of(kind, cdn)
    echo = f'{{"msg":"{WRONG} is\\nno token","errors":[{{"code":1,"message":"{WRONG} is no"}}]}}'
    with stranger(400, echo.encode(), Content_Type="application/json") as (base_url, _):
        error = await refusal_of(kind, Place(base_url, WRONG, place.scope))
    assert isinstance(error, ProviderRefused)
    assert WRONG not in str(error)
    assert "[secret]" in error.log
    assert "\n" not in error.log
