"""Varnish before the real origin: the same pictures, and the same words when there are none."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from tests.conftest import missing
from tests.edge.varnish import Answer, Varnish, site_vcl, varnishd, write_conf
from tests.images.photos import photo_jpeg
from tests.system.server import Server, server

OWN, PURGE = "0a" * 32, "5e" * 32
AVIF = "image/avif,image/webp,*/*;q=0.8"
PASSED = (
    "content-type",
    "etag",
    "repr-digest",
    "edgeproof-generation",
    "x-content-type-options",
    "cross-origin-resource-policy",
    "access-control-allow-origin",
    "timing-allow-origin",
    "content-security-policy",
    "content-length",
    "vary",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """An origin, the Varnish before it, and one photo."""

    origin: Server
    edge: Varnish
    asset: str

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.origin.public_port}"

    def path(self, leaf: str, asset: str | None = None) -> str:
        """Return a signed target."""
        return self.origin.url(asset or self.asset, leaf).removeprefix(self.origin.public_url)

    def both(self, target: str, **headers: str) -> tuple[Answer, Answer]:
        """Ask the origin itself, then the edge."""
        direct = self.origin.http.get(self.origin.public_url + target, headers=headers)
        shown = Answer(direct.status_code, dict(direct.headers), direct.content)
        return shown, self.edge.ask(target, *headers.items(), host=self.host)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    what = find_missing()
    if what is not None:
        missing(what)
    folder = tmp_path_factory.mktemp("pair")
    with server(folder / "data", edge_secrets=json.dumps({"e1": OWN})) as origin:
        host = f"127.0.0.1:{origin.public_port}"
        main = write_conf(
            folder / "edge",
            site=site_vcl(origin.public_port, host=host),
            deployment=Deployment((host,), {}),
            secrets=Secrets(origin.ring, ("e1", OWN), PURGE),
        )
        with varnishd(main) as edge:
            yield Pair(origin, edge, origin.asset(photo_jpeg(1200, 900, 3)))


def test_a_picture_is_the_origins_to_the_byte_and_dressed_as_by_the_origin(pair: Pair) -> None:
    direct, edge = pair.both(pair.path("w_600.auto"), accept=AVIF)
    assert (edge.status, edge.body) == (200, direct.body)
    assert edge.headers["content-type"] == "image/avif"
    assert {name: edge.headers.get(name) for name in PASSED} == {
        name: direct.headers.get(name) for name in PASSED
    }
    ages = [int(one.headers["cache-control"].split("=")[1].split(",")[0]) for one in (direct, edge)]
    assert abs(ages[0] - ages[1]) <= 2
    assert edge.headers["cache-control"].startswith("private, max-age=")
    assert not {"cdn-cache-control", "xkey", "cache-tag", "server-timing"} & set(edge.headers)
    again = pair.edge.ask(pair.path("w_640.avif"), host=pair.host)
    assert again.body == edge.body
    assert "hit" in again.headers["cache-status"]


def test_info_passes_through_and_is_kept(pair: Pair) -> None:
    direct, edge = pair.both(pair.path("info.json"))
    assert edge.body == direct.body
    assert json.loads(edge.body)["width"] == 1200
    assert "hit" in pair.edge.ask(pair.path("info.json"), host=pair.host).headers["cache-status"]


@pytest.mark.parametrize(
    ("leaf", "asset"),
    [("w_600.jpg", "q" * 51 + "a"), ("t_none~1.jpg", None), (f"d_{'a' * 52},w_64.jpg", None)],
    ids=["an unknown photo", "an unknown preset", "an unknown design"],
)
def test_what_is_not_there_is_said_in_the_words_of_the_origin(
    pair: Pair, leaf: str, asset: str | None
) -> None:
    direct, edge = pair.both(pair.path(leaf, asset))
    assert (edge.status, edge.body) == (direct.status, direct.body)
    assert edge.status == 404
    assert edge.headers["cache-control"] == "no-store"
    assert not {"cdn-cache-control", "xkey", "cache-tag"} & set(edge.headers)


def test_a_range_and_a_condition_are_answered_as_by_the_origin(pair: Pair) -> None:
    target = pair.path("w_320.jpg")
    whole, _ = pair.both(target)
    for headers in (
        {"range": "bytes=0-99"},
        {"range": "bytes=-50"},
        {"range": "bytes=9-5"},
        {"range": "bytes=0-1,3-4"},
        {"range": "bytes=99999999-"},
        {"range": "bytes=0-9", "if-range": '"x"'},
        {"if-none-match": whole.headers["etag"]},
        {"if-none-match": f'"x", W/{whole.headers["etag"]}'},
        {"if-none-match": "*"},
        {"if-match": '"x"'},
        {"if-match": whole.headers["etag"]},
    ):
        direct, edge = pair.both(target, **headers)
        assert edge.status == direct.status, headers
        if direct.status != 416:
            assert edge.body == direct.body, headers
        assert edge.headers.get("content-range") == direct.headers.get("content-range")
        assert ("no-store" in edge.headers["cache-control"]) == (direct.status in {412, 416})


def test_fifty_equal_cold_requests_are_one_request_of_the_origin(pair: Pair) -> None:
    before = pair.origin.metric("edgeproof_requests_total")
    target = pair.path("w_480,c_1000_1000_50000_50000.webp")
    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(pair.edge.ask, target, host=pair.host) for _ in range(50)]
    answers = [one.result() for one in asked]
    assert {(answer.status, len(answer.body)) for answer in answers} == {
        (200, len(answers[0].body))
    }
    assert len({answer.body for answer in answers}) == 1
    assert sum("hit" in answer.headers["cache-status"] for answer in answers) == 49
    assert pair.origin.metric("edgeproof_requests_total") == before + 1


def test_a_purge_by_the_tags_of_the_origin_brings_the_next_answer_from_it(pair: Pair) -> None:
    target = pair.path("w_160.jpg")
    assert pair.edge.ask(target, host=pair.host).status == 200
    purged = pair.edge.ask(
        "/",
        ("Edgeproof-Purge", PURGE),
        ("xkey", f"a-{pair.asset}"),
        method="PURGE",
        host=pair.host,
    )
    assert purged.status == 200
    assert json.loads(purged.body)["objects"] >= 1
    assert "fwd=miss" in pair.edge.ask(target, host=pair.host).headers["cache-status"]


def test_an_origin_that_was_stopped_answers_what_was_seen_before(pair: Pair) -> None:
    """Runs last: it stops the origin."""
    kept = pair.path("w_160.jpg")
    assert pair.edge.ask(kept, host=pair.host).status == 200
    pair.origin.stop()
    assert pair.edge.ask(kept, host=pair.host).status == 200
    time.sleep(0.5)
    cold = pair.edge.ask(pair.path("w_96.jpg"), host=pair.host)
    assert (cold.status, json.loads(cold.body)["code"]) == (503, "edge.unavailable")
