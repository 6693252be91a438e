"""Print links lead nowhere at an edge: 404 whoever signed them, and the origin is not asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cache_keys import parse_ring
from origin.flow.print_urls import PrintPath, sign_print
from tests.edge.fronts import KINDS, Front, front, signed

RING = parse_ring(f'{{"p1":{{"master":"{"7f" * 32}","tenants":"all","retired":null}}}}'.encode())
PRINT = PrintPath("acme", "b" * 51 + "a", "print.pdf")


@pytest.fixture(scope="module", params=KINDS)
def edge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with front(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


pytestmark = pytest.mark.xdist_group("tricks")


def test_a_good_print_link_is_404_at_the_edge_and_never_asked_of_the_origin(edge: Front) -> None:
    link = sign_print(PRINT, RING, now_s=int(time.time()), life_s=900)
    for target in (link, str(PRINT), "/print/v1/", "/print/"):
        status, fields, _ = edge.ask(target)
        assert (status, edge.asked(target.partition("?")[0])) == (404, 0), target
        assert "no-store" in fields["cache-control"]


def test_a_preview_signature_opens_no_print(edge: Front) -> None:
    query = signed(f"/v1/acme/{'b' * 51}a/w_640.jpg").partition("?")[2]
    assert edge.ask(f"{PRINT}?{query}")[0] == 404
