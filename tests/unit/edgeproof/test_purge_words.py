"""What names stand for, what is wide, and the words of states."""

from __future__ import annotations

import pytest

from edgeproof.purge_run import is_left_alone
from edgeproof.purge_words import (
    is_everything,
    is_of_a_whole_shop,
    is_takedown,
    state_of,
    subjects_of,
    zones_of,
)
from purge.errors import BadPurge
from purge.providers.opening import Listed
from purge.values import Kind, Limits, Mode, Order, OrderStatus, Progress, State, Subject, What

ASSET = "a" * 52


def test_names_are_taken_once_and_in_order() -> None:
    found = subjects_of(What.TAG, "", ["n-acme", "all", "n-acme"])
    assert found == [Subject(What.TAG, "", "n-acme"), Subject(What.TAG, "", "all")]


def test_a_shop_is_its_own_tenant() -> None:
    assert subjects_of(What.TENANT, "", ["acme"]) == [Subject(What.TENANT, "acme", "")]


@pytest.mark.parametrize(
    ("what", "tenant", "name", "code"),
    [
        (What.TAG, "", "n-acme ", "purge.tag"),
        (What.TAG, "", "UPPER", "purge.tag"),
        (What.ASSET, "acme", "short", "purge.name"),
        (What.PRESET, "acme", "card", "purge.name"),
        (What.URL, "", "https://img.shop.example/other", "purge.path"),
        (What.PREFIX, "", "/v2/", "purge.prefix"),
        (What.ENGINE, "", "V 1", "purge.name"),
    ],
)
def test_a_name_of_another_form_is_told_with_its_number(
    what: What, tenant: str, name: str, code: str
) -> None:
    good = {What.TAG: "all", What.ASSET: ASSET, What.PRESET: "card~1", What.ENGINE: "v1"}
    names = [good[what], name] if what in good else [name]
    with pytest.raises(BadPurge) as caught:
        subjects_of(what, tenant, names)
    assert caught.value.code == code
    assert f"{what} number {len(names)}, {name!r}" in caught.value.public


def test_no_name_at_all_is_an_empty_selection() -> None:
    with pytest.raises(BadPurge) as caught:
        subjects_of(What.TAG, "", [])
    assert caught.value.code == "purge.empty"


@pytest.mark.parametrize(
    ("what", "name", "everything", "shop"),
    [
        (What.ALL, "", True, False),
        (What.TAG, "all", True, False),
        (What.PREFIX, "/v1/", True, True),
        (What.PREFIX, "/v1/acme/", False, True),
        (What.PREFIX, f"/v1/acme/{ASSET}/", False, False),
        (What.TAG, "n-acme", False, True),
        (What.TAG, f"a-{ASSET}", False, False),
    ],
)
def test_wide_purges_are_known_however_they_are_named(
    what: What, name: str, *, everything: bool, shop: bool
) -> None:
    subject = Subject(what, "", name)
    assert (is_everything(subject), is_of_a_whole_shop(subject)) == (everything, shop)


def test_only_hard_purges_of_narrow_things_go_before_all_others() -> None:
    assert is_takedown(What.ASSET, Mode.HARD)
    assert not is_takedown(What.ASSET, Mode.SOFT)
    assert not is_takedown(What.TENANT, Mode.HARD)
    assert not is_takedown(What.ALL, Mode.HARD)


def order_status(*states: State, open_count: int = 0, accepted: bool = True) -> OrderStatus:
    at_s = 1.0 if accepted else None
    progress = [Progress(f"p{n}", {state: 1}, at_s, None) for n, state in enumerate(states)]
    names = tuple(part.provider for part in progress)
    order = Order(
        "p1", What.TAG, "", "tag x", (), Mode.SOFT, is_takedown=False, by="me", reason="",
        created_at_s=0.0, providers=names,
    )  # fmt: skip
    return OrderStatus(order, 1, open_count, progress)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (order_status(State.QUEUED, open_count=1, accepted=False), "open"),
        (order_status(State.ACCEPTED, open_count=1), "accepted"),
        (order_status(State.ACCEPTED), "settled"),
        (order_status(State.ACCEPTED, State.DEAD), "partly"),
        (order_status(State.DEAD), "dead"),
        (order_status(), "settled"),
    ],
)
def test_each_state_has_one_word(status: OrderStatus, word: str) -> None:
    assert state_of(status) == word


@pytest.mark.parametrize(
    ("status", "now_s", "expected"),
    [
        (order_status(State.QUEUED, open_count=1, accepted=False), 60.0, True),
        (order_status(State.QUEUED, open_count=1, accepted=False), 5.0, False),
        (order_status(State.SENT, open_count=1, accepted=False), 60.0, False),
        (order_status(State.FAILED, State.QUEUED, open_count=2, accepted=False), 60.0, False),
        (order_status(State.ACCEPTED, open_count=1), 60.0, False),
        (order_status(), 60.0, False),
    ],
)
def test_an_order_that_nobody_begins_to_send_is_known(
    status: OrderStatus,
    now_s: float,
    expected: bool,  # noqa: FBT001
) -> None:
    assert is_left_alone(status, now_s) is expected


def test_everything_is_confirmed_by_the_zones_of_the_providers_that_are_meant() -> None:
    limits = Limits({Kind.TAG: 1}, 1.0, 1)
    listed = [
        Listed(name, "cloudflare", name, 1, f"{name}.example", (), limits, "set")
        for name in ("one", "two")
    ]
    assert zones_of(listed, ()) == ["one.example", "two.example"]
    assert zones_of(listed, ("two",)) == ["two.example"]
