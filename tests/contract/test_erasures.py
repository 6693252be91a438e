"""ErasureRecords: what an erase takes, as a table of who has what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from origin.adapters.records import Database
from origin.adapters.records.selection import MadeUnder
from origin.erasure import Announcement, Erasure, Kind, Outcome, Scope
from tests.contract.erasing import (
    ERASED,
    KEPT,
    NOW_S,
    RELEASED,
    Clocked,
    Told,
    design,
    erase,
    owner,
    photo,
    preview,
    the_photo,
)
from tests.contract.samples import TENANT, derivative_name

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def records_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def shop(database: Database) -> Clocked:
    records = Clocked(database)
    await records.add_tenant(TENANT)
    return records


@dataclass(frozen=True)
class Row:
    """who has the photo; whose designs it has; what is asked; what becomes of it; who is left."""

    says: str
    has: tuple[tuple[str, str | None], ...]
    scope: Scope
    outcome: Outcome | None
    left: tuple[str, ...]
    designs: Mapping[str, tuple[str, ...]]  # id letter to owners
    designs_left: str
    retention: str = "project"


def project(name: str) -> Scope:
    return Scope(Kind.PROJECT, "acme", name)


MINE, BOTH = (("anna", None),), (("anna", "p1"), ("ben", "p1"))
TABLE = (
    Row("the only owner takes all", MINE, owner("anna"), ERASED, (), {"k": ("anna",)}, ""),
    Row("one of two takes hers", BOTH, owner("anna"), RELEASED, ("ben",), {"k": ("anna",)}, ""),
    Row("another's design stays", BOTH, owner("anna"), RELEASED, ("ben",), {"k": ("ben",)}, "k"),
    Row(
        "a design of both stays with the other",
        BOTH,
        owner("anna"),
        RELEASED,
        ("ben",),
        {"k": ("anna", "ben"), "m": ("anna",)},
        "k",
    ),
    Row(
        "a design of another's photo goes, the photo stays",
        (("ben", None),),
        owner("anna"),
        RELEASED,
        ("ben",),
        {"k": ("anna",), "m": ("ben",)},
        "m",
    ),
    Row(
        "a design of nobody goes with the photo", MINE, owner("anna"), ERASED, (), {"k": ("",)}, ""
    ),
    Row("a stranger takes nothing", MINE, owner("eve"), None, ("anna",), {"k": ("anna",)}, "k"),
    Row(
        "a catalogue's owner takes all",
        (("catalogue", None),),
        owner("catalogue"),
        ERASED,
        (),
        {},
        "",
    ),
    Row(
        "the only project takes all",
        (("anna", "p1"),),
        project("p1"),
        ERASED,
        (),
        {"k": ("anna",)},
        "",
    ),
    Row("a project of all owners takes all", BOTH, project("p1"), ERASED, (), {}, ""),
    Row(
        "a photo of two projects stays for the other",
        (("anna", "p1"), ("anna", "p2")),
        project("p1"),
        RELEASED,
        ("anna",),
        {"k": ("anna",)},
        "k",
    ),
    Row(
        "a photo taken in without a project too stays",
        (("anna", "p1"), ("anna", None)),
        project("p1"),
        RELEASED,
        ("anna",),
        {"k": ("anna",)},
        "k",
    ),
    Row(
        "the owner who has it for nothing else goes with her designs",
        (("anna", "p1"), ("ben", "p2")),
        project("p1"),
        RELEASED,
        ("ben",),
        {"k": ("anna",), "m": ("ben",)},
        "m",
    ),
    Row("another project takes nothing", MINE, project("p1"), None, ("anna",), {}, ""),
    Row("a photo goes with all its owners", BOTH, the_photo(), ERASED, (), {"k": ("ben",)}, ""),
    Row("an order keeps it", MINE, owner("anna"), KEPT, ("anna",), {"k": ("anna",)}, "k", "order"),
    Row("an order keeps the photo", MINE, the_photo(), KEPT, ("anna",), {}, "", "order"),
    Row(
        "orders too, if asked", MINE, owner("anna", takes_orders=True), ERASED, (), {}, "", "order"
    ),
    Row("a hold keeps it", MINE, owner("anna", takes_orders=True), KEPT, ("anna",), {}, "", "hold"),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.says)
async def test_an_erase_takes_what_the_table_says(shop: Clocked, row: Row) -> None:
    asset = await photo(shop, "b", *row.has, retention=row.retention)
    for name, whose in row.designs.items():
        for one in whose:
            await design(shop, name, asset, one)
    told = Told()
    foretold = await shop.try_page(row.scope, [asset])
    assert await shop.owners_of("acme", asset) == sorted({who for who, _ in row.has})
    done = await erase(shop, row.scope, asset, told=told)
    outcomes = [found.outcome for found in done.values()]
    assert outcomes == ([] if row.outcome is None else [row.outcome])
    assert [(f.outcome, f.counts, f.designs) for f in foretold] == [
        (f.outcome, f.counts, f.designs) for f in done.values()
    ]
    assert await shop.owners_of("acme", asset) == list(row.left)
    stored = [name for name in row.designs if await shop.design("acme", name * 52) is not None]
    assert "".join(stored) == row.designs_left
    assert await shop.is_erased("acme", asset) is (row.outcome is ERASED)
    gone = set(row.designs) - set(row.designs_left)
    is_told = row.outcome is ERASED or (row.outcome is RELEASED and bool(gone))
    assert len(told.all) == int(is_told)
    if row.outcome is RELEASED and gone:
        assert told.all[0].designs == tuple(sorted(name * 52 for name in gone))
        assert told.all[0].generations == {}


async def test_no_trace_of_an_erased_owner_is_in_a_design_that_stays(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None), ("ben", None))
    name = await design(shop, "k", asset, "anna")
    await design(shop, "k", asset, "ben")
    await erase(shop, owner("anna"), asset)
    kept = await shop.design("acme", name)
    assert kept is not None
    assert kept.owner == "ben"


async def test_an_owners_photos_are_those_that_a_design_of_hers_shows_too(shop: Clocked) -> None:
    a = await photo(shop, "b", ("anna", None))
    b = await photo(shop, "c", ("ben", None))
    await photo(shop, "d", ("ben", None))
    await design(shop, "k", b, "anna")
    assert await shop.assets_of_owner("acme", "anna") == [a, b]
    assert await shop.assets_of_owner("acme", "anna", after=a) == [b]
    assert await shop.assets_of_owner("other", "anna") == []


async def test_the_purge_and_the_tombstone_are_one_transaction(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None))

    async def full(connection: Any, announcement: Announcement) -> str:
        del connection, announcement
        raise RuntimeError("the queue's disk is full")

    one = Erasure("e-1", "acme", Kind.ASSET, asset, "ops", "", NOW_S)
    one = await shop.begin_erasure(one)
    with pytest.raises(RuntimeError):
        await shop.erase_page(one, the_photo(), [asset], full)
    assert not await shop.is_erased("acme", asset)
    assert await shop.erased_photos("e-1") == []


async def test_an_erase_that_goes_on_announces_nothing_twice(shop: Clocked) -> None:
    a = await photo(shop, "b", ("anna", None))
    b = await photo(shop, "c", ("anna", None))
    told = Told()
    await erase(shop, owner("anna"), a, told=told)
    again = await erase(shop, owner("anna"), a, b, told=told)
    assert {name: found.purge for name, found in again.items()} == {a: "order-1", b: "order-2"}
    assert [set(one.generations) for one in told.all] == [{a}, {b}]
    assert len(await shop.erased_photos("e-1")) == 2


async def test_one_unfinished_erase_of_a_subject_goes_on_until_its_receipt(shop: Clocked) -> None:
    first = Erasure("e-1", "acme", Kind.OWNER, "x", "ops", "", NOW_S)
    assert await shop.begin_erasure(first) == first
    assert await shop.begin_erasure(replace(first, erasure="e-2")) == first
    assert await shop.finish_erasure("e-1", "{}")
    assert not await shop.finish_erasure("e-1", "another run's"), "the first receipt stands"
    second = replace(first, erasure="e-2")
    assert await shop.begin_erasure(second) == second
    found = await shop.erasures("acme", Kind.OWNER, "x")
    assert [one.receipt for one in found] == ["{}", None]


async def test_erasing_again_what_is_erased_purges_it_again(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None))
    told = Told()
    first = await erase(shop, the_photo(), asset, told=told)
    second = await erase(shop, the_photo(), asset, told=told, erasure="e-1")
    assert second == first
    await shop.finish_erasure("e-1", "{}")
    third = await erase(shop, the_photo(), asset, told=told, erasure="e-2")
    assert third[asset].outcome is ERASED
    assert third[asset].generation == first[asset].generation
    assert len(told.all) == 2


async def test_what_was_made_of_a_photo_is_sampled_before_it_is_forgotten(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None))
    paths = {await preview(shop, asset, f"w_{width}.jpg") for width in (160, 320, 640)}
    done = await erase(shop, the_photo(), asset)
    assert set(done[asset].paths) == paths
    assert done[asset].counts["derivatives"] == 3
    assert await shop.made_under(MadeUnder(tenant="acme", asset=asset)) == []


async def test_only_a_lost_designs_urls_are_sampled_where_the_photo_stays(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None), ("ben", None))
    name = await design(shop, "k", asset, "anna")
    await preview(shop, asset)
    shown = await preview(shop, asset, f"d_{name},w_64.jpg")
    done = await erase(shop, owner("anna"), asset)
    assert done[asset].paths == (shown,)
    assert done[asset].generation == 1, "a render of the design that is on its way is not kept"


async def test_an_erase_and_uploads_of_one_photo_leave_all_or_nothing(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None))

    async def again(number: int) -> None:
        await photo(shop, "b", (f"c-{number}", None))

    uploads = [again(number) for number in range(6)]
    erasing = erase(shop, owner("anna"), asset)
    await asyncio.gather(*uploads[:3], erasing, *uploads[3:], return_exceptions=True)
    owners = await shop.owners_of("acme", asset)
    assert "anna" not in owners
    assert await shop.is_erased("acme", asset) is (not owners)


async def test_photos_made_by_a_preset_or_an_engine_are_found_in_pages(shop: Clocked) -> None:
    names = [await photo(shop, letter, ("anna", None)) for letter in "bcd"]
    for asset in names:
        await preview(shop, asset, "t_card~3,w_640.jpg")
        await preview(shop, asset, "t_card~31,w_640.jpg")
        await preview(shop, asset, "tXcard~3,w_640.jpg")
    under = MadeUnder(tenant="acme", op="t_card~3")
    assert await shop.assets_made_under(under) == [("acme", asset) for asset in names]
    assert await shop.assets_made_under(under, after=("acme", names[0]), limit=1) == [
        ("acme", names[1])
    ]
    assert await shop.assets_made_under(MadeUnder(op="t_card~4")) == []
    engine = derivative_name().engine
    assert len(await shop.made_under(MadeUnder(engine=engine))) == 9
    page = await shop.made_under(MadeUnder(engine=engine), limit=4)
    rest = await shop.made_under(MadeUnder(engine=engine), after=page[-1].key)
    assert len({made.path for made in (*page, *rest)}) == 9
