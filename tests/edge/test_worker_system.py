"""The whole way over real sockets: workerd, a bare cache as the zone's, the real origin."""

from __future__ import annotations

import io
import re
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from blake3 import blake3
from PIL import Image

from purge.judge import AGE_SLACK_S, EVIDENCE, Probe, Seen, Verdict, judge
from tests.conftest import missing
from tests.edge.js_worker import worker, worker_secrets, zone_cache
from tests.images.photos import photo_jpeg
from tests.system.server import Server, server

#: One chain of processes for all of them, however many workers pytest has.
pytestmark = pytest.mark.xdist_group("worker-chain")
SECRETS = {"e1": "5e" * 32}
HIT = re.compile(r"edgeproof; hit; ttl=3153[0-9]{4}")
DRESS = {"content-type", "cache-control", "etag", "vary", "content-length", "retry-after", "allow"}


@dataclass
class Chain:
    """workerd → cache → origin; asset: a photo of the tenant acme."""

    origin: Server
    cache: str
    edge: str
    asset: str
    folder: Path
    http: httpx2.Client

    def target(self, leaf: str, *, scope: str = "") -> str:
        """Return a signed path and query."""
        url = self.origin.url(self.asset, leaf, scope=scope)
        return url.removeprefix(self.origin.public_url)

    def get(self, target: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """Ask the edge."""
        return self.http.request(method, self.edge + target, headers=headers)

    def direct(self, target: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """Ask the origin as a browser would without an edge."""
        return self.http.request(method, self.origin.public_url + target, headers=headers)

    def soften(self, leaf: str) -> None:
        """Make a cached picture stale in the cache."""
        answer = self.http.request("SOFTPURGE", self.cache + self.origin.path(self.asset, leaf))
        assert answer.status_code == 204

    def asked(self) -> int:
        """Return how many requests the origin has answered; its log follows the answer."""
        count, still = -1, 0
        while still < 3:
            time.sleep(0.02)
            seen = len(self.origin.log_lines("preview_answered"))
            count, still = (count, still + 1) if seen == count else (seen, 0)
        return count


@contextmanager
def chain(folder: Path) -> Iterator[Chain]:
    if shutil.which("varnishd") is None:
        missing("varnishd (Debian package varnish)")
    secrets = f'{{"e1":"{SECRETS["e1"]}"}}'
    with server(folder / "origin", edge_secrets=secrets, hosts="127.0.0.1") as origin:
        asset = origin.asset(photo_jpeg(2001, 1501, 1))
        ring = worker_secrets(origin.data_dir / "keys" / "ring.json", SECRETS)
        with (
            zone_cache(origin.public_port, folder) as cache,
            worker(cache, folder, ring) as edge,
            httpx2.Client(timeout=30) as http,
        ):
            yield Chain(origin, cache, edge, asset, folder, http)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain(tmp_path_factory.mktemp("chain")) as running:
        yield running


def test_an_edge_gives_the_bytes_of_the_origin_dressed_for_a_browser(played: Chain) -> None:
    target = played.target("w_600,q_80.auto")
    edge, direct = (
        ask(target, accept="image/avif,image/webp") for ask in (played.get, played.direct)
    )
    assert edge.status_code == direct.status_code == 200
    assert edge.content == direct.content
    assert edge.headers["etag"] == f'"{blake3(edge.content).hexdigest()}"'
    assert {name: edge.headers.get(name) for name in DRESS} == {
        name: direct.headers.get(name) for name in DRESS
    }
    assert edge.headers["vary"] == "Accept"
    inside = {"surrogate-key", "cache-tag", "xkey", "cdn-cache-control", "surrogate-control"}
    assert (inside | {"server-timing", "age", "set-cookie", "x-varnish"}).isdisjoint(edge.headers)
    assert edge.headers["edgeproof-generation"] == "0"


def test_a_second_signature_and_another_spelling_are_hits_of_one_object(played: Chain) -> None:
    first = played.get(played.target("w_320,h_200,fit_cover.webp"))
    before = played.asked()
    spellings = ["fit_cover,h_200,w_320.webp", "w_160,h_100,dpr_2,fit_cover.webp"]
    for leaf in [*spellings, "g_c,w_320,h_200,fit_cover.webp"]:
        for scope in ("", "asset"):
            answer = played.get(f"{played.target(leaf, scope=scope)}&utm_source=x")
            assert answer.content == first.content
            assert HIT.fullmatch(answer.headers["cache-status"])
    assert played.asked() == before
    assert first.headers["cache-status"] == "edgeproof; fwd=uri-miss"


REFUSED = {
    "no signature": ("{path}", {}),
    "a signature for another picture": ("{other}", {}),
    "a name twice": ("{target}&exp=1", {}),
    "a wrong form": ("{path}?exp=1&kid=k1&sig=x", {}),
    "an unknown op": ("{bad_op}", {}),
    "the edge master": ("{master}", {}),
    "a path of three that is no asset": ("/v1/acme/x/w_64.jpg", {}),
    "a deceiving ending": ("{path}/x.css", {}),
    "a print": ("/print/v1/acme/x", {}),
    "the root": ("/", {}),
    "a target that is too long": ("/?" + "x" * 2100, {}),
    "an upper-case path": ("/V1/acme/x/w_64.jpg", {}),
    "POST": ("{target}", {"method": "POST"}),
    "DELETE": ("{target}", {"method": "DELETE"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_that_of_the_origin_and_never_reaches_it(played: Chain, case: str) -> None:
    text, extra = REFUSED[case]
    target = text.format(
        path=played.origin.path(played.asset, "w_64.jpg"),
        target=played.target("w_64.jpg"),
        other=played.target("w_64.jpg").replace("w_64", "w_96"),
        bad_op=played.target("x_1.jpg"),
        master=played.target("t_edge~1.jpg"),
    )
    direct = played.direct(target, **extra)
    before = played.asked()
    edge = played.get(target, **extra)
    assert played.asked() == before
    assert (edge.status_code, edge.content) == (direct.status_code, direct.content)
    assert edge.headers["cache-control"] == "no-store"
    for name in ("content-type", "allow", "content-security-policy", "x-content-type-options"):
        assert edge.headers.get(name) == direct.headers.get(name), name


def test_a_get_with_a_body_and_a_foreign_host_are_refused(played: Chain) -> None:
    target = played.target("w_64.jpg")
    body = played.http.request("GET", played.edge + target, content=b"x")
    assert (body.status_code, body.json()["code"]) == (400, "http.body")
    assert _raw(played.edge, target, "evil.example").startswith(b"HTTP/1.1 421 ")
    assert _raw(played.edge, target, "127.0.0.1").startswith(b"HTTP/1.1 200 ")
    assert _raw(played.edge, target, "127.0.0.1", "Content-Length: 0").startswith(b"HTTP/1.1 200 ")


def _raw(base: str, target: str, host: str, *fields: str) -> bytes:
    port = int(base.rpartition(":")[2])
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        sock.sendall("\r\n".join(lines).encode())
        received = b""
        while piece := sock.recv(65_536):
            received += piece
    return received


def test_header_tricks_change_neither_the_answer_nor_what_others_get(played: Chain) -> None:
    target = played.target("w_240.jpg")
    tricks = {
        "x-forwarded-host": "evil.example",
        "x-original-url": "/print/v1/x",
        "x-http-method-override": "DELETE",
        "cookie": "a=b",
        "authorization": "Basic eA==",
        "edgeproof-edge": "t=1767225600;kid=e1;mac=" + "0" * 64,
        **{f"x-junk-{number}": "1" for number in range(60)},
    }
    tricked = played.get(target, **tricks)
    plain = played.get(target)
    direct = played.direct(target)
    assert tricked.status_code == 200
    assert tricked.content == plain.content == direct.content


def test_ranges_conditions_and_head_are_answered_as_by_the_origin(played: Chain) -> None:
    target = played.target("w_480.jpg")
    tag = played.get(target).headers["etag"]
    for fields in (
        {"range": "bytes=0-99"},
        {"range": "bytes=-10"},
        {"range": "bytes=0-1,5-6"},
        {"range": "bytes=99999999-"},
        {"if-none-match": tag},
        {"if-none-match": '"x"'},
        {"if-match": '"x"'},
    ):
        edge, direct = played.get(target, **fields), played.direct(target, **fields)
        assert (edge.status_code, edge.content) == (direct.status_code, direct.content), fields
        assert edge.headers.get("content-range") == direct.headers.get("content-range")
    head = played.get(target, "HEAD")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert head.headers["content-length"] == str(len(played.get(target).content))


def test_fifty_equal_cold_requests_are_one_origin_request(played: Chain) -> None:
    target = played.target("w_1280.jpg")
    before = played.asked()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: played.get(target), range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert played.asked() - before == 1


def test_info_is_cached_and_an_unknown_asset_is_the_origins_404_for_ten_seconds(
    played: Chain,
) -> None:
    target = played.target("info.json")
    assert played.get(target).json()["width"] == 2001
    assert HIT.fullmatch(played.get(target).headers["cache-status"])
    unknown = played.origin.url("a" * 52, "w_64.jpg").removeprefix(played.origin.public_url)
    direct, before = played.direct(unknown), played.asked()
    edge, again = played.get(unknown), played.get(unknown)
    for answer in (edge, again):
        assert (answer.status_code, answer.content) == (404, direct.content)
        assert answer.headers["cache-control"] == "no-store"
    assert played.asked() - before == 1
    kept = re.fullmatch("edgeproof; hit; ttl=([0-9]+)", again.headers["cache-status"])
    assert kept is not None
    assert int(kept[1]) <= 10


def test_an_origin_that_is_down_leaves_what_is_cached_and_comes_back_fresh(tmp_path: Path) -> None:
    with chain(tmp_path) as played:
        target = played.target("w_640.jpg")
        fresh = played.get(target)
        played.soften("w_640.jpg")
        played.origin.kill()
        for _ in range(3):
            stale = played.get(target)
            assert (stale.status_code, stale.content) == (200, fresh.content)
            assert stale.headers["cache-control"].startswith("private, ")
        cold = played.get(played.target("w_800.jpg"))
        assert cold.status_code == 503
        assert cold.json()["code"] == "edge.unavailable"
        assert (cold.headers["cache-control"], cold.headers["retry-after"]) == ("no-store", "5")
        played.origin.start()
        deadline = time.monotonic() + 20
        while (again := played.get(played.target("w_800.jpg"))).status_code == 503:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert again.status_code == 200
        assert played.get(target).content == fresh.content


def test_what_a_soft_purge_did_can_be_judged_by_what_the_worker_says(played: Chain) -> None:
    """A purge without a generation (an engine's) is judged by how long a hit has been kept."""
    target = played.target("w_96,q_50.webp")
    probe = Probe(target.partition("?")[0])
    played.get(target)
    warm = played.get(target)
    assert judge(probe, seen(warm), time.time() + 60).verdict is Verdict.STILL_THERE
    played.soften("w_96,q_50.webp")
    purged_at_s = time.time()
    time.sleep(2 * AGE_SLACK_S)  # ages are whole seconds; a purge's probes wait as long
    stale = played.get(target)
    assert stale.headers["cache-status"] == "edgeproof; hit; detail=stale"
    assert judge(probe, seen(stale), purged_at_s).verdict is Verdict.UNKNOWN
    deadline = time.monotonic() + 30
    while judge(probe, seen(played.get(target)), purged_at_s).verdict is not Verdict.GONE:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def seen(answer: httpx2.Response) -> Seen:
    kept = {name: answer.headers[name] for name in EVIDENCE if name in answer.headers}
    return Seen(time.time(), answer.status_code, kept)


def test_an_edge_with_a_wrong_secret_is_503_and_tells_no_client_that_it_is_refused(
    played: Chain, tmp_path: Path
) -> None:
    ring = worker_secrets(played.origin.data_dir / "keys" / "ring.json", {"e1": "66" * 32})
    with worker(played.origin.public_url, tmp_path, ring) as edge:
        answer = played.http.get(edge + played.target("w_96.jpg"))
    assert (answer.status_code, answer.json()["code"]) == (503, "edge.unavailable")


def test_the_edge_lane_makes_the_origins_size_and_asks_it_for_no_picture(
    played: Chain, tmp_path: Path
) -> None:
    ring = worker_secrets(played.origin.data_dir / "keys" / "ring.json", SECRETS)
    with worker(played.cache, tmp_path, ring, edge_transform="on") as edge:
        for leaf in ("w_160.jpg", "r_90,w_160.webp", "w_160,h_90,fit_fill,q_60.png"):
            made = played.http.get(edge + played.target(leaf))
            assert (made.status_code, made.headers.get("edgeproof-lane")) == (200, "edge"), leaf
            played.asked()
            asked = {line["path"] for line in played.origin.log_lines("preview_answered")}
            assert played.origin.path(played.asset, leaf) not in asked
            direct = played.direct(played.target(leaf))
            assert made.headers["content-type"] == direct.headers["content-type"]
            assert size_of(made.content) == size_of(direct.content)
        cut = played.http.get(edge + played.target("w_160,h_160,fit_contain.jpg"))
        assert (cut.status_code, cut.headers.get("edgeproof-lane")) == (200, None)


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as opened:
        return opened.size
