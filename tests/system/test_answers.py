"""What an answer carries, over real sockets: to browsers, to edges, on errors."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from pathlib import Path

import httpx2
import pytest
from blake3 import blake3

from cache_keys import make_proof
from tests.system.server import Server, server

EDGE_SECRET = "5e" * 32


@pytest.fixture(scope="module")
def edged(tmp_path_factory: pytest.TempPathFactory, photo: bytes):  # type: ignore[no-untyped-def] # generator
    """A server as in production behind an edge: nothing is shown to browsers."""
    with server(
        tmp_path_factory.mktemp("edged"), edge_secrets=f'{{"e1":"{EDGE_SECRET}"}}'
    ) as running:
        yield running, running.asset(photo)


def as_edge(running: Server, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    host = f"127.0.0.1:{running.public_port}"
    proof = make_proof("e1", EDGE_SECRET.encode(), method, host, path, now=int(time.time()))
    return running.http.request(
        method, running.public_url + path, headers={"edgeproof-edge": proof, **headers}
    )


def test_a_browser_gets_a_picture_with_private_caching_and_no_tags(
    edged: tuple[Server, str],
) -> None:
    running, asset = edged
    answer = running.get(asset, "w_320.webp")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "private, max-age=86400, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    hidden = {"surrogate-key", "cache-tag", "xkey", "cdn-cache-control", "surrogate-control"}
    hidden |= {"server-timing", "edgeproof-key", "set-cookie", "vary", "server"}
    assert hidden.isdisjoint(answer.headers)


def test_an_edge_gets_targeted_fields_and_tags(edged: tuple[Server, str]) -> None:
    running, asset = edged
    answer = as_edge(running, running.path(asset, "w_320.webp"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    year = "max-age=31536000, stale-while-revalidate=86400, stale-if-error=604800"
    assert answer.headers["cdn-cache-control"] == year
    assert answer.headers["surrogate-control"] == year
    tags = answer.headers["surrogate-key"].split(" ")
    assert tags == answer.headers["cache-tag"].split(",") == answer.headers["xkey"].split(" ")
    assert {f"a-{asset}", "n-acme", "all"} < set(tags)
    assert any(tag.startswith("e-v8.") for tag in tags)
    assert answer.headers["edgeproof-generation"] == "0"
    assert answer.headers["server-timing"].startswith("hit;desc=")
    assert "vary" not in answer.headers


def test_etag_and_repr_digest_are_the_digests_of_the_body(edged: tuple[Server, str]) -> None:
    running, asset = edged
    answer = running.get(asset, "w_320.jpg")
    assert answer.headers["etag"] == f'"{blake3(answer.content).hexdigest()}"'
    sha256 = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{sha256}:"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("image/avif,image/webp,*/*", "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("*/*", "image/jpeg"),
        ("", "image/jpeg"),
    ],
)
def test_auto_follows_accept_and_says_so_in_vary(
    edged: tuple[Server, str], accept: str, media_type: str
) -> None:
    running, asset = edged
    answer = running.get(asset, "w_320.auto", accept=accept)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["vary"] == "Accept"


def test_an_edge_must_send_a_canonical_path(edged: tuple[Server, str]) -> None:
    running, asset = edged
    for leaf in ("w_300.webp", "w_320.auto", "fit_cover,w_320,h_320.webp"):
        answer = as_edge(running, running.path(asset, leaf))
        assert (answer.status_code, answer.json()["code"]) == (400, "key.not_canonical")


def test_a_wrong_proof_is_403_and_never_judged_as_a_client(edged: tuple[Server, str]) -> None:
    running, asset = edged
    answer = running.get(asset, "w_320.webp", **{"edgeproof-edge": "t=1;kid=e1;mac=0"})
    assert answer.status_code == 403


def test_the_edge_master_is_for_edges_alone(edged: tuple[Server, str]) -> None:
    running, asset = edged
    assert running.get(asset, "t_edge~1.jpg").status_code == 404
    answer = as_edge(running, running.path(asset, "t_edge~1.jpg"))
    assert answer.status_code == 200
    assert answer.content[:3] == b"\xff\xd8\xff"
    as_webp = as_edge(running, running.path(asset, "t_edge~1.webp"))
    assert as_webp.content[8:12] == b"WEBP"


def test_every_403_looks_the_same(edged: tuple[Server, str]) -> None:
    running, asset = edged
    good = running.url(asset, "w_320.webp")
    unsigned = good.partition("?")[0]
    bodies = {
        running.http.get(url).content
        for url in (
            unsigned,
            good[:-1] + "z",
            good.replace("kid=k1", "kid=k9"),
            unsigned + "?exp=1",
        )
    }
    assert len(bodies) == 1
    assert b"sig.refused" in bodies.pop()


def test_errors_are_problem_details_that_browsers_do_not_keep(edged: tuple[Server, str]) -> None:
    running, asset = edged
    answer = running.get(asset, "w_320,fit_wrong.webp")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document = answer.json()
    assert (document["status"], document["code"]) == (400, "key.value")
    assert set(document) >= {"type", "title", "status", "detail", "code"}


def test_an_unknown_photo_is_404_and_an_edge_may_keep_that_ten_seconds(
    edged: tuple[Server, str],
) -> None:
    running, _ = edged
    nobody = "a" * 52
    assert running.get(nobody, "w_320.webp").headers["cache-control"] == "no-store"
    answer = as_edge(running, running.path(nobody, "w_320.webp"))
    assert (answer.status_code, answer.json()["code"]) == (404, "asset.unknown")
    assert answer.headers["cdn-cache-control"] == "max-age=10"
    assert answer.headers["cache-control"] == "no-store"


def test_unknown_presets_products_and_designs_are_404(edged: tuple[Server, str]) -> None:
    running, asset = edged
    asked = {"t_none~1.jpg": "preset.unknown", "pf_book~1,w_320.jpg": "product.unknown"}
    asked[f"d_{'a' * 52},w_320.jpg"] = "design.unknown"
    for leaf, code in asked.items():
        answer = running.get(asset, leaf)
        assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_methods_hosts_and_bodies_are_judged_first(edged: tuple[Server, str]) -> None:
    running, asset = edged
    url = running.url(asset, "w_320.webp")
    wrong_method = running.http.request("DELETE", url)
    assert wrong_method.status_code == 405
    assert wrong_method.headers["allow"] == "GET, HEAD"
    assert running.http.get(url, headers={"host": "evil.example"}).status_code == 421
    assert running.http.request("GET", url, content=b"x").json()["code"] == "http.body"
    assert running.http.get(f"{running.public_url}/admin").json()["code"] == "url.unknown"


def test_head_has_the_fields_of_get_and_no_body(edged: tuple[Server, str]) -> None:
    running, asset = edged
    url = running.url(asset, "w_320.webp")
    whole, head = running.http.get(url), running.http.head(url)
    assert head.status_code == 200
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}


def test_conditional_requests_and_single_ranges_are_obeyed(edged: tuple[Server, str]) -> None:
    running, asset = edged
    whole = running.get(asset, "w_320.webp")
    tag = whole.headers["etag"]
    same = running.get(asset, "w_320.webp", **{"if-none-match": f'"x", W/{tag}'})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == tag
    assert running.get(asset, "w_320.webp", **{"if-match": '"x"'}).status_code == 412
    part = running.get(asset, "w_320.webp", range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    tail = running.get(asset, "w_320.webp", range="bytes=-7")
    assert tail.content == whole.content[-7:]
    assert running.get(asset, "w_320.webp", range="bytes=99999999-").status_code == 416
    several = running.get(asset, "w_320.webp", range="bytes=0-1,5-6")
    assert (several.status_code, several.content) == (200, whole.content)
    stale = running.get(asset, "w_320.webp", **{"range": "bytes=0-1", "if-range": '"old"'})
    assert stale.status_code == 200


def test_headers_that_are_not_in_the_key_change_nothing(edged: tuple[Server, str]) -> None:
    running, asset = edged
    plain = running.get(asset, "w_320.webp")
    noisy = running.get(
        asset,
        "w_320.webp",
        cookie="a=b",
        authorization="Bearer x",
        **{"x-forwarded-host": "evil", "x-original-url": "/", "x-http-method-override": "DELETE"},
    )
    assert noisy.content == plain.content
    assert {**noisy.headers, "date": ""} == {**plain.headers, "date": ""}


def test_junk_in_the_query_changes_nothing(edged: tuple[Server, str]) -> None:
    running, asset = edged
    url = running.url(asset, "w_320.webp")
    junk = url.replace("?", "?utm_source=x&w=9999&") + "&fbclid=1"
    assert running.http.get(junk).content == running.http.get(url).content


def test_info_json_has_sizes_and_warnings_and_no_capture_data(edged: tuple[Server, str]) -> None:
    running, asset = edged
    document = running.get(asset, "info.json").json()
    assert (document["width"], document["height"]) == (2001, 1501)
    assert len(base64.b64decode(document["thumbhash"])) >= 5
    assert set(document) == {
        "width",
        "height",
        "format",
        "has_alpha",
        "profile_status",
        "thumbhash",
        "dominant",
        "warnings",
    }


RAW = {
    b"GET /v1/acme/%s/w_320.jpg#x HTTP/1.1": b"400",
    b"GET //v1/acme/%s/w_320.jpg HTTP/1.1": b"404",
    b"GET /v1/acme/../acme/%s/w_320.jpg HTTP/1.1": b"400",
    b"GET /v1/acme/%s/%%77_320.jpg HTTP/1.1": b"400",
    b"GET /v1/acme/%s/w_320.jpg;a.css HTTP/1.1": b"400",
    b"GET http://h/v1/acme/%s/w_320.jpg HTTP/1.1": b"400",
    b"GET /v1/acme/%s/" + b"w_320," * 2000 + b"q_80.jpg HTTP/1.1": b"400",
    b"GET /print/v1/acme/%s/x HTTP/1.1": b"404",
}


@pytest.mark.parametrize("line", RAW, ids=lambda line: line[:30].decode())
def test_the_target_is_judged_as_it_was_sent(edged: tuple[Server, str], line: bytes) -> None:
    running, asset = edged
    with socket.create_connection(("127.0.0.1", running.public_port)) as wire:
        host = b"\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % running.public_port
        wire.sendall(line.replace(b"%s", asset.encode()).replace(b"%%", b"%") + host)
        status = wire.recv(4096).split(b" ")[1]
    assert status == RAW[line]


def test_healthz_answers_without_a_host_that_is_known(edged: tuple[Server, str]) -> None:
    running, _ = edged
    answer = running.http.get(f"{running.public_url}/healthz", headers={"host": "probe"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_second_answer_comes_from_memory_and_after_a_restart_from_disk(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, exposes_details="true") as running:
        asset = running.asset(photo)
        hits = [running.get(asset, "w_160.jpg").headers["server-timing"][9:15] for _ in range(2)]
        assert [hit.split(",")[0] for hit in hits] == ["render", "memory"]
        first = running.get(asset, "w_160.jpg").content
        assert running.stop() == 0
        running.start()
        again = running.get(asset, "w_160.jpg")
        assert again.headers["server-timing"].startswith("hit;desc=disk")
        assert again.content == first
