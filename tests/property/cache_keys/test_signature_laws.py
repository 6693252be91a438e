"""Laws of signing: what was signed opens, anything else does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache_keys import (
    Gate,
    Refusal,
    RingError,
    RingKey,
    SignatureError,
    Target,
    authorize,
    make_proof,
    parse_edge_secrets,
    parse_ring,
    policy,
    read_target,
    rounded_exp,
    sign,
)
from cache_keys.proof import check_proof
from tests.property.cache_keys.strategies import NOW, hashes, leaves, tenants
from tests.unit.cache_keys import second_reading as second

secrets = st.from_regex(policy.SECRET, fullmatch=True).map(str.encode)
kids = st.from_regex(policy.KID, fullmatch=True)
targets = st.builds(
    lambda tenant, asset, leaf: read_target(f"/v1/{tenant}/{asset}/{leaf}".encode()),
    tenants,
    hashes,
    leaves() | st.just("info.json"),
)
scopes = st.sampled_from(["", policy.SCOPE_ASSET])
buckets = st.integers(1, policy.LIFE_MAX_S - 1)


def gate(kid: str, master: bytes) -> Gate:
    return Gate({kid: RingKey(master, None, None)}, ())


@given(targets, kids, secrets, scopes, st.data())
def test_what_was_signed_opens_for_its_whole_life(
    target: Target, kid: str, master: bytes, scope: str, data: st.DataObject
) -> None:
    bucket_s = data.draw(buckets)
    life_s = data.draw(st.integers(1, policy.LIFE_MAX_S - bucket_s))
    exp = rounded_exp(NOW, life_s, bucket_s)
    assert exp % bucket_s == 0
    assert life_s <= exp - NOW < life_s + bucket_s
    url = sign(target, gate(kid, master).ring, kid, exp, now=NOW, scope=scope).encode()
    when = data.draw(st.integers(NOW, exp + policy.CLOCK_SKEW_S))
    claim = authorize(read_target(url), gate(kid, master), when)
    assert claim is not None
    assert (claim.exp, claim.scope) == (str(exp), scope)
    with pytest.raises(SignatureError) as refused:
        authorize(read_target(url), gate(kid, master), exp + policy.CLOCK_SKEW_S + 1)
    assert refused.value.code == "sig.expired"


@given(targets, secrets, st.data())
def test_any_changed_byte_is_refused(target: Target, master: bytes, data: st.DataObject) -> None:
    url = bytearray(sign(target, gate("k1", master).ring, "k1", NOW, now=NOW).encode())
    place = data.draw(st.integers(0, len(url) - 1))
    url[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != url[place]))
    with pytest.raises(Refusal):
        authorize(read_target(bytes(url)), gate("k1", master), NOW)


@given(targets, secrets, secrets, kids)
def test_another_master_or_kid_does_not_open(
    target: Target, master: bytes, other: bytes, kid: str
) -> None:
    url = sign(target, gate("k1", master).ring, "k1", NOW, now=NOW).encode()
    if other != master:
        with pytest.raises(SignatureError):
            authorize(read_target(url), gate("k1", other), NOW)
    if kid != "k1":
        with pytest.raises(SignatureError):
            authorize(read_target(url), gate(kid, master), NOW)


RING: dict[str, dict[str, Any]] = {
    "k1": {"master": "ab" * 32, "tenants": ["acme"], "retired": None},
    "k2": {"master": "cd" * 32, "tenants": "all", "retired": "2026-01-02T00:00:00Z"},
}
RING_GATE = Gate(
    parse_ring(
        b'{"k1": {"master": "%s", "tenants": ["acme"], "retired": null},'
        b' "k2": {"master": "%s", "tenants": "all", "retired": "2026-01-02T00:00:00Z"}}'
        % (b"ab" * 32, b"cd" * 32)
    ),
    ("shop",),
)
queries = st.lists(
    st.sampled_from(
        [
            *("exp", "kid", "sig", "scope", "scope=asset", "scope=", "x=1", "", "kid=k1", "kid=k2"),
            *("exp=1767225600", "exp=1", "exp=9999999999", "sig=" + "0" * 64, "sig=a"),
        ]
    ),
    max_size=5,
).map("&".join) | st.text(max_size=30)


@given(st.sampled_from(["acme", "shop", "other"]), hashes, queries, st.integers(-99, 200_000))
def test_any_query_is_judged_as_the_second_reading_says(
    tenant: str, asset: str, query: str, later_s: int
) -> None:
    target = f"/v1/{tenant}/{asset}/w_64.jpg?{query}".encode("utf-8", "surrogatepass")
    try:
        authorize(read_target(target), RING_GATE, NOW + later_s)
        found = "ok"
    except Refusal as refused:
        found = f"{refused.status} {refused.code}"
    assert found == second.verify(target, NOW + later_s, RING, ["shop"])


@given(targets, scopes, st.sampled_from(["k1", "k2"]), st.integers(-99, 200_000), st.integers(0, 9))
def test_any_signed_time_is_judged_as_the_second_reading_says(
    target: Target, scope: str, kid: str, later_s: int, days: int
) -> None:
    key = second.mac(RING[kid]["master"], "edgeproof-tenant-key-1", target.tenant, kid)
    exp = str(NOW + days * 86_400)
    signed = f"/v1/{target.tenant}/{target.asset}/" if scope else target.path
    sig = second.mac(key, "edgeproof-url-1", target.tenant, kid, exp, scope, signed)
    ending = "&scope=asset" if scope else ""
    url = f"{target.path}?sig={sig}&exp={exp}&kid={kid}{ending}".encode()
    try:
        authorize(read_target(url), RING_GATE, NOW + later_s)
        found = "ok"
    except Refusal as refused:
        found = f"{refused.status} {refused.code}"
    assert found == second.verify(url, NOW + later_s, RING, ["shop"])


hosts = st.text("abc.-:0189ABC", min_size=1, max_size=20)


@given(kids, secrets, st.sampled_from(policy.METHODS), hosts, targets)
def test_a_made_proof_holds_for_a_minute(
    kid: str, secret: bytes, method: str, host: str, target: Target
) -> None:
    header = make_proof(kid, secret, method, host, target.path, now=NOW).encode()
    for skew_s in (-60, 0, 60):
        check_proof(header, {kid: secret}, (method, host, target.path), NOW + skew_s)
    for skew_s in (-61, 61):
        with pytest.raises(SignatureError):
            check_proof(header, {kid: secret}, (method, host, target.path), NOW + skew_s)


@given(secrets, targets, st.data())
def test_any_changed_byte_of_a_proof_is_refused(
    secret: bytes, target: Target, data: st.DataObject
) -> None:
    asked = ("GET", "img.example", target.path)
    header = bytearray(make_proof("e1", secret, *asked, now=NOW).encode())
    place = data.draw(st.integers(0, len(header) - 1))
    header[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != header[place]))
    with pytest.raises(SignatureError) as refused:
        check_proof(bytes(header), {"e1": secret}, asked, NOW)
    assert refused.value.code == "edge.proof"


@given(
    st.binary(max_size=100)
    | st.text(max_size=60).map(lambda text: f'{{"k1": "{text}"}}'.encode("utf-8", "replace"))
)
def test_any_ring_is_read_or_refused_by_a_sentence(content: bytes) -> None:
    for parse in (parse_ring, parse_edge_secrets):
        try:
            parse(content)
        except RingError as wrong:
            sentence = str(wrong)
        else:
            sentence = "."
        assert sentence.endswith(".")
