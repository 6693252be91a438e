"""Laws of keys: one spelling each, never two meanings, and nothing but a Refusal for the rest."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cache_keys import (
    Asked,
    GrammarError,
    Refusal,
    Transform,
    ask,
    derivative_key,
    lane_of_path,
    policy,
    read_target,
    tags_of,
)
from cache_keys.accept import choose_format
from cache_keys.canonical import leaf_text, snap_box
from tests.property.cache_keys.strategies import (
    ASSET,
    almost_leaves,
    hashes,
    leaves,
    tenants,
    transforms,
)
from tests.unit.cache_keys import second_reading as second

accepts = st.lists(st.binary(max_size=80) | st.just(b"image/avif,image/webp;q=0.5"), max_size=3)


def asked_for(leaf: str, accept: list[bytes] | None = None) -> Asked:
    return ask(read_target(f"/v1/acme/{ASSET}/{leaf}".encode()), accept or [])


@given(transforms())
def test_what_is_written_is_read_again(transform: Transform) -> None:
    assert asked_for(leaf_text(transform)).transform == transform


@given(transforms(), transforms())
def test_different_meanings_have_different_keys(one: Transform, other: Transform) -> None:
    assert (one == other) == (leaf_text(one) == leaf_text(other))


@given(transforms(), transforms())
def test_one_field_of_another_picture_makes_another_key(one: Transform, other: Transform) -> None:
    for name in Transform.__slots__:
        taken: dict[str, Any] = {name: getattr(other, name)}
        mixed = replace(one, **taken)
        assert (mixed == one) == (leaf_text(mixed) == leaf_text(one))


@given(leaves(), accepts)
def test_canonical_of_canonical_is_canonical(leaf: str, accept: list[bytes]) -> None:
    assume(answer(leaf).startswith(policy.ROOT))
    once = asked_for(leaf, accept)
    target = read_target(once.canonical_path.encode())
    again = ask(target, [])
    assert again == replace(once, negotiated=again.negotiated)
    assert not again.negotiated
    assert ask(target, [], is_edge=True) == again


@given(leaves(), st.randoms(use_true_random=False))
def test_order_does_not_count(leaf: str, dice: random.Random) -> None:
    stem, _, ext = leaf.rpartition(".")
    ops = stem.split(",")
    dice.shuffle(ops)
    assert answer(leaf) == answer(f"{','.join(ops)}.{ext}")


def answer(leaf: str) -> str:
    try:
        return asked_for(leaf).canonical_path
    except GrammarError as refused:
        return refused.code


@given(almost_leaves, accepts, st.sampled_from(["client", "edge"]))
def test_any_text_is_read_as_the_second_reading_says(
    leaf: str, accept: list[bytes], sender: str
) -> None:
    is_edge = sender == "edge"
    target = f"/v1/acme/{ASSET}/{leaf}".encode("utf-8", "surrogatepass")
    try:
        found = ask(read_target(target), accept, is_edge=is_edge).canonical_path
    except Refusal as refused:
        found = f"!{refused.status} {refused.code}"
    assert found == second.canon(target, accept, is_edge=is_edge)


@given(st.binary(max_size=120) | st.binary(max_size=60).map(lambda end: b"/v1/" + end))
def test_any_bytes_are_read_or_refused(target: bytes) -> None:
    try:
        found = ask(read_target(target), []).canonical_path
    except Refusal as refused:
        found = f"!{refused.status} {refused.code}"
    assert found == second.canon(target, [])


@given(st.lists(st.text("imagevfwbpq/*=;, \t.01xQ+", max_size=60), max_size=3))
def test_any_accept_header_chooses_as_the_second_reading_says(lines: list[str]) -> None:
    accept = [line.encode() for line in lines]
    assert choose_format(accept, 640, None) == second.format_of(accept, {"w": "640"})


accept_elements = st.builds(
    lambda kind, q: f"{kind}{q}",
    st.sampled_from(["image/avif", "image/webp", "IMAGE/AVIF", "image/*", "*/*", "image/ webp"]),
    st.sampled_from(["", ";q=0", ";q=1", ";q=0.000", ";q=.5", "; q = 0.5", ";a=b;q=0", ";q=1.5"]),
)


@given(st.lists(accept_elements, max_size=6), st.integers(1, 2560))
def test_almost_right_accept_headers_choose_as_the_second_reading_says(
    elements: list[str], side: int
) -> None:
    accept = [",".join(elements).encode()]
    assert choose_format(accept, side, None) == second.format_of(accept, {"w": str(side)})


sides = st.integers(1, policy.TOP)


@given(sides, sides, st.integers(1, 3))
def test_a_box_stays_under_the_top_and_keeps_its_aspect(w_px: int, h_px: int, dpr: int) -> None:
    width_px, height_px = w_px * dpr, h_px * dpr
    if second.half_up(Fraction(64 * height_px, width_px)) > policy.TOP:
        with pytest.raises(GrammarError, match=r"key\.aspect"):
            snap_box(width_px, height_px)
        return
    w, h = snap_box(width_px, height_px)
    assert w in policy.LADDER
    assert 1 <= h <= policy.TOP
    assert 2 * abs(h * width_px - height_px * w) <= width_px
    assert snap_box(w, h) == (w, h)


@given(tenants, hashes, transforms(), st.from_regex(policy.ENGINE, fullmatch=True))
def test_tags_lane_and_key_follow_from_any_canonical_path(
    tenant: str, asset: str, transform: Transform, engine: str
) -> None:
    leaf = leaf_text(transform)
    asked = ask(read_target(f"/v1/{tenant}/{asset}/{leaf}".encode()), [])
    tags = tags_of(asked.canonical_path, engine)
    assert len(set(tags)) == len(tags) <= policy.TAGS_MAX
    assert all(second.only(tag, second.LOWER + second.DIGITS + ":._~-", 1, 64) for tag in tags)
    assert asked.lane is lane_of_path(asked.canonical_path)
    assert second.is_hash(derivative_key(tenant, asset, leaf, engine))
