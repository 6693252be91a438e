"""The gallery's small answers: lists, signatures, designs, uploads, and bad bodies."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from edgeproof.gallery.routes import BODY_BYTES_MAX, NAME_CHARACTERS_MAX, PATHS_MAX
from tests.unit.gallery.shop import HERE, Shop

API = "/gallery/api"
OWN = {"origin": HERE}
AS_JSON = {**OWN, "content-type": "application/json"}
AS_PHOTO = {**OWN, "content-type": "image/jpeg"}


def test_the_list_has_all_that_the_page_draws(client: TestClient) -> None:
    listed = client.get(f"{API}/photos").json()
    assert listed["previews"] == "http://127.0.0.1:8080"
    assert listed["photos"][0]["name"] == "lake.jpg"
    assert listed["photos"][0]["warnings"] == ["a warning"]
    assert listed["presets"] == [{"tenant": "demo", "op": "t_card~3", "words": "w_640"}]


def test_one_signature_is_for_one_photo(client: TestClient) -> None:
    assert client.get(f"{API}/scope/demo/lake").json() == {"query": "scope=asset&for=demo.lake"}


def test_each_path_gets_its_own_signed_url_in_the_same_order(client: TestClient) -> None:
    paths = ["/v1/demo/lake/w_96.jpg", "/v1/demo/lake/w_320.jpg"]
    answer = client.post(f"{API}/sign", headers=AS_JSON, content=json.dumps({"paths": paths}))
    assert answer.json() == {"urls": [f"http://127.0.0.1:8080{path}?sig=1" for path in paths]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"paths": []}',
        b'{"paths": "/v1/demo/lake/w_96.jpg"}',
        b'{"paths": [1]}',
        b'{"paths": ["/print/v1/demo/lake"]}',
        b"[" * 60_000,
        json.dumps({"paths": ["/v1/a/b/c.jpg"] * (PATHS_MAX + 1)}).encode(),
    ],
    ids=lambda body: body[:32].decode("latin-1"),
)
def test_a_body_that_is_no_list_of_paths_is_400_and_signs_nothing(
    client: TestClient, shop: Shop, body: bytes
) -> None:
    answer = client.post(f"{API}/sign", headers=AS_JSON, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "gallery.paths")
    assert shop.calls == []


def test_a_design_goes_to_the_shop_as_it_came(client: TestClient, shop: Shop) -> None:
    answer = client.post(f"{API}/designs/demo", headers=AS_JSON, content=b'{"photos": []}')
    assert (answer.status_code, answer.json()) == (201, {"design": "d1"})
    assert shop.calls == [("demo", b'{"photos": []}')]


def test_a_document_that_is_too_large_is_413(client: TestClient, shop: Shop) -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    answer = client.post(f"{API}/designs/demo", headers=AS_JSON, content=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "gallery.body")
    assert shop.calls == []


def test_an_upload_arrives_whole_with_its_name(client: TestClient, shop: Shop) -> None:
    body = b"\xff\xd8" + bytes(300_000)
    headers = {**AS_PHOTO, "edgeproof-name": quote("my holiday ü.jpg")}
    answer = client.post(f"{API}/photos", headers=headers, content=body)
    assert (answer.status_code, answer.json()["asset"]) == (201, "lake")
    assert shop.calls == [("my holiday ü.jpg", body)]


@pytest.mark.parametrize(("given", "kept"), [("", "photo"), ("x" * 999, "x" * NAME_CHARACTERS_MAX)])
def test_a_name_is_never_empty_or_endless(
    client: TestClient, shop: Shop, given: str, kept: str
) -> None:
    headers = {**AS_PHOTO, "edgeproof-name": given}
    client.post(f"{API}/photos", headers=headers, content=b"\xff\xd8")
    assert shop.calls == [(kept, b"\xff\xd8")]


def test_a_refused_photo_is_a_problem_in_words_with_a_code(client: TestClient) -> None:
    answer = client.post(f"{API}/photos", headers=AS_PHOTO, content=b"a text")
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "photo.format"
    assert "not a picture" in answer.json()["detail"]


@pytest.mark.parametrize("type_", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", ["sign", "designs/demo", "photos"])
def test_a_body_that_a_plain_form_could_send_is_415(
    client: TestClient, shop: Shop, path: str, type_: str
) -> None:
    headers = {**OWN, "content-type": type_}
    answer = client.post(f"{API}/{path}", headers=headers, content=b"\xff\xd8")
    assert (answer.status_code, answer.json()["code"]) == (415, "gallery.type")
    assert shop.calls == []
