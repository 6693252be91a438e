"""Pages elsewhere cannot use the gallery: not by a foreign Host, not by a foreign Origin."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.unit.gallery.shop import Shop

GETS = ["/", "/gallery/", "/gallery/main.js", "/gallery/api/photos", "/gallery/api/scope/demo/lake"]
POSTS = ["/gallery/api/sign", "/gallery/api/designs/demo", "/gallery/api/photos"]


@pytest.mark.parametrize("path", GETS)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8081", "127.0.0.1.evil.example", "localhost.", "10.0.0.1:8081"],
)
def test_a_name_that_is_not_loopback_is_421(client: TestClient, path: str, host: str) -> None:
    answer = client.get(path, headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "gallery.host")


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "localhost:8081", "LOCALHOST", "[::1]:8081"])
def test_every_spelling_of_loopback_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/gallery/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1:8080",
        "http://localhost:8081",
        "https://127.0.0.1:8081",
        "http://127.0.0.1:8081.evil.example",
    ],
)
def test_a_change_from_another_page_is_403_and_changes_nothing(
    client: TestClient, shop: Shop, path: str, origin: str | None
) -> None:
    headers = {"content-type": "application/json"}
    if origin is not None:
        headers["origin"] = origin
    answer = client.post(path, headers=headers, content=b'{"paths": ["/v1/demo/lake/w_96.jpg"]}')
    assert (answer.status_code, answer.json()["code"]) == (403, "gallery.origin")
    assert shop.calls == []


@pytest.mark.parametrize("path", POSTS)
def test_a_change_under_a_foreign_name_is_421_whatever_its_origin(
    client: TestClient, shop: Shop, path: str
) -> None:
    headers = {"host": "evil.example", "origin": "http://evil.example"}
    assert client.post(path, headers=headers, content=b"{}").status_code == 421
    assert shop.calls == []


def test_no_answer_may_be_read_by_another_page(client: TestClient) -> None:
    answer = client.get("/gallery/api/photos", headers={"origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
