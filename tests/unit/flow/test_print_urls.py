"""Print links: what opens one, what does not, and that no preview key or signature can."""

from __future__ import annotations

import json

import pytest

from cache_keys import Ring, parse_ring, read_target, sign
from cache_keys.errors import Refusal
from cache_keys.request import read_claim
from cache_keys.signature import verify
from origin.errors import NotFound
from origin.flow.print_urls import LIFE_S_MAX, PrintPath, open_print, sign_print

NOW_S = 1_800_000_000


def ring(byte: str) -> Ring:
    entry = {"master": byte * 32, "tenants": "all", "retired": None}
    return parse_ring(json.dumps({"p1": entry}).encode())


PRINTS, PREVIEWS = ring("5a"), ring("ab")
PATH = PrintPath("acme", "b" * 51 + "a", "print.pdf")


def parts(link: str) -> tuple[str, str]:
    path, _, query = link.partition("?")
    return path, query


def test_a_link_opens_its_file_until_its_life_ends() -> None:
    link = parts(sign_print(PATH, PRINTS, now_s=NOW_S, life_s=900))
    assert open_print(*link, PRINTS, now_s=NOW_S) == PATH
    assert open_print(*link, PRINTS, now_s=NOW_S + 900) == PATH
    with pytest.raises(Refusal) as caught:
        open_print(*link, PRINTS, now_s=NOW_S + 901)
    assert (caught.value.code, caught.value.status) == ("sig.expired", 410)


@pytest.mark.parametrize("life_s", [0, -1, LIFE_S_MAX + 1])
def test_a_link_lives_a_day_at_most(life_s: int) -> None:
    with pytest.raises(Refusal) as caught:
        sign_print(PATH, PRINTS, now_s=NOW_S, life_s=life_s)
    assert caught.value.code == "sign.life"


@pytest.mark.parametrize(
    "other",
    [
        PrintPath("other", PATH.print_id, PATH.name),
        PrintPath("acme", "c" * 51 + "a", PATH.name),
        PrintPath("acme", PATH.print_id, "recipe.json"),
    ],
)
def test_a_signature_opens_one_part_of_one_print_of_one_shop(other: PrintPath) -> None:
    _, query = parts(sign_print(PATH, PRINTS, now_s=NOW_S, life_s=900))
    with pytest.raises(Refusal) as caught:
        open_print(str(other), query, PRINTS, now_s=NOW_S)
    assert caught.value.code == "sig.bad"


def test_another_ring_opens_nothing() -> None:
    link = parts(sign_print(PATH, PREVIEWS, now_s=NOW_S, life_s=900))
    with pytest.raises(Refusal):
        open_print(*link, PRINTS, now_s=NOW_S)


def test_the_same_secret_in_both_rings_still_opens_neither_with_the_other() -> None:
    target = read_target(f"/v1/acme/{'b' * 51}a/w_640.jpg".encode())
    preview = sign(target, PRINTS, "p1", NOW_S + 900, now=NOW_S)
    with pytest.raises(Refusal):
        open_print(str(PATH), preview.partition("?")[2], PRINTS, now_s=NOW_S)
    query = parts(sign_print(PATH, PRINTS, now_s=NOW_S, life_s=900))[1]
    claim = read_claim(query)
    assert claim is not None
    with pytest.raises(Refusal):
        verify(target, claim, PRINTS, NOW_S)


@pytest.mark.parametrize(
    "query", ["", "exp=1&kid=p1&sig=0", "sig=0&exp=0", "exp=1800000900&kid=p1"]
)
def test_a_link_without_a_whole_signature_is_refused(query: str) -> None:
    with pytest.raises(Refusal) as caught:
        open_print(str(PATH), query, PRINTS, now_s=NOW_S)
    assert caught.value.code == "sig.form"


@pytest.mark.parametrize(
    "path", ["/print/v1/acme/x/print.pdf", "/print/v1/acme", "/v1/acme/x/y", "/print/v1/A/b/c"]
)
def test_another_path_is_unknown(path: str) -> None:
    with pytest.raises(NotFound):
        open_print(path, "", PRINTS, now_s=NOW_S)
