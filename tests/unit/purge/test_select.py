"""What each thing carries, whose generation it moves, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from purge.desk import Wish
from purge.errors import BadPurge
from purge.plan import COLLAPSE_FROM, covering, plan
from purge.select import RULES, canonical_paths, checked, label_of
from purge.values import Kind, Limits, Mode, Subject, Target, What
from tests.unit.purge.bench import Bench, SetClock, Shelf, Vendor, bench

pytestmark = pytest.mark.anyio
ASSET = "k" * 51 + "a"
OTHER = "m" * 51 + "q"
PATH = f"/v1/acme/{ASSET}/w_320.webp"
TAG = Kind.TAG
NAMES = [f"acme/{ASSET}", f"acme/{OTHER}"]
OWNER = Subject(What.OWNER, "acme", "anna@example.com")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


CASES = {
    "an asset": (Subject(What.ASSET, "acme", ASSET), [Target(TAG, f"a-{ASSET}")], NAMES[:1]),
    "an owner": (OWNER, [Target(TAG, f"a-{ASSET}"), Target(TAG, f"a-{OTHER}")], NAMES),
    "a project": (Subject(What.PROJECT, "acme", "book"), [Target(TAG, f"a-{ASSET}")], NAMES[:1]),
    "a design": (Subject(What.DESIGN, "acme", OTHER), [Target(TAG, f"d-{OTHER}")], NAMES[:1]),
    "a preset": (Subject(What.PRESET, "acme", "card~3"), [Target(TAG, "t-acme.card~3")], NAMES[:1]),
    "an engine": (Subject(What.ENGINE, name="v8-p1"), [Target(TAG, "e-v8-p1")], []),
    "a tag of an asset": (
        Subject(What.TAG, name=f"a-{ASSET}"),
        [Target(TAG, f"a-{ASSET}")],
        NAMES[:1],
    ),
    "a tag of a tenant": (Subject(What.TAG, name="n-acme"), [Target(TAG, "n-acme")], NAMES),
    "the tag of all": (Subject(What.TAG, name="all"), [Target(TAG, "all")], NAMES),
    "a tag of nothing here": (Subject(What.TAG, name="x"), [Target(TAG, "x")], []),
    "a URL": (Subject(What.URL, name=PATH), [Target(Kind.URL, PATH)], NAMES[:1]),
    "a prefix of an asset": (
        Subject(What.PREFIX, name=f"/v1/acme/{ASSET}/w_"),
        [Target(Kind.PREFIX, f"/v1/acme/{ASSET}/w_")],
        NAMES[:1],
    ),
    "a prefix of a tenant": (
        Subject(What.PREFIX, name="/v1/acme/"),
        [Target(Kind.PREFIX, "/v1/acme/")],
        NAMES,
    ),
    "a tenant": (Subject(What.TENANT, "acme"), [Target(TAG, "n-acme")], NAMES),
    "all": (Subject(What.ALL), [Target(Kind.ALL)], NAMES),
}


@pytest.fixture
async def on() -> AsyncIterator[Bench]:
    one = {
        subject: moved for subject, _, moved in CASES.values() if subject.what in RULES and moved
    }
    async with bench(wide, shelf=Shelf(one)) as on:
        yield on


def wide(clock: SetClock) -> Vendor:
    return Vendor("wide", clock, Limits(dict.fromkeys(Kind, 100), 1.0, 10))


@pytest.mark.parametrize("case", CASES)
async def test_a_thing_carries_its_targets_and_moves_its_generations(on: Bench, case: str) -> None:
    subject, targets, moved = CASES[case]
    order = await on.desk.order([subject], Wish(Mode.SOFT, "test"))
    assert list(order.targets) == targets
    assert sorted(on.shelf.generations) == sorted(moved)
    assert order.generations == dict.fromkeys(moved, 1)


def test_every_thing_has_a_rule_and_a_case() -> None:
    assert set(RULES) == set(What) == {subject.what for subject, _, _ in CASES.values()}


BAD = {
    "an asset without a tenant": (Subject(What.ASSET, "", ASSET), "purge.name"),
    "a tag with a tenant": (Subject(What.TAG, "acme", "x"), "purge.name"),
    "an asset of a wrong form": (Subject(What.ASSET, "acme", "k3q"), "purge.name"),
    "a preset without a version": (Subject(What.PRESET, "acme", "card"), "purge.name"),
    "an engine in capitals": (Subject(What.ENGINE, name="V8"), "purge.name"),
    "a tenant with a name": (Subject(What.TENANT, "acme", "x"), "purge.name"),
    "an owner with a line feed": (Subject(What.OWNER, "acme", "a\nb"), "purge.name"),
    "an empty tag": (Subject(What.TAG, name=""), "purge.tag"),
    "a tag in capitals": (Subject(What.TAG, name="A-x"), "purge.tag"),
    "a tag with a space": (Subject(What.TAG, name="a b"), "purge.tag"),
    "a tag of 65 characters": (Subject(What.TAG, name="a" * 65), "purge.tag"),
    "a path outside": (Subject(What.URL, name="/etc/passwd"), "purge.path"),
    "a path with an unknown op": (
        Subject(What.URL, name=f"/v1/acme/{ASSET}/zz_1.jpg"),
        "purge.path",
    ),
    "a path that is not ASCII": (Subject(What.URL, name="/v1/é"), "purge.path"),
    "a prefix that cuts a tenant's name": (Subject(What.PREFIX, name="/v1/ac"), "purge.prefix"),
    "a prefix that cuts an asset": (Subject(What.PREFIX, name="/v1/acme/k3"), "purge.prefix"),
    "a prefix outside": (Subject(What.PREFIX, name="/"), "purge.prefix"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_form_is_refused(case: str) -> None:
    subject, code = BAD[case]
    with pytest.raises(BadPurge) as refused:
        checked(subject)
    assert refused.value.code == code


async def test_an_unknown_asset_is_refused_and_nothing_is_moved(on: Bench) -> None:
    subjects = [Subject(What.ASSET, "acme", ASSET), Subject(What.ASSET, "acme", OTHER)]
    with pytest.raises(BadPurge) as refused:
        await on.desk.order(subjects, Wish(Mode.SOFT, "test"))
    assert refused.value.code == "purge.unknown"
    assert not on.shelf.generations
    assert await on.audit.verify() == 0


WISHES = {
    "nobody asks": (Wish(Mode.SOFT, ""), "purge.reason"),
    "an e-mail address": (Wish(Mode.SOFT, "ops", "for anna@example.com"), "purge.reason"),
    "a long reason": (Wish(Mode.SOFT, "ops", "x" * 201), "purge.reason"),
    "an unknown provider": (Wish(Mode.SOFT, "ops", providers=("nope",)), "purge.provider"),
}


@pytest.mark.parametrize("case", WISHES)
async def test_a_wish_that_cannot_be_kept_is_refused(on: Bench, case: str) -> None:
    wish, code = WISHES[case]
    with pytest.raises(BadPurge) as refused:
        await on.desk.order([Subject(What.ALL)], wish)
    assert refused.value.code == code


async def test_an_empty_selection_is_refused(on: Bench) -> None:
    with pytest.raises(BadPurge) as refused:
        await on.desk.order([], Wish(Mode.SOFT, "ops"))
    assert refused.value.code == "purge.empty"


async def test_no_customers_name_reaches_order_audit_or_queue(on: Bench) -> None:
    order = await on.desk.order([OWNER], Wish(Mode.HARD, "ops", "T-7"))
    said = [str(entry) async for entry in on.audit.entries()]
    status = await on.queue.status(order.order)
    assert "anna" not in f"{order}{said}{status}"
    assert order.label == label_of([OWNER])
    assert label_of([OWNER]) != label_of([Subject(What.OWNER, "acme", "ben")])


async def test_a_dry_run_changes_nothing_and_counts_calls(on: Bench) -> None:
    dry = await on.desk.dry_run([OWNER], Wish(Mode.HARD, "ops"))
    (planned,) = dry.plans
    assert (planned.calls, len(planned.batches)) == (2, 1)
    assert planned.estimated_s == on.queue.terms.second_s
    assert not on.shelf.generations
    assert await on.queue.orders() == []


@pytest.mark.parametrize(("allow_collapse", "count"), [(True, 1), (False, COLLAPSE_FROM)])
async def test_many_tags_become_the_tenants_only_when_that_is_allowed(
    *, allow_collapse: bool, count: int
) -> None:
    names = [f"acme/{number:x<51}a" for number in range(COLLAPSE_FROM)]
    async with bench(wide, shelf=Shelf({OWNER: names})) as on:
        wish = Wish(Mode.SOFT, "ops", allow_collapse=allow_collapse)
        order = await on.desk.order([OWNER], wish)
    assert len(order.targets) == count
    assert (order.targets[0] == Target(TAG, "n-acme")) is allow_collapse


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        (Target(Kind.URL, PATH), f"a-{ASSET}"),
        (Target(Kind.PREFIX, f"/v1/acme/{ASSET}/"), f"a-{ASSET}"),
        (Target(Kind.PREFIX, "/v1/acme/"), "n-acme"),
        (Target(Kind.PREFIX, "/v1/"), "all"),
        (Target(Kind.ALL), "all"),
        (Target(TAG, "x"), "x"),
    ],
)
def test_a_provider_without_a_kind_is_told_the_narrowest_tag(target: Target, tag: str) -> None:
    assert covering(target, Limits({TAG: 1}, 1.0, 1)) == Target(TAG, tag)
    assert covering(target, Limits(dict.fromkeys(Kind, 1), 1.0, 1)) == target


def test_a_plan_is_as_long_as_its_rate_makes_it() -> None:
    vendor = Vendor("slow", SetClock(), Limits({TAG: 10}, 0.5, 4))
    made = plan([Target(TAG, f"x{n}") for n in range(100)], Mode.SOFT, vendor, 17.0)
    assert (made.calls, len(made.batches)) == (20, 10)
    assert made.estimated_s == (20 - 4) / 0.5


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        (PATH, ["w_320.webp"]),
        (f"https://img.shop.example{PATH}?exp=1&sig=2", ["w_320.webp"]),
        (f"/v1/acme/{ASSET}/w_300.auto", ["w_320.avif", "w_320.webp", "w_320.jpg"]),
        (f"/v1/acme/{ASSET}/info.json", ["info.json"]),
    ],
)
def test_a_url_is_read_as_the_paths_it_is_cached_under(url: str, leaves: list[str]) -> None:
    assert canonical_paths(url) == [f"/v1/acme/{ASSET}/{leaf}" for leaf in leaves]


def test_the_label_of_a_url_is_its_canonical_path_without_signature_and_query() -> None:
    path = f"/v1/acme/{'k3q7' * 12}k3qa/w_320.jpg"
    typed = f"https://img.shop.example{path}?exp=1&kid=k1&sig=secret&mail=erika"
    assert label_of([Subject(What.URL, name=typed)]) == f"url {path}"
