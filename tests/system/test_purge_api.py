"""The purge API of the private listener: scopes, problems, idempotency, the resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from tests.images.photos import photo_jpeg
from tests.system.server import TENANT, Server, server

CONFIG = """
[[dry_run]]
name = "nobody"

[[cloudflare]]
name = "zone"
zone = "00000000000000000000000000000001"
zone_name = "shop.example"
token_file = "{token}"
base_url = "http://127.0.0.1:9/client/v4"
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("api")
    data = folder / "data"
    data.mkdir()
    # The configuration of a data folder is found by itself.
    (folder / "token").write_text("loopback")
    (data / "purge.toml").write_text(CONFIG.format(token=folder / "token"))
    with server(data, response_deadline_s="1") as started:
        started.run("tenants", "add", "zeta")
        yield started


@pytest.fixture(scope="module")
def asset(running: Server) -> str:
    return running.asset(photo_jpeg(400, 300, 72))


_made: dict[tuple[str, ...], str] = {}


def token(running: Server, tenant: str, *scopes: str) -> str:
    """Return a token of these scopes, made once."""
    key = (tenant, *scopes)
    if key not in _made:
        name = f"t{len(_made)}"
        flags = [word for scope in scopes for word in ("--scope", scope)]
        done = running.run("tokens", "new", name, "--tenant", tenant, *flags)
        _made[key] = done.stdout.strip()
    return _made[key]


def ask(
    running: Server,
    who: str,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return running.http.request(
        method,
        f"{running.private_url}/api/v1{path}",
        content=None if body is None else content,
        headers={"authorization": f"Bearer {who}", **(headers or {})},
    )


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: Any = answer.json()
    assert document["status"] == answer.status_code
    return answer.status_code, str(document["code"])


def wanted(asset: str, **more: object) -> dict[str, object]:
    return {"what": "asset", "tenant": TENANT, "names": [asset], "providers": ["nobody"], **more}


def test_an_order_is_202_with_its_place_and_ends_settled(running: Server, asset: str) -> None:
    who = token(running, TENANT, "purge:tag")
    answer = ask(running, who, "POST", "/purges", wanted(asset, mode="hard", reason="ticket 3"))
    assert answer.status_code == 202
    place = answer.headers["location"]
    assert place == f"/api/v1/purges/{answer.json()['order']}"
    document: Any = {}
    while document.get("state") != "settled":
        document = ask(running, who, "GET", place.removeprefix("/api/v1")).json()
    assert document["by"].startswith("token t")
    assert (document["mode"], document["takedown"]) == ("hard", True)
    listed = ask(running, who, "GET", "/purges?limit=1").json()["purges"]
    assert [one["order"] for one in listed] == [document["order"]]
    early = ask(running, who, "POST", f"{place.removeprefix('/api/v1')}/verification")
    assert early.status_code == 200
    assert early.json()["verified"] is False, "no edge is configured, and there are caches"


def test_an_idempotency_key_orders_once(running: Server, asset: str) -> None:
    who, head = token(running, TENANT, "purge:tag"), {"idempotency-key": "job-17"}
    first = ask(running, who, "POST", "/purges", wanted(asset), head)
    again = ask(running, who, "POST", "/purges", wanted(asset), head)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["order"] == again.json()["order"]
    assert first.json()["generations"] == again.json()["generations"]
    other = ask(running, who, "POST", "/purges", wanted(asset, mode="hard"), head)
    assert code_of(other) == (409, "purge.key_reused")
    elsewhere = ask(running, token(running, "*", "purge:all"), "POST", "/purges",
                    wanted(asset), head)  # fmt: skip
    assert elsewhere.json()["order"] != first.json()["order"], "another caller's key is another key"


def test_a_dry_run_is_200_and_orders_nothing(running: Server, asset: str) -> None:
    who = token(running, TENANT, "purge:tag")
    before = ask(running, who, "GET", "/purges").json()["purges"]
    answer = ask(running, who, "POST", "/purges", wanted(asset, dry_run=True))
    assert answer.status_code == 200
    assert [part["calls"] for part in answer.json()["providers"]] == [2]
    assert ask(running, who, "GET", "/purges").json()["purges"] == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "api.body"),
        ({"what": "asset"}, 422, "purge.empty"),
        ({"what": "photo", "names": ["x"]}, 400, "api.body"),
        ({"what": "tag", "names": ["x"], "by": "me"}, 400, "api.body"),
        ({"what": "tag", "names": ["X"]}, 422, "purge.tag"),
        ({"what": "prefix", "names": ["/v2/"]}, 422, "purge.prefix"),
        ({"what": "url", "names": ["/v1/"]}, 422, "purge.path"),
        ({"what": "asset", "tenant": TENANT, "names": ["a" * 52]}, 404, "purge.unknown"),
        ({"what": "tenant", "names": ["nosuch"]}, 404, "purge.unknown"),
        ({"what": "tag", "names": ["x"], "providers": ["akamai"]}, 422, "purge.provider"),
        ({"what": "tag", "names": ["x"], "reason": "a@b"}, 422, "purge.reason"),
        ({"what": "all"}, 422, "purge.confirm"),
        ({"what": "all", "confirm": ["shop.example"]}, 422, "purge.confirm"),
        ({"what": "tag", "names": ["x"] * 5_001}, 400, "api.body"),
        (b" " * 2_000_001, 413, "api.body_too_large"),
    ],
)
def test_what_cannot_be_purged_is_a_problem_with_a_code(
    running: Server, body: object, status: int, code: str
) -> None:
    who = token(running, "*", "purge:all")
    assert code_of(ask(running, who, "POST", "/purges", body)) == (status, code)


def test_everything_needs_the_zones_of_its_providers_repeated(running: Server) -> None:
    who = token(running, "*", "purge:all")
    body = {"what": "all", "providers": ["nobody"], "confirm": ["nobody"]}
    assert ask(running, who, "POST", "/purges", body).status_code == 202


@pytest.mark.parametrize(
    ("tenant", "scope", "method", "path", "body"),
    [
        ("*", "assets", "GET", "/purges", None),
        ("*", "audit:read", "POST", "/purges", {"what": "tag", "names": ["x"]}),
        ("zeta", "purge:tag", "POST", "/purges", {"what": "tenant", "names": ["zeta"]}),
        ("zeta", "purge:tenant", "POST", "/purges", {"what": "tenant", "names": [TENANT]}),
        ("zeta", "purge:all", "POST", "/purges", {"what": "all", "confirm": ["all"]}),
        ("*", "purge:tenant", "POST", "/purges", {"what": "engine", "names": ["v1"]}),
        ("*", "purge:all", "GET", "/audit", None),
        ("zeta", "audit:read", "GET", "/audit", None),
        ("zeta", "purge:all", "GET", "/dead-letters", None),
        ("*", "purge:tenant", "POST", "/dead-letters/replay", None),
    ],
)
def test_a_token_may_do_what_its_scope_says_and_no_more(
    running: Server, tenant: str, scope: str, method: str, path: str, body: object
) -> None:
    who = token(running, tenant, scope)
    assert code_of(ask(running, who, method, path, body)) == (403, "api.token_scope")


def test_another_shops_order_is_not_shown(running: Server, asset: str) -> None:
    who = token(running, TENANT, "purge:tag")
    order = ask(running, who, "POST", "/purges", wanted(asset)).json()["order"]
    other = token(running, "zeta", "purge:all")
    assert code_of(ask(running, other, "GET", f"/purges/{order}")) == (403, "api.token_scope")
    assert ask(running, other, "GET", "/purges").json()["purges"] == []
    assert ask(running, token(running, "*", "audit:read"), "GET", f"/purges/{order}").is_success


def test_without_a_live_token_there_is_no_answer(running: Server) -> None:
    assert code_of(ask(running, "ep_wrong", "GET", "/purges")) == (401, "api.token_bad")
    bare = running.http.get(f"{running.private_url}/api/v1/purges")
    assert code_of(bare) == (401, "api.token_missing")


def test_the_audit_is_read_in_pages(running: Server, asset: str) -> None:
    ask(running, token(running, TENANT, "purge:tag"), "POST", "/purges", wanted(asset))
    who = token(running, "*", "audit:read")
    first = ask(running, who, "GET", "/audit?limit=1").json()["entries"]
    assert [one["seq"] for one in first] == [1]
    second = ask(running, who, "GET", "/audit?limit=1&after=1").json()["entries"]
    assert [one["seq"] for one in second] == [2]
    assert code_of(ask(running, who, "GET", "/audit?after=x")) == (400, "api.parameter")


def test_the_audit_is_verified_and_read_by_order(running: Server, asset: str) -> None:
    who = token(running, "*", "purge:all", "audit:read")
    order = ask(running, who, "POST", "/purges", wanted(asset)).json()["order"]
    entries = ask(running, who, "GET", f"/audit?order={order}").json()["entries"]
    assert entries
    assert {entry["order"] for entry in entries} == {order}
    found = ask(running, who, "GET", "/audit/verification").json()
    assert found["holds"] is True
    assert found["entries"] >= entries[-1]["seq"]
    narrow = token(running, TENANT, "purge:tenant")
    refused = ask(running, narrow, "GET", "/audit/verification")
    assert code_of(refused) == (403, "api.token_scope")


def test_tags_that_nothing_here_carries_are_named_and_sent(running: Server, asset: str) -> None:
    who = token(running, "*", "purge:all")
    body = {"what": "tag", "names": [f"a-{asset}", "x-9"], "providers": ["nobody"]}
    answer = ask(running, who, "POST", "/purges", body)
    assert answer.status_code == 202
    assert (answer.json()["unknown"], answer.json()["targets"]) == (["x-9"], 2)


def test_what_is_under_way_cannot_be_verified_yet(running: Server, asset: str) -> None:
    who = token(running, "*", "purge:all")
    body = {**wanted(asset), "providers": ["zone"]}  # nobody listens there
    order = ask(running, who, "POST", "/purges", body).json()["order"]
    answer = ask(running, who, "POST", f"/purges/{order}/verification")
    assert code_of(answer) == (409, "purge.early")
    assert code_of(ask(running, who, "GET", "/purges/p0")) == (404, "purge.order")
    assert ask(running, who, "GET", "/dead-letters").json() == {"dead_letters": []}
    assert ask(running, who, "POST", "/dead-letters/replay").json() == {"replayed": {}}


def test_providers_are_listed_without_secrets(running: Server) -> None:
    answer = ask(running, token(running, TENANT, "purge:url"), "GET", "/purge-providers")
    listed = {one["provider"]: one for one in answer.json()["providers"]}
    assert listed["zone"]["scope"] == "shop.example"
    assert "loopback" not in answer.text
