"""What a client may try, at each real edge: the same bytes come, the object is untouched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtests.browsers import CHROMIUM, GECKO_65
from tests.edge.fronts import KINDS, Front, asset, front, signed

TRICKS: dict[str, dict[str, str]] = {
    "X-Forwarded-Host": {"X-Forwarded-Host": "evil.example"},
    "X-Original-URL": {"X-Original-URL": "/v1/catalogue/x/w_64.jpg", "X-Rewrite-URL": "/print/v1/"},
    "X-HTTP-Method-Override": {"X-HTTP-Method-Override": "DELETE"},
    "Cookie": {"Cookie": "session=1"},
    "Authorization": {"Authorization": "Basic eA=="},
    "a proof of its own": {"Edgeproof-Edge": f"t=1767225600;kid=e1;mac={'0' * 64}"},
    "tags of its own": {"xkey": "all", "Surrogate-Key": "all", "Cache-Tag": "all"},
    "no-cache": {"Cache-Control": "no-cache", "Pragma": "no-cache"},
    "encodings": {"Accept-Encoding": "gzip, br, zstd"},
    "a language": {"Accept-Language": "fr", "User-Agent": "x", "Referer": "https://evil.example/"},
    "sixty headers": {f"X-Unkeyed-{number}": str(number) for number in range(60)},
    "an Accept for an explicit format": {"Accept": "image/avif"},
}
#: For each trick a picture of its own, which nobody asked for before.
NUMBERS = {name: number for number, name in enumerate(TRICKS)}


@pytest.fixture(scope="module", params=KINDS)
def edge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with front(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


pytestmark = pytest.mark.xdist_group("tricks")


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_changes_neither_its_answer_nor_the_object_of_others(
    edge: Front, trick: str
) -> None:
    path = f"/v1/acme/{asset(NUMBERS[trick])}/w_640.jpg"
    tricked = edge.ask(signed(path), TRICKS[trick])
    plain = edge.ask(signed(path))
    assert tricked[0] == plain[0] == 200
    assert tricked[2] == plain[2] == path.encode()
    assert _shown(tricked[1]) == _shown(plain[1])
    assert edge.asked(path) == 1, "the second answer is the object that the first one made"


def _shown(fields: dict[str, str]) -> dict[str, str]:
    """Return what says something about the picture: not the moment, not the cache's own words."""
    names = ("content-type", "cache-control", "etag", "vary", "content-length", "set-cookie")
    return {name: fields[name] for name in names if name in fields}


def test_what_the_origin_is_asked_has_nothing_of_the_clients_tricks(edge: Front) -> None:
    path = f"/v1/acme/{asset(40)}/w_640.jpg"
    edge.ask(
        signed(path), TRICKS["Cookie"] | TRICKS["Authorization"] | TRICKS["a proof of its own"]
    )
    [seen] = [seen for seen in edge.backend.seen if seen.path == path]
    assert "cookie" not in seen.headers
    assert "authorization" not in seen.headers
    assert len(seen.headers.get_all("edgeproof-edge", [])) == 1
    assert TRICKS["a proof of its own"]["Edgeproof-Edge"] not in seen.headers["edgeproof-edge"]


def test_a_range_changes_only_the_slice(edge: Front) -> None:
    path = f"/v1/acme/{asset(41)}/w_640.jpg"
    status, fields, body = edge.ask(signed(path), {"Range": "bytes=0-3"})
    assert (status, body) == (206, path.encode()[:4])
    assert fields["content-range"] == f"bytes 0-3/{len(path)}"
    assert edge.ask(signed(path))[2] == path.encode()
    assert edge.asked(path) == 1


def test_accept_changes_auto_alone(edge: Front) -> None:
    folder = f"/v1/acme/{asset(42)}"
    for accept, ext in ((CHROMIUM, "avif"), (GECKO_65, "webp"), ("*/*", "jpg")):
        status, fields, body = edge.ask(signed(f"{folder}/w_640.auto"), {"Accept": accept})
        assert (status, body) == (200, f"{folder}/w_640.{ext}".encode())
        assert fields["vary"] == "Accept"
        status, fields, body = edge.ask(signed(f"{folder}/w_640.webp"), {"Accept": accept})
        assert body == f"{folder}/w_640.webp".encode()
        assert "vary" not in fields
    assert edge.asked(f"{folder}/w_640.webp") == 1


def test_a_junk_query_is_the_same_object(edge: Front) -> None:
    path = f"/v1/acme/{asset(43)}/w_640.jpg"
    for junk in ("", "&utm_source=mail", "&Sig=1", "&exp%3d=1", "&=", "&&", "&w=99", "&../../x"):
        assert edge.ask(signed(path) + junk)[::2] == (200, path.encode()), junk
    assert edge.asked(path) == 1


DECEPTIONS = ("/x.css", "%2fx.css", ";x.css", ".css", "/..%2f..%2fhealthz", "%00.jpg", "%0d%0ax:y")


@pytest.mark.parametrize("ending", DECEPTIONS)
def test_a_deceiving_ending_is_refused_and_never_kept(edge: Front, ending: str) -> None:
    path = f"/v1/acme/{asset(44)}/w_640.jpg"
    target, _, query = signed(path).partition("?")
    before = len(edge.backend.seen)
    for _ in range(2):
        status, fields, _ = edge.ask(f"{target}{ending}?{query}")
        assert status in {400, 403, 404}
        assert fields["cache-control"] == "no-store"
        assert "hit" not in fields.get("cache-status", "")
    assert len(edge.backend.seen) == before


def test_a_warm_canonical_url_without_a_signature_is_403(edge: Front) -> None:
    path = f"/v1/acme/{asset(45)}/w_640.jpg"
    assert edge.ask(signed(path))[0] == 200
    for target in (path, f"{path}?", f"{path}?utm_source=x"):
        status, fields, body = edge.ask(target)
        assert status == 403
        assert path.encode() not in body
        assert fields["cache-control"] == "no-store"
