"""Photos come in over the private API: streamed, once, with one clear reason when refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.system.server import TENANT, Server, server


def files_of(running: Server, kind: str) -> list[Path]:
    folder = running.data_dir / "objects" / TENANT / kind
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_the_same_bytes_are_the_same_asset_and_one_more_owner(
    running_server: Server, photo: bytes
) -> None:
    again = running_server.upload(photo + b"", owner="c-1")
    more = running_server.upload(photo, owner="c-2")
    assert again.status_code in (200, 201)
    assert more.status_code == 200
    assert again.json()["asset"] == more.json()["asset"]
    assert len(more.json()["asset"]) == 52


def test_an_answer_has_ready_urls_that_work(running_server: Server, photo: bytes) -> None:
    document = running_server.upload(photo).json()
    assert (document["width"], document["height"]) == (2001, 1501)
    for url in document["urls"].values():
        assert running_server.http.get(url).status_code == 200


def test_two_shops_give_the_same_photo_different_ids(running_server: Server, photo: bytes) -> None:
    running_server.run("tenants", "add", "second")
    here = running_server.upload(photo).json()["asset"]
    there = running_server.upload(photo, tenant="second").json()["asset"]
    assert here != there


def test_a_streamed_upload_without_a_length_is_taken(running_server: Server, photo: bytes) -> None:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(photo), 50_000):
            yield photo[start : start + 50_000]

    answer = running_server.http.post(
        f"{running_server.private_url}/api/v1/tenants/{TENANT}/assets?owner=c-1",
        content=pieces(),
        headers={"authorization": f"Bearer {running_server.token}"},
    )
    assert answer.status_code in (200, 201)


def test_who_may_not_upload_is_told_why(running_server: Server, photo: bytes) -> None:
    url = f"{running_server.private_url}/api/v1/tenants/{TENANT}/assets?owner=c-1"
    http = running_server.http
    assert http.post(url, content=photo).json()["code"] == "api.token_missing"
    wrong = http.post(url, content=photo, headers={"authorization": "Bearer ep_wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "api.token_bad")
    narrow = running_server.run(
        "tokens", "new", "narrow", "--tenant", TENANT, "--scope", "designs"
    ).stdout.strip()
    answer = http.post(url, content=photo, headers={"authorization": f"Bearer {narrow}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "api.token_scope")
    running_server.run("tokens", "revoke", "narrow")
    answer = http.post(url, content=photo, headers={"authorization": f"Bearer {narrow}"})
    assert answer.json()["code"] == "api.token_bad"


def test_owners_are_references_and_never_names(running_server: Server, photo: bytes) -> None:
    for owner in ("", "Ada Lovelace", "ada@example.org", "x" * 65):
        answer = running_server.upload(photo, owner=owner)
        assert (answer.status_code, answer.json()["code"]) == (400, "api.owner")


def test_a_public_shop_takes_no_customers_photos(running_server: Server, photo: bytes) -> None:
    running_server.run("tenants", "add", "shelf", "--public")
    refused = running_server.upload(photo, owner="c-1", tenant="shelf")
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant.public_uploads")
    taken = running_server.upload(photo, owner="catalogue", tenant="shelf").json()["asset"]
    path = running_server.path(taken, "w_320.auto", "shelf")
    answer = running_server.http.get(running_server.public_url + path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=604800, immutable"


def test_what_is_no_photo_is_refused_with_one_code_and_leaves_nothing(
    data_dir: Path, photo: bytes
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    with server(data_dir, upload_bytes_max=str(len(photo))) as running:
        cases = {
            b"": (422, "photo.empty"),
            svg: (415, "photo.format"),
            b"%PDF-1.7 " + b"x" * 100: (415, "photo.format"),
            photo[: len(photo) // 2]: (422, "photo.damaged"),
            photo + b"x": (413, "photo.too_large"),
        }
        for content, expected in cases.items():
            answer = running.upload(content)
            assert (answer.status_code, answer.json()["code"]) == expected
            assert answer.headers["content-type"] == "application/problem+json"
        assert files_of(running, "sources") == []
        assert files_of(running, "masters") == []
        scratch = running.data_dir / "objects" / ".tmp"
        assert [path for path in scratch.rglob("*") if path.is_file() and path.stat().st_size] == []
        assert running.upload(photo).status_code == 201


def dripped(running: Server) -> bytes:
    """Send a byte of an upload now and then until the server answers; return its answer."""
    head = (
        f"POST /api/v1/tenants/{TENANT}/assets?owner=slow HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{running.private_port}\r\nContent-Length: 100000\r\n"
        f"Authorization: Bearer {running.token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running.private_port)) as connection:
        connection.sendall(head.encode())
        connection.settimeout(0.2)
        while True:
            connection.sendall(b"x")
            with suppress(TimeoutError):
                return connection.recv(65_536)


def test_an_upload_that_drips_is_ended_and_the_next_gets_its_place(
    data_dir: Path, photo: bytes
) -> None:
    with (
        server(data_dir, uploads_max="1", body_deadline_s="4") as running,
        ThreadPoolExecutor(1) as beside,
    ):
        slow = beside.submit(dripped, running)
        assert running.upload(photo).status_code == 201
        answer = slow.result()
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert b"took too long" in answer


def test_the_private_listener_has_one_error_shape(running_server: Server) -> None:
    base = running_server.private_url
    lost = running_server.http.get(f"{base}/nowhere")
    assert (lost.status_code, lost.json()["code"]) == (404, "api.unknown")
    wrong = running_server.http.delete(f"{base}/metrics")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "api.method")
    assert "GET" in wrong.headers["allow"]


def test_readiness_and_metrics_speak_for_the_host(running_server: Server, asset: str) -> None:
    assert running_server.get(asset, "w_64.jpg").status_code == 200
    ready = running_server.http.get(f"{running_server.private_url}/readyz").json()
    assert ready["ready"] is True
    assert ready["engine"].startswith("v8.")
    assert running_server.metric("edgeproof_requests_total") >= 1
    assert running_server.metric("edgeproof_workers_alive") >= 1
    done = running_server.run("health", "--json")
    assert done.returncode == 0
