"""The sessions: the same by seed, in the shares that were promised, and signed as they say."""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qs

import pytest

from cache_keys.asking import Gate, Request, admit, ask
from cache_keys.errors import Refusal
from loadtests.sessions import MIX, session
from loadtests.shop import CATALOGUE, TENANT
from loadtests.visitor import Ask
from tests.unit.loadtests.shops import RING, shop

NOW = 1_795_000_000
SESSIONS = 2_000
GATE = Gate(RING, {CATALOGUE})


def play(seed: int = 1, sessions: int = SESSIONS) -> list[tuple[str, list[Ask]]]:
    own = shop()
    played = []
    for number in range(1, sessions + 1):
        kind, pages = session(own, seed, number, NOW)
        played.append((kind, [asked for page in pages for asked in page.asks]))
    return played


@pytest.fixture(scope="module")
def played() -> list[tuple[str, list[Ask]]]:
    return play()


@pytest.fixture(scope="module")
def asks(played: list[tuple[str, list[Ask]]]) -> list[Ask]:
    return [asked for _, asks in played for asked in asks]


def test_the_same_seed_plays_the_same_sessions_and_another_seed_others() -> None:
    assert play(7, 30) == play(7, 30)
    assert play(7, 30) != play(8, 30)


def test_a_session_depends_on_its_number_alone_not_on_those_before() -> None:
    kind, pages = session(shop(), 1, 30, NOW)
    assert (kind, [asked for page in pages for asked in page.asks]) == play(1, 30)[-1]


def test_kinds_come_in_their_shares(played: list[tuple[str, list[Ask]]]) -> None:
    counted = Counter(kind for kind, _ in played)
    for kind, share in MIX.items():
        assert counted[kind] / SESSIONS == pytest.approx(share, abs=0.03)


def test_formats_junk_and_wrong_signatures_come_in_their_shares(asks: list[Ask]) -> None:
    auto = [asked for asked in asks if ".auto" in asked.target]
    formats = Counter(asked.key.rpartition(".")[2] for asked in auto)
    # AVIF falls back to WebP above its side, so its own share is a little less than the browsers'.
    assert formats["avif"] / len(auto) == pytest.approx(0.75, abs=0.05)
    assert formats["jpg"] / len(auto) == pytest.approx(0.05, abs=0.02)
    own = [asked for asked in asks if f"/{TENANT}/" in asked.target]
    assert sum(asked.status == 403 for asked in own) / len(own) == pytest.approx(0.01, abs=0.005)
    junk = [asked for asked in asks if junk_of(asked.target)]
    assert len(junk) / len(asks) == pytest.approx(0.10, abs=0.02)


def junk_of(target: str) -> set[str]:
    return set(parse_qs(target.partition("?")[2])) - {"exp", "kid", "sig", "scope"}


def test_popular_albums_are_asked_for_most(asks: list[Ask]) -> None:
    own = shop()
    first = {photo.asset for photo in own.albums[0]}
    assert own.weights[0] == max(own.weights)
    share = sum(asked.key.split("/")[3] in first for asked in asks) / len(asks)
    assert share > 0.4


def test_an_edge_admits_each_ask_or_refuses_it_exactly_where_it_is_to_be_refused(
    asks: list[Ask],
) -> None:
    for asked in asks[:3_000]:
        request = Request("GET", "x", asked.target.encode())
        if asked.status == 403:
            with pytest.raises(Refusal, match="sig"):
                admit(request, GATE, NOW)
            continue
        target = admit(request, GATE, NOW).target
        assert ask(target, [asked.accept.encode()]).canonical_path == asked.key


def test_a_product_page_is_unsigned_and_the_rest_is_not(
    played: list[tuple[str, list[Ask]]],
) -> None:
    for kind, asks in played:
        assert all(("sig=" in asked.target) == (kind != "product") for asked in asks)
