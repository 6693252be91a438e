"""The vectors at a real varnishd: what test_same_answer.py does not compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cache_keys import read_target
from cache_keys.asking import ask
from cache_keys.errors import Refusal
from cache_keys.proof import check_proof
from origin.headers import problem
from tests.edge.varnish import Backend, Varnish
from tests.edge.vector_edges import (
    DUMMY,
    GATE,
    NO_HTTP,
    ORIGIN_HOST,
    TRIMMED,
    VectorEdges,
    accepts,
    left_out,
    said,
    target_of,
    vector_edges,
)
from tests.unit.cache_keys.vector_files import Row, rows


def rows_of(name: str) -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in rows(name) if left_out(name, row) is None]


def all_left_out(why: str) -> list[Row]:
    names = ("refused", "signature", "request", "accept", "proof", "tenant_keys")
    return [row for name in names for row in rows(name) if left_out(name, row) == why]


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorEdges]:
    with vector_edges(tmp_path_factory.mktemp("edges")) as running:
        yield running


@pytest.fixture(scope="module")
def backend(edges: VectorEdges) -> Backend:
    return edges.backend


@pytest.fixture(scope="module")
def gated(edges: VectorEdges) -> Varnish:
    return edges.gated


@pytest.fixture(scope="module")
def opened(edges: VectorEdges) -> Varnish:
    return edges.opened


def test_what_is_no_http_is_refused_by_varnishd_itself_and_asks_nobody(
    opened: Varnish, backend: Backend
) -> None:
    """The rows of NO_HTTP: a bare 400 without any of our words, whatever our code would say."""
    before, found = len(backend.seen), all_left_out(NO_HTTP)
    assert len(found) == 11
    for row in found:
        target = target_of(row) if "box" not in row else f"/v1/acme/{'a' * 52}/w_640.auto"
        answer = opened.ask(target, *accepts(row), method=row.get("method", "GET"))
        assert (answer.status, answer.body) == (400, b""), row["id"]
        assert "content-security-policy" not in answer.headers
    assert len(backend.seen) == before


def test_blanks_around_a_value_are_taken_away_before_it_is_judged(
    opened: Varnish, gated: Varnish
) -> None:
    """The rows of TRIMMED: with blanks around it a value is the one without them."""
    found = all_left_out(TRIMMED)
    assert len(found) == 7
    for row in found:
        if "header" in row:
            lines = (("X-Test-Now", str(row["now"])), ("Edgeproof-Edge", row["header"]))
            answer = gated.ask(row["path"], *lines, method=row["method"], host=row["host"])
            assert answer.status != 403, row["id"]
        elif "method" in row:
            assert opened.ask(row["target"], method=row["method"]).status == 200, row["id"]
        else:
            path = f"/v1/acme/{'a' * 52}/w_640.auto"
            trimmed = {"accept": [line.strip() for line in row["accept"]]}
            blank, bare = (opened.ask(path, *accepts(one)) for one in (row, trimmed))
            assert (blank.status, blank.body) == (bare.status, bare.body), row["id"]


def test_a_master_of_noughts_opens_nothing(edges: VectorEdges) -> None:
    found = all_left_out(DUMMY)
    assert len(found) == 1
    for row in found:
        target = f"{row['path']}?exp={row['exp']}&kid={row['kid']}&sig={row['sig']}"
        lines = (("X-Test-Now", str(row["exp"])), ("X-Test-Master", row["master"]))
        assert said(edges.mastered.ask(target, *lines)) == "403 sig.bad"


@pytest.mark.parametrize("row", rows_of("canonical"))
def test_a_canonical_path_is_its_own_whatever_accept_says(row: Row, opened: Varnish) -> None:
    answer = opened.ask(row["canonical"], ("Accept", "image/webp,image/avif;q=0"))
    assert said(answer) == row["canonical"]


@pytest.mark.parametrize("row", rows_of("refused"))
def test_an_address_is_refused_by_the_code_of_the_vectors(row: Row, opened: Varnish) -> None:
    target = target_of(row)
    answer = opened.ask(target)
    assert said(answer) == f"{row['status']} {row['code']}"
    with pytest.raises(Refusal) as refused:
        ask(read_target(target.encode("latin-1")), ())
    wrong = refused.value
    expected = problem(wrong.status, wrong.public_code, wrong.public, field=wrong.field)
    assert answer.body == expected.body, "the body is the origin's, to the byte"


def test_each_request_to_the_origin_was_proven_as_it_was_sent(
    opened: Varnish, gated: Varnish, backend: Backend
) -> None:
    """Over all that the vectors made the edges ask, HEADs too."""
    for row in rows("canonical"):
        opened.ask(row["canonical"])
    gated.ask(f"/v1/catalogue/{'a' * 52}/w_64.png", method="HEAD")
    secrets = {kid: secret.encode() for kid, secret in GATE["edge_secrets"].items()}
    assert len(backend.seen) > 100
    for seen in backend.seen:
        assert seen.headers["host"] == ORIGIN_HOST
        (header,) = seen.headers.get_all("edgeproof-edge", [])
        t = int(header.partition(";")[0].removeprefix("t="))
        check_proof(header.encode(), secrets, (seen.method, ORIGIN_HOST, seen.path), t)
        assert "?" not in seen.path
        assert "accept" not in seen.headers
