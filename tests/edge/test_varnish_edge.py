"""Varnish over real sockets: what needs many clients at once or many addresses."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cache_keys import parse_ring, read_target, sign
from cache_keys.asking import Gate, Request, admit, ask
from cache_keys.errors import Refusal
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from origin.headers import problem
from tests.conftest import missing
from tests.edge.varnish import (
    Answer,
    Backend,
    Reply,
    Seen,
    Varnish,
    picture,
    site_vcl,
    varnishd,
    write_conf,
)

HOST = "img.shop.example"
MASTER, OWN, EDGE, PURGE = "c" * 64, "0a" * 32, "0b" * 32, "5e" * 32
RING = parse_ring(b'{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % MASTER.encode())
ASSETS = [f"{letter * 51}q" for letter in "abcdefghijklmnopqrst"]
#: Accept lines of browsers of 2025/26 for an img, and of programs.
ACCEPTS = (
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,*/*;q=0.5",
    "image/webp,*/*",
    "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5",
    "*/*",
    "",
)


@pytest.fixture
def backend() -> Iterator[Backend]:
    what = find_missing()
    if what is not None:
        missing(what)
    backend = Backend()
    yield backend
    backend.stop()


@pytest.fixture
def edge(backend: Backend, tmp_path: Path) -> Iterator[Varnish]:
    main = write_conf(
        tmp_path / "edge",
        site=site_vcl(backend.port, host=HOST),
        deployment=Deployment((HOST,), {"catalogue": 604800}),
        secrets=Secrets(RING, ("e1", OWN), PURGE),
    )
    with varnishd(main) as running:
        yield running


def signed(path: str, *, days: int = 1) -> str:
    now = int(time.time())
    exp = (now // 86_400 + days) * 86_400 + 86_399
    return sign(read_target(path.encode()), RING, "k1", exp, now=now, scope="")


def test_fifty_equal_cold_requests_are_one_request_of_the_origin(
    edge: Varnish, backend: Backend
) -> None:
    def slow(seen: Seen) -> Reply:
        reply = picture(seen)
        reply.delay_s = 0.5
        return reply

    backend.reply = slow
    targets = [signed(f"/v1/acme/{ASSETS[0]}/w_{620 + number % 20}.jpg") for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(edge.ask, targets))
    assert {(answer.status, answer.body) for answer in answers} == {
        (200, f"/v1/acme/{ASSETS[0]}/w_640.jpg".encode())
    }
    assert len(backend.seen) == 1


def test_sixty_headers_that_are_no_key_change_nothing(edge: Varnish, backend: Backend) -> None:
    plain = edge.ask(signed(f"/v1/acme/{ASSETS[0]}/w_640.jpg"))
    lines = [(f"X-Unkeyed-{number}", str(number)) for number in range(60)]
    for target in (f"/v1/acme/{ASSETS[0]}/w_640.jpg", f"/v1/acme/{ASSETS[0]}/w_320.jpg"):
        answer = edge.ask(signed(target), *lines)
        assert (answer.status, answer.body) == (200, target.encode())
        assert plain.headers["etag"] == answer.headers["etag"]
    assert len(backend.seen) == 2


def test_a_thousand_spellings_of_twenty_pictures_are_three_objects_each(
    edge: Varnish, backend: Backend
) -> None:
    chance = random.Random(5)
    asked = Counter[str]()
    for number in range(1000):
        asset = ASSETS[number % len(ASSETS)]
        answer = edge.ask(
            signed(_spelling(chance, asset), days=chance.randint(1, 6)) + _junk(chance),
            ("Accept", chance.choice(ACCEPTS)),
        )
        assert answer.status == 200, answer.body
        asked[answer.body.decode()] += 1
    per_picture = Counter(path.split("/")[3] for path in asked)
    assert set(per_picture) == set(ASSETS)
    assert max(per_picture.values()) <= 3, per_picture
    assert Counter(backend.paths()) == Counter(dict.fromkeys(asked, 1)), "each made once"
    assert edge.stat("MAIN.n_object") <= 60 + 5


def test_an_edge_behind_a_shield_asks_the_origin_through_it_once(
    backend: Backend, tmp_path: Path
) -> None:
    deployment = Deployment((HOST, "127.0.0.1"), {"catalogue": 604800})
    shield_main = write_conf(
        tmp_path / "shield",
        site=site_vcl(backend.port, host=HOST),
        deployment=deployment,
        secrets=Secrets(RING, ("e1", OWN), PURGE, {"e9": EDGE}),
    )
    with varnishd(shield_main) as shield:
        main = write_conf(
            tmp_path / "edge",
            site=site_vcl(shield.port, host=f"127.0.0.1:{shield.port}", is_probed=False),
            deployment=deployment,
            secrets=Secrets(RING, ("e9", EDGE), PURGE),
        )
        with varnishd(main) as edge:
            path = f"/v1/acme/{ASSETS[0]}/w_640.jpg"
            first = edge.ask(signed(path), method="HEAD")
            assert first.headers["cache-status"].count("edgeproof-varnish; fwd=miss") == 2
            purge = (("Edgeproof-Purge", PURGE), ("xkey", f"a-{ASSETS[0]}"))
            assert json.loads(edge.ask("/", *purge, method="PURGE").body)["objects"] == 1
            second = edge.ask(signed(path))
            assert second.body.decode() == path
            inner, outer = second.headers["cache-status"].split(", ")
            assert "hit" in inner
            assert "fwd=miss" in outer
            assert not {"xkey", "cache-tag", "cdn-cache-control", "age"} & set(second.headers)
    assert backend.paths() == [path]


def _spelling(chance: random.Random, asset: str) -> str:
    """Return one of the ways to ask for 640 px of a crop, in the format that Accept chooses."""
    width, dpr = chance.choice([(640, 1), (481, 1), (600, 1), (320, 2), (241, 2), (200, 3)])
    ops = [f"w_{width}", "c_1000_2000_50000_60000", "q_80"]
    ops += [f"dpr_{dpr}"] * (dpr > 1 or chance.random() < 0.5)
    ops += ["fl_hv", "r_180"] if chance.random() < 0.5 else []
    ops += ["fit_inside"] * (chance.random() < 0.5) + ["g_c"] * (chance.random() < 0.5)
    chance.shuffle(ops)
    return f"/v1/acme/{asset}/{','.join(ops)}.auto"


def _junk(chance: random.Random) -> str:
    return chance.choice(["", "&utm_source=mail", "&x", "&fbclid=" + "z" * 60, "&&=&SIG=1"])


def test_an_origin_that_is_away_costs_no_cached_picture_and_comes_back_without_a_stampede(
    edge: Varnish, backend: Backend
) -> None:
    backend.reply = lambda seen: picture(seen, "max-age=1, stale-if-error=60")
    kept = signed(f"/v1/acme/{ASSETS[0]}/w_640.jpg")
    cold = signed(f"/v1/acme/{ASSETS[1]}/w_640.jpg")
    assert edge.ask(kept).status == 200
    time.sleep(1.2)
    backend.stop()
    end = time.monotonic() + 1.5  # long enough for the probe to see it
    while time.monotonic() < end:
        assert edge.ask(kept).status == 200
    away = edge.ask(cold)
    assert away.status == 503
    assert json.loads(away.body)["code"] == "edge.unavailable"
    assert (away.headers["cache-control"], away.headers["retry-after"]) == ("no-store", "5")
    assert away.headers["content-type"] == "application/problem+json"

    backend.seen.clear()
    backend.start()
    backend.reply = picture
    end = time.monotonic() + 10
    while edge.ask(cold).status != 200:
        assert time.monotonic() < end
    with ThreadPoolExecutor(20) as pool:
        assert {answer.status for answer in pool.map(edge.ask, [kept] * 40)} == {200}
    time.sleep(0.3)
    assert Counter(backend.paths()) == {
        f"/v1/acme/{ASSETS[0]}/w_640.jpg": 1,
        f"/v1/acme/{ASSETS[1]}/w_640.jpg": 1,
    }


def test_no_address_is_answered_otherwise_than_by_python(edge: Varnish, backend: Backend) -> None:
    """Three thousand broken and whole addresses in a public tenant, against cache_keys."""
    chance = random.Random(11)
    given = Counter[int]()
    for _ in range(3000):
        target, accept = _address(chance), chance.choice(ACCEPTS)
        answer = edge.ask(target, ("Accept", accept))
        given[answer.status] += 1
        _like_python(answer, target, accept)
    assert given[200] > 300, given
    assert given[400] > 300, given


def _field(wrong: Refusal) -> str | None:
    return None if wrong.status == 403 else wrong.field


VALUES = {
    "t": ("card~3", "edge~1", "edge~12", "card~0", "Card~1"),
    "d": ("d" * 51 + "q", "d" * 52),
    "pf": ("mug~1", "mug~1~paper", "mug"),
    "c": ("0_0_100000_100000", "1_2_3_4", "99999_0_2_1", "0_0_0_1", "0_100000_1_1", "01_0_1_1"),
    "r": ("90", "180", "270", "0"),
    "fl": ("h", "v", "hv", "vh"),
    "w": ("1", "640", "641", "2560", "2561", "0", "99"),
    "h": ("1", "480", "2560", "2561", "1999"),
    "fit": ("inside", "cover", "contain", "fill", "crop"),
    "g": ("c", "n", "ne", "smart", "face", "1_2", "100000_0", "100001_0", "nn"),
    "bg": ("ffffff", "fff"),
    "q": ("30", "80", "95", "96", "25"),
    "dpr": ("1", "2", "3", "4"),
    "x": ("1",),
}


def _address(chance: random.Random) -> str:
    names = chance.choices(list(VALUES), k=chance.randint(1, 5))
    if chance.random() < 0.7:
        names = [*dict.fromkeys(names), *chance.choice(([], ["w"], ["h"], ["w", "h"]))]
    valid = chance.random() < 0.6
    values = (VALUES[name][0 if valid else chance.randrange(len(VALUES[name]))] for name in names)
    if valid:
        names = [name for name in names if name != "x"]
        values = (chance.choice(VALUES[name][:2]) for name in names)
    ops = ",".join(f"{name}_{value}" for name, value in zip(names, values, strict=True))
    ext = chance.choices(["auto", "jpg", "avif", "gif", ""], [50, 20, 20, 2, 2])[0]
    target = f"/v1/catalogue/{ASSETS[0]}/{ops}.{ext}"
    if chance.random() < 0.15:
        cut = chance.randrange(len(target))
        target = (
            target[:cut]
            + chance.choice(["", "/", "_", ",", "~", "A", "%2e", "?", "."])
            + target[cut + 1 :]
        )
    if chance.random() < 0.15:
        parts = [
            "exp=1767312000",
            "kid=k1",
            "sig=" + "a" * 64,
            "scope=asset",
            "exp",
            "scope",
            "a=b",
            "",
            "kid=?",
        ]
        target += "?" + "&".join(chance.choices(parts, k=chance.randint(0, 6)))
    return target if target.startswith("/") else "/" + target


def test_patterns_that_could_be_slow_are_never_a_503(edge: Varnish) -> None:
    path = f"/v1/catalogue/{ASSETS[0]}/"
    leaves = [
        part * ((1000 - len(path)) // len(part)) + tail
        for part in (
            "w_1,",
            "c_0_0_1_1,",
            "c_99999_0_2_1,",
            ",",
            "_",
            "~",
            ".",
            "t_a~1,",
            "g_1_1,",
            "w_1,h_1,q_30,",
            "t_edge~1,",
            "dpr_",
            "t_" + "a-" * 9 + "~1,",
            "d_",
        )
        for tail in ("", "w_1.jpg", ".jpg", "x.auto")
    ]
    queries = [
        "?" + part * (1900 // len(part)) + tail
        for part in (
            "&",
            "exp&",
            "exp=1&",
            "a&",
            "expp&",
            "exp=&kid=&sig=&",
            "&=&",
            "scope=asset",
            "?",
        )
        for tail in ("", "&exp=1767312000&kid=k1&sig=" + "a" * 64)
    ]
    targets = [path + leaf for leaf in leaves] + [
        f"{path}w_64.jpg{query}"[:2048] for query in queries
    ]
    accepts = [
        part * (1000 // len(part)) + "image/webp;q=1"
        for part in (
            "image/avif;",
            "image/webp;q=0,",
            ";",
            ",",
            "q=",
            "image/avif;a=b;",
            "image/webp,",
            "*/*;",
        )
    ]
    for target in targets:
        _like_python(edge.ask(target), target, "")
    for accept in accepts:
        target = f"{path}w_64.auto"
        _like_python(edge.ask(target, ("Accept", accept)), target, accept)


def _like_python(answer: Answer, target: str, accept: str) -> None:
    try:
        gate = Gate(RING, {"catalogue"}, {HOST})
        admitted = admit(Request("GET", HOST, target.encode()), gate, int(time.time()))
        expected = ask(admitted.target, (accept.encode(),)).canonical_path.encode()
    except Refusal as wrong:
        document = problem(wrong.status, wrong.public_code, wrong.public, field=_field(wrong))
        expected = document.body
    assert answer.body == expected, (target[:120], accept[:60], answer.status)
