"""Signing: which key, which URL, and what is never shown."""

from __future__ import annotations

import pytest

from cache_keys import (
    Gate,
    GrammarError,
    Lane,
    Request,
    Ring,
    RingError,
    RingKey,
    SigningError,
    admit,
    content_hasher,
    content_of,
    lane_of_path,
    parse_edge_secrets,
    parse_ring,
    read_target,
    sign,
    signing_kid,
)
from cache_keys.ids import is_hash
from cache_keys.tags import asset_tag, design_tag, engine_tag, preset_tag, tags_of, tenant_tag

ASSET = "a" * 51 + "q"
NOW = 1_767_225_600
TARGET = read_target(f"/v1/acme/{ASSET}/t_card~3,d_{ASSET}.auto".encode())
RING: Ring = {
    "old": RingKey(b"1" * 64, None, NOW),
    "k1": RingKey(b"2" * 64, None, None),
    "k2": RingKey(b"3" * 64, frozenset({"acme"}), None),
    "k3": RingKey(b"4" * 64, frozenset({"bees"}), None),
}


def test_the_last_key_that_is_active_for_the_tenant_signs() -> None:
    assert signing_kid(RING, "acme", NOW) == "k2"
    assert signing_kid(RING, "bees", NOW) == "k3"
    assert signing_kid(RING, "other", NOW) == "k1"


def test_without_an_active_key_nothing_is_signed() -> None:
    with pytest.raises(SigningError):
        signing_kid({}, "acme", NOW)


@pytest.mark.parametrize("kid", ["old", "k3", "k9"])
def test_a_key_that_would_not_open_does_not_sign(kid: str) -> None:
    with pytest.raises(SigningError):
        sign(TARGET, RING, kid, NOW, now=NOW)


def test_a_signed_url_opens_the_gate_and_says_when_it_ends() -> None:
    url = sign(TARGET, RING, "k2", NOW + 60, now=NOW, scope="asset")
    assert url.startswith(f"{TARGET.path}?exp={NOW + 60}&kid=k2&sig=")
    assert url.endswith("&scope=asset")
    request = Request("GET", "any.example", url.encode())
    admitted = admit(request, Gate(RING, ()), NOW)
    assert (admitted.exp, admitted.is_edge) == (NOW + 60, False)


def test_an_unsigned_request_of_a_public_tenant_has_no_end() -> None:
    admitted = admit(Request("GET", "", TARGET.path.encode()), Gate({}, ("acme",)), NOW)
    assert admitted.exp is None


def test_secrets_are_in_no_repr() -> None:
    assert "2222" not in repr(RING["k1"])
    gate = Gate(RING, (), edge_secrets={"e1": b"5" * 64})
    assert "2222" not in repr(gate)
    assert "5555" not in repr(gate)


def test_a_broken_ring_is_refused_without_quoting_it() -> None:
    with pytest.raises(RingError) as wrong:
        parse_ring(b'{"k1": {"master": "secret, "tenants"')
    assert "secret" not in str(wrong.value)
    assert wrong.value.__cause__ is None


def test_a_ring_nested_without_end_or_larger_than_its_limit_is_refused() -> None:
    for content in (b"[" * 100_000, b" " * 2_000_000, b"\xff"):
        with pytest.raises(RingError):
            parse_ring(content)


@pytest.mark.parametrize(
    "secrets",
    [
        b"[]",
        b'{"e1": "short"}',
        b'{"E1": "%s"}' % (b"0" * 64),
        b'{"e1": "%s", "e2": "%s", "e3": "%s"}' % ((b"a" * 64,) * 3),
    ],
)
def test_edge_secrets_of_another_form_do_not_load(secrets: bytes) -> None:
    with pytest.raises(RingError):
        parse_edge_secrets(secrets)


def test_a_source_may_be_hashed_in_pieces() -> None:
    hasher = content_hasher(b"k" * 32)
    for piece in (b"pho", b"", b"to"):
        hasher.update(piece)
    assert hasher.hexdigest() == content_of(b"k" * 32, b"photo")


def test_tags_can_be_named_one_by_one_for_a_purge() -> None:
    named = {
        asset_tag(ASSET),
        design_tag(ASSET),
        preset_tag("acme", "card", 3),
        tenant_tag("acme"),
        engine_tag("v8"),
        "all",
    }
    assert set(tags_of(TARGET.path.replace(".auto", ".jpg"), "v8")) == named


def test_a_path_outside_has_no_lane() -> None:
    assert lane_of_path("/print/v1/x") is Lane.PRINT
    with pytest.raises(GrammarError, match=r"url\.unknown"):
        lane_of_path("/healthz")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(ASSET, True), ("a" * 51 + "b", False), (ASSET + "\n", False), ("", False)],
)
def test_a_hash_has_one_spelling(text: str, expected: object) -> None:
    assert is_hash(text) is expected
