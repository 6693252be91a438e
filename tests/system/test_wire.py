"""What no well-behaved client sends, over raw sockets: it costs that client and nobody else."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.system.server import Server


def talk(running: Server, *pieces: bytes, private: bool = False) -> bytes:
    """Send pieces and read until the server closes or says no more."""
    port = running.private_port if private else running.public_port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        try:
            for piece in pieces:
                wire.sendall(piece)
            wire.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we were still sending
        answer = b""
        try:
            while part := wire.recv(65_536):
                answer += part
        except OSError:
            pass
        return answer


def parsed(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"cache-control: no-store" in head.lower()
    return int(head.split(b" ")[1]), json.loads(body)["code"]


def host(running: Server) -> bytes:
    return b"Host: 127.0.0.1:%d\r\n" % running.public_port


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        pytest.param(b"FOO /v1/x HTTP/1.1\r\n\r\n", 405, "http.method", id="an unknown method"),
        pytest.param(b"GET /v1/\xff HTTP/1.1\r\n\r\n", 400, "url.bytes", id="a byte above 127"),
        pytest.param(b"\x16\x03\x01\x02\x00" * 9, 405, "http.method", id="TLS on a plain port"),
        pytest.param(b"GET /v1/x HTTP/1.1\r\n: x\r\n\r\n", 400, "http.malformed", id="no name"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 421, "http.host", id="two"),
        pytest.param(b"GET /a HTTP/1.1\r\n\r\n", 421, "http.host", id="no host"),
    ],
)
def test_what_cannot_be_read_is_a_problem_document(
    running_server: Server, request_: bytes, status: int, code: str
) -> None:
    assert parsed(talk(running_server, request_)) == (status, code)


def test_an_empty_host_beside_a_good_one_is_421(running_server: Server) -> None:
    request = b"GET /a HTTP/1.1\r\nHost:\r\n" + host(running_server) + b"\r\n"
    assert parsed(talk(running_server, request))[0] == 421


@pytest.mark.parametrize("is_private", [False, True], ids=["public", "private"])
@pytest.mark.parametrize("what", ["value", "fields", "target"])
def test_a_head_without_end_is_refused_early(
    running_server: Server, what: str, *, is_private: bool
) -> None:
    def flood() -> Iterator[bytes]:
        yield {
            "value": b"GET /a HTTP/1.1\r\nx: ",
            "fields": b"GET /a HTTP/1.1\r\n",
            "target": b"GET /",
        }[what]
        for _ in range(400):
            yield (b"a: b\r\n" if what == "fields" else b"aaaaaa") * 10_000

    started = time.monotonic()
    answer = talk(running_server, *flood(), private=is_private)
    if answer:  # the reset may overtake it
        assert parsed(answer) == (431, "http.head_too_large")
    assert time.monotonic() - started < 5
    assert running_server.http.get(f"{running_server.public_url}/healthz").status_code == 200


def test_a_target_of_more_than_2048_bytes_is_url_bytes(running_server: Server) -> None:
    request = b"GET /v1/" + b"a" * 3_000 + b" HTTP/1.1\r\n" + host(running_server) + b"\r\n"
    assert parsed(talk(running_server, request)) == (400, "url.bytes")


def test_two_requests_on_one_connection_are_both_answered(
    running_server: Server, asset: str
) -> None:
    target = running_server.url(asset, "w_64.jpg").partition(str(running_server.public_port))[2]
    one = b"GET " + target.encode() + b" HTTP/1.1\r\n" + host(running_server) + b"\r\n"
    with socket.create_connection(("127.0.0.1", running_server.public_port), timeout=10) as wire:
        for _ in range(2):
            wire.sendall(one)
            head = b""
            while b"\r\n\r\n" not in head:
                head += wire.recv(65_536)
            assert head.startswith(b"HTTP/1.1 200")
            head, _, body = head.partition(b"\r\n\r\n")
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            left = int(fields[b"content-length"]) - len(body)
            while left > 0:
                left -= len(wire.recv(65_536))


def test_a_refusal_keeps_the_connection_is_logged_and_counted(
    running_server: Server, asset: str
) -> None:
    """Refused before ASGI; with a body, which must be read first, behind it."""
    target = running_server.url(asset, "w_320.jpg").removeprefix(running_server.public_url).encode()
    wrong = b"GET /v1/acme/%b/w_321.jpg?sig=00 HTTP/1.1\r\n" % asset.encode()
    before = running_server.metric("edgeproof_refusals_total")
    logged = len(running_server.log_lines("preview_answered"))
    answer = talk(
        running_server,
        wrong + host(running_server) + b"\r\n",
        wrong + host(running_server) + b"Content-Length: 3\r\n\r\nxyz",
        b"GET " + target + b" HTTP/1.1\r\n" + host(running_server) + b"\r\n",
    )
    statuses = [int(one[:3]) for one in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [403, 400, 200]
    lines = running_server.log_lines("preview_answered")[logged:]
    assert [line.get("code") for line in lines] == ["sig.form", "http.body", None]
    assert lines[0]["path"] == f"/v1/acme/{asset}/w_321.jpg"
    assert lines[0]["reason"]
    assert lines[0].keys() == lines[1].keys()
    assert running_server.metric("edgeproof_refusals_total") == before + 2


def test_an_escaped_signature_is_not_in_the_log(running_server: Server, asset: str) -> None:
    url = running_server.url(asset, "w_64.jpg")
    sig = url.rpartition("sig=")[2]
    answer = running_server.http.get(url.replace("?", "%3F"))
    assert answer.status_code == 400
    time.sleep(0.2)
    assert sig not in running_server.log_path.read_text()


def test_an_upload_that_says_it_is_too_large_is_refused_before_it_is_sent(
    running_server: Server,
) -> None:
    request = (
        b"POST /api/v1/tenants/acme/assets?owner=c-1 HTTP/1.1\r\nHost: x\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: 99999999999\r\n\r\n"
        % running_server.token.encode()
    )
    with socket.create_connection(("127.0.0.1", running_server.private_port), timeout=10) as wire:
        wire.sendall(request)
        answer = b""
        while b"}" not in answer and (part := wire.recv(65_536)):
            answer += part
        assert b"photo.too_large" in answer


def test_a_designs_owner_is_a_reference_too(running_server: Server, asset: str) -> None:
    answer = running_server.http.post(
        f"{running_server.private_url}/api/v1/tenants/acme/designs?owner=Ada%20L",
        content=json.dumps({"photos": [{"asset": asset}]}).encode(),
        headers={"authorization": f"Bearer {running_server.token}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "api.owner")
