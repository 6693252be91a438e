"""PrintRecords: the register, the queue, and what erases and holds do to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from origin.adapters.records import Database
from origin.erasure import Hold
from origin.errors import BadDocument, Gone, NotFound
from origin.ports import DesignRecord
from origin.prints import (
    Ending,
    PrintFile,
    PrintLane,
    PrintRecord,
    PrintRequest,
    PrintState,
    PrintStep,
)
from tests.contract.erasing import NOW_S, Clocked, erase, owner
from tests.contract.samples import TENANT, a_print, named

pytestmark = pytest.mark.anyio
ONE, TWO = "b" * 51 + "a", "m" * 51 + "a"
FILE = PrintFile("image/jpeg", "5" * 64, 1_000, 1_819, 1_228)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def records_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def shop(database: Database) -> Clocked:
    """Two photos: one of anna's and ben's, one of anna's."""
    records = Clocked(database)
    await records.add_tenant(TENANT)
    for asset, owners in ((ONE, ("anna", "ben")), (TWO, ("anna",))):
        for who in owners:
            record = named(asset[0], asset=asset)
            await records.add_asset(record, owner=who, project=None, capture={})
    return records


async def added(
    shop: Clocked,
    record: PrintRecord,
    *,
    whose: str | None = None,
    request: PrintRequest | None = None,
) -> PrintRecord:
    return (await shop.add_print(record, owner=whose, request=request))[0]


async def state_of(shop: Clocked, letter: str = "p") -> PrintState:
    record = await shop.print_record("acme", letter * 51 + "a")
    assert record is not None
    return record.state


async def test_a_print_is_recorded_with_every_photo_it_shows(shop: Clocked) -> None:
    record, is_new = await shop.add_print(a_print(assets=(ONE, TWO)), owner="anna", request=None)
    assert (is_new, record.assets, record.state) == (True, (ONE, TWO), PrintState.QUEUED)
    assert [one.print_id for one in await shop.prints_of("acme", TWO)] == [record.print_id]
    assert await shop.print_record("acme", "z" * 51 + "a") is None
    assert not (await shop.add_print(a_print(), owner="ben", request=None))[1]


async def test_a_photo_that_is_not_there_cannot_be_printed(shop: Clocked) -> None:
    with pytest.raises(NotFound):
        await added(shop, a_print(assets=("x" * 51 + "a",)))
    await shop.mark_erased("acme", ONE)
    with pytest.raises(Gone):
        await added(shop, a_print())


async def test_a_key_orders_one_print_and_no_other(shop: Clocked) -> None:
    request = PrintRequest("1" * 64, "2" * 64)
    first = await added(shop, a_print("p"), request=request)
    again = await added(shop, a_print("q"), request=request)
    assert again.print_id == first.print_id
    assert await shop.print_of_request("acme", request) == first
    assert await shop.print_of_request("acme", replace(request, key_sha256="3" * 64)) is None
    other = replace(request, body_sha256="4" * 64)
    for asking in (shop.print_of_request("acme", other), added(shop, a_print(), request=other)):
        with pytest.raises(BadDocument) as caught:
            await asking
        assert caught.value.code == "print.idempotency"


async def test_each_lane_gives_its_oldest_print_and_each_only_once(shop: Clocked) -> None:
    for letter, age in (("q", 200), ("p", 100)):
        await added(shop, a_print(letter, created_at_s=age))
    await added(shop, a_print("c", lane=PrintLane.CAREFUL, created_at_s=50))
    order = [await shop.claim_print(PrintLane.FAST, lease_s=30) for _ in range(3)]
    assert [one and one.print_id[0] for one in order] == ["p", "q", None]
    careful = await shop.claim_print(PrintLane.CAREFUL, lease_s=30)
    assert careful is not None
    assert careful.state is PrintState.RUNNING


async def test_one_print_can_be_claimed_by_its_name_in_whatever_lane(shop: Clocked) -> None:
    record = await added(shop, a_print(lane=PrintLane.CAREFUL))
    which = ("acme", record.print_id)
    assert await shop.claim_print(PrintLane.FAST, lease_s=30, only=which) is not None
    assert await shop.claim_print(PrintLane.FAST, lease_s=30, only=which) is None


async def test_a_settled_print_keeps_its_file_and_is_found_by_its_bytes(shop: Clocked) -> None:
    await added(shop, a_print())
    claimed = await shop.claim_print(PrintLane.FAST, lease_s=30)
    assert claimed is not None
    assert await shop.keep_lease(claimed, PrintStep.RENDER, lease_s=30)
    ending = Ending(PrintState.DONE, PrintStep.READY, file=FILE)
    assert await shop.settle_print(claimed, ending)
    assert not await shop.settle_print(claimed, ending), "a lease ends once"
    found = await shop.print_with("acme", FILE.sha256)
    assert found is not None
    assert (found.state, found.file, found.lease) == (PrintState.DONE, FILE, "")
    assert [one.print_id for one in await shop.newest_prints("acme", limit=5)] == [found.print_id]


async def test_only_a_paused_or_refused_print_is_resumed(shop: Clocked) -> None:
    record = await added(shop, a_print())
    assert await shop.resume_print("acme", record.print_id) is None
    claimed = await shop.claim_print(PrintLane.FAST, lease_s=30)
    assert claimed is not None
    await shop.settle_print(claimed, Ending(PrintState.PAUSED, code="store.full"))
    resumed = await shop.resume_print("acme", record.print_id)
    assert resumed is not None
    assert (resumed.state, resumed.code, resumed.attempts) == (PrintState.QUEUED, "", 0)


async def test_an_erased_photo_leaves_a_print_without_a_word(shop: Clocked) -> None:
    request = PrintRequest("1" * 64, "2" * 64)
    record = await added(shop, a_print(), request=request)
    await shop.mark_erased("acme", ONE)
    left = await shop.print_record("acme", record.print_id)
    assert left is not None
    assert (left.state, left.recipe, left.words) == (PrintState.ERASED, b"", "")
    assert await shop.print_of_request("acme", request) is None
    assert await shop.lasting_prints("acme") == []
    assert await shop.claim_print(PrintLane.FAST, lease_s=30) is None
    assert await shop.resume_print("acme", record.print_id) is None


async def test_a_hold_on_one_photo_keeps_a_print_that_shows_another_too(shop: Clocked) -> None:
    await added(shop, a_print("p", assets=(ONE, TWO)))
    await added(shop, a_print("q"))
    await shop.set_hold(Hold("h1", "acme", TWO, "clerk", "case 12", NOW_S, None))
    await shop.mark_erased("acme", ONE)
    assert await state_of(shop, "p") is PrintState.QUEUED
    assert await state_of(shop, "q") is PrintState.ERASED


async def test_an_owners_print_goes_with_her_and_a_shared_one_with_the_last(shop: Clocked) -> None:
    await added(shop, a_print("h"), whose="anna")
    await added(shop, a_print("s"), whose="anna")
    await added(shop, a_print("s"), whose="ben")
    await added(shop, a_print("b"))  # of all who have the photo
    became = await erase(shop, owner("anna"), ONE)
    assert became[ONE].counts["prints"] == 1
    states = {letter: await state_of(shop, letter) for letter in "hsb"}
    assert states == {
        "h": PrintState.ERASED,
        "s": PrintState.QUEUED,
        "b": PrintState.QUEUED,
    }
    again, is_new = await shop.add_print(a_print("h"), owner="ben", request=None)
    assert is_new
    assert (again.state, again.recipe) == (PrintState.QUEUED, b"a caption")


async def test_prints_of_a_design_go_with_its_words(shop: Clocked) -> None:
    design = "d" * 51 + "a"
    await shop.add_design(DesignRecord("acme", design, ONE, b"{}", "anna", 1))
    await added(shop, a_print(design=design), whose="ben")
    await erase(shop, owner("anna"), ONE)
    assert await state_of(shop) is PrintState.ERASED


async def test_an_owner_is_found_by_a_print_of_anothers_photo(shop: Clocked) -> None:
    await added(shop, a_print(), whose="carl")
    assert await shop.assets_of_owner("acme", "carl") == [ONE]
