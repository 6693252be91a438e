"""The vectors, run on the package: every row is one sentence of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cache_keys import (
    Gate,
    Lane,
    Refusal,
    Request,
    RingError,
    admit,
    ask,
    asset_id,
    authorize,
    content_of,
    derivative_key,
    design_id,
    lane_of_path,
    parse_edge_secrets,
    parse_ring,
    read_target,
    rounded_exp,
    tags_of,
    tenant_key,
)
from cache_keys.accept import choose_format
from cache_keys.proof import check_proof
from cache_keys.signature import signature
from tests.unit.cache_keys.vector_files import Row, accept_of, load, rows, sentence, target_of


def answer_of(judge: Callable[[], object]) -> object:
    """Return what a judge returns, or its refusal as status and code."""
    try:
        return judge()
    except Refusal as refused:
        return f"{refused.status} {refused.code}"


@pytest.mark.parametrize("row", rows("canonical"), ids=sentence)
def test_a_target_has_its_canonical_path(row: Row) -> None:
    asked = ask(read_target(target_of(row)), accept_of(row))
    assert asked.canonical_path == row["canonical"]
    assert asked.negotiated is row["negotiated"]
    again = ask(read_target(asked.canonical_path.encode()), [])
    assert (again.canonical_path, again.transform) == (asked.canonical_path, asked.transform)
    assert asked.lane is lane_of_path(asked.canonical_path)
    assert asked.canonical_path == f"/v1/{asked.tenant}/{asked.asset}/{asked.leaf}"


@pytest.mark.parametrize("row", rows("refused"), ids=sentence)
def test_a_target_is_refused_by_its_first_failure(row: Row) -> None:
    answer = answer_of(lambda: ask(read_target(target_of(row)), []))
    assert answer == f"{row['status']} {row['code']}"


@pytest.mark.parametrize("row", rows("pairs"), ids=sentence)
def test_a_pair_shares_its_key_or_does_not(row: Row) -> None:
    one, other = (
        ask(read_target(target.encode()), accept_of(row)).canonical_path
        for target in row["targets"]
    )
    assert (one == other) is row["equal"]


@pytest.mark.parametrize("row", rows("accept"), ids=sentence)
def test_an_accept_header_chooses_the_format(row: Row) -> None:
    assert choose_format(accept_of(row), *row["box"]) == row["ext"]


SIGNATURE = load("signature")


def verify(target: bytes, gate: Gate, now: int) -> str:
    authorize(read_target(target), gate, now)
    return "ok"


@pytest.mark.parametrize("row", SIGNATURE["rows"], ids=sentence)
def test_a_signed_target_is_taken_or_refused(row: Row) -> None:
    gate = Gate(parse_ring(json.dumps(SIGNATURE["ring"]).encode()), SIGNATURE["public_tenants"])
    answer = answer_of(lambda: verify(target_of(row), gate, row["now"]))
    assert answer == row["answer"]


@pytest.mark.parametrize("row", rows("tenant_keys"), ids=sentence)
def test_a_tenant_key_and_what_it_signs(row: Row) -> None:
    key = tenant_key(row["master"].encode(), row["tenant"], row["kid"])
    assert key.decode() == row["tenant_key"]
    target = read_target(row["path"].encode())
    assert signature(key, target, row["kid"], row["exp"], row["scope"]) == row["sig"]


@pytest.mark.parametrize("row", rows("signer"), ids=sentence)
def test_a_signer_rounds_the_time_up(row: Row) -> None:
    answer = answer_of(lambda: rounded_exp(row["now"], row["life_s"], row["bucket_s"]))
    assert answer == row["answer"]


PROOF = load("proof")


@pytest.mark.parametrize("row", PROOF["rows"], ids=sentence)
def test_a_proof_holds_or_does_not(row: Row) -> None:
    secrets = parse_edge_secrets(json.dumps(PROOF["edge_secrets"]).encode())
    asked = (row["method"], row["host"], row["path"])
    header = row["header"].encode("latin-1")
    answer = answer_of(lambda: check_proof(header, secrets, asked, row["now"]))
    assert answer == (None if row["ok"] else "403 edge.proof")


REQUEST = load("request")


@pytest.mark.parametrize("row", REQUEST["rows"], ids=sentence)
def test_a_request_is_answered_by_its_first_failure(row: Row) -> None:
    head = REQUEST["gate"]
    gate = Gate(
        parse_ring(json.dumps(head["ring"]).encode()),
        frozenset(head["public_tenants"]),
        frozenset(head["hosts"]),
        parse_edge_secrets(json.dumps(head["edge_secrets"]).encode()),
    )
    proof = None if row["proof"] is None else row["proof"].encode("latin-1")
    request = Request(row["method"], row["host"], target_of(row), row["has_body"], proof)

    def answer() -> str:
        admitted = admit(request, gate, row["now"])
        return ask(admitted.target, accept_of(row), is_edge=admitted.is_edge).canonical_path

    assert answer_of(answer) == row["answer"]


@pytest.mark.parametrize("row", rows("rings"), ids=sentence)
def test_a_ring_loads_in_one_form_only(row: Row) -> None:
    if row["kids"] is None:
        with pytest.raises(RingError):
            parse_ring(row["ring"].encode())
    else:
        assert list(parse_ring(row["ring"].encode())) == row["kids"]


def id_of(row: Row) -> str | None:
    match row["kind"]:
        case "content":
            return content_of(bytes.fromhex(row["id_key_hex"]), bytes.fromhex(row["source_hex"]))
        case "asset":
            return asset_id(bytes.fromhex(row["id_key_hex"]), row["content"], row["life"])
        case "design":
            return design_id(bytes.fromhex(row["id_key_hex"]), bytes.fromhex(row["look_hex"]))
    try:
        return derivative_key(row["tenant"], row["asset"], row["leaf"], row["engine"])
    except ValueError:
        return None


@pytest.mark.parametrize("row", rows("ids"), ids=sentence)
def test_an_id_is_the_hash_that_the_rules_say(row: Row) -> None:
    assert id_of(row) == row["key" if row["kind"] == "derivative" else row["kind"]]


@pytest.mark.parametrize("row", rows("tags"), ids=sentence)
def test_a_path_has_its_tags(row: Row) -> None:
    tags = tags_of(row["path"], row["engine"])
    assert sorted(tags) == sorted(row["tags"])


@pytest.mark.parametrize("row", rows("lanes"), ids=sentence)
def test_a_path_has_its_lane(row: Row) -> None:
    assert lane_of_path(row["path"]) is Lane(row["lane"])
