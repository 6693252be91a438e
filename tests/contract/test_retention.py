"""Holds, and when a photo's retention class has ended."""

from __future__ import annotations

import pytest

from origin.adapters.records import Database
from origin.adapters.records.selection import MadeUnder
from origin.erasure import Clock, Hold, Kind, Scope
from origin.errors import Gone, NotFound
from tests.contract.erasing import (
    DAY_S,
    ERASED,
    KEPT,
    NOW_S,
    Clocked,
    erase,
    photo,
    preview,
    the_photo,
)
from tests.contract.samples import TENANT

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def records_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def shop(database: Database) -> Clocked:
    records = Clocked(database)
    await records.add_tenant(TENANT)
    return records


async def test_a_hold_keeps_a_photo_until_it_is_lifted_or_ends(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None))
    hold = Hold("h-1", "acme", asset, "legal", "case 12", NOW_S, NOW_S + DAY_S)
    await shop.set_hold(hold)
    kept = await erase(shop, the_photo(), asset)
    assert (kept[asset].outcome, kept[asset].why) == (KEPT, "hold")
    assert await shop.holds("acme") == [hold]
    shop.now_s += DAY_S
    assert await shop.holds("acme") == []
    done = await erase(shop, the_photo(), asset)
    assert done[asset].outcome is ERASED


async def test_lifting_ends_every_hold_and_the_class_hold(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None), retention="hold")
    await shop.set_hold(Hold("h-1", "acme", asset, "legal", "case 12", NOW_S, None))
    assert await shop.lift_holds("acme", asset, by="legal", reason="closed") == 2
    assert await shop.lift_holds("acme", asset, by="legal", reason="closed") == 0
    stored = await shop.asset("acme", asset)
    assert stored is not None
    assert stored.retention == "project"
    assert (await erase(shop, the_photo(), asset))[asset].outcome is ERASED
    with pytest.raises(Gone):
        await shop.set_hold(Hold("h-2", "acme", asset, "legal", "too late", NOW_S, None))
    with pytest.raises(NotFound):
        await shop.lift_holds("acme", "z" * 52, by="x", reason="y")


CLOCKS = {
    "transient": Clock(7 * DAY_S, is_idle=False),
    "project": Clock(90 * DAY_S, is_idle=True),
    "order": Clock(730 * DAY_S, is_idle=True),
}


@pytest.mark.parametrize(
    ("retention", "days", "used_after_days", "is_taken"),
    [
        ("transient", 6, 0, False),
        ("transient", 7, 6, True),
        ("project", 89, 0, False),
        ("project", 90, 0, True),
        ("project", 90, 1, False),
        ("project", 92, 1, True),
        ("order", 729, 0, False),
        ("order", 730, 0, True),
        ("hold", 10_000, 0, False),
    ],
)
async def test_a_sweep_takes_a_photo_when_its_class_has_ended(
    shop: Clocked, retention: str, days: int, used_after_days: int, *, is_taken: bool
) -> None:
    asset = await photo(shop, "b", ("anna", None), retention=retention)
    shop.now_s += used_after_days * DAY_S
    if used_after_days:
        path = await preview(shop, asset)
        key = (await shop.made_under(MadeUnder(asset=asset)))[0].key
        await shop.touch_derivatives({key: int(shop.now_s)})
        assert path
    shop.now_s = NOW_S + days * DAY_S
    due = await shop.assets_due("acme", CLOCKS)
    scope = Scope(Kind.SWEEP, "acme", clocks=CLOCKS)
    done = await erase(shop, scope, asset)
    assert (due, list(done)) == (([asset], [asset]) if is_taken else ([], []))


async def test_an_upload_starts_every_clock_anew(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None), retention="transient")
    shop.now_s += 7 * DAY_S
    assert await shop.assets_due("acme", CLOCKS) == [asset]
    await photo(shop, "b", ("anna", None), retention="transient")
    assert await shop.assets_due("acme", CLOCKS) == []


async def test_a_held_photo_is_named_by_a_sweep_and_stays(shop: Clocked) -> None:
    asset = await photo(shop, "b", ("anna", None), retention="transient")
    await shop.set_hold(Hold("h-1", "acme", asset, "legal", "case 12", NOW_S, None))
    shop.now_s += 7 * DAY_S
    done = await erase(shop, Scope(Kind.SWEEP, "acme", clocks=CLOCKS), asset)
    assert (done[asset].outcome, done[asset].why) == (KEPT, "hold")
