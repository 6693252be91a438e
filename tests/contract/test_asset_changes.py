"""AssetChanges and Epoch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from origin.errors import NotFound, StoreUnavailable
from origin.ports import DesignRecord, TokenRecord
from origin.values import NO_PHOTO
from tests.contract.conftest import Records
from tests.contract.samples import ASSET, TENANT, with_photo

pytestmark = pytest.mark.anyio
UNKNOWN = "z" * 51 + "a"


async def test_the_first_focus_point_wins(records: Records) -> None:
    await with_photo(records)
    assert await records.set_focus("acme", ASSET, "smart", (10, 20)) == (10, 20)
    assert await records.set_focus("acme", ASSET, "smart", (30, 40)) == (10, 20)
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert (photo.focus_smart, photo.focus_face) == ((10, 20), None)


async def test_smart_and_face_are_two_points(records: Records) -> None:
    await with_photo(records)
    await records.set_focus("acme", ASSET, "face", (0, 0))
    await records.set_focus("acme", ASSET, "smart", (1, 2))
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert (photo.focus_smart, photo.focus_face) == ((1, 2), (0, 0))


async def test_each_purge_makes_a_new_generation(records: Records) -> None:
    await with_photo(records)
    numbers = await asyncio.gather(*(records.bump_generation("acme", ASSET) for _ in range(6)))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert photo.generation == 6


async def test_a_tombstone_keeps_who_it_was_and_forgets_what_it_showed(records: Records) -> None:
    await with_photo(records)
    await records.set_focus("acme", ASSET, "face", (1, 2))
    await records.add_design(DesignRecord("acme", "d" * 52, ASSET, b"{}", "anna", 1))
    await records.mark_erased("acme", ASSET)
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert (photo.is_erased, photo.content, photo.life, photo.generation) == (True, "c" * 64, 0, 1)
    assert (photo.thumbhash, photo.dominant, photo.focus_face, photo.warnings) == ("", "", None, ())
    assert await records.design("acme", "d" * 52) is None


async def test_erasing_twice_changes_nothing_more(records: Records) -> None:
    await with_photo(records)
    await records.mark_erased("acme", ASSET)
    photo, epoch = await records.asset("acme", ASSET), await records.epoch()
    await records.mark_erased("acme", ASSET)
    assert (await records.asset("acme", ASSET), await records.epoch()) == (photo, epoch)


async def test_a_source_that_fails_twice_is_quarantined_and_stays_so(records: Records) -> None:
    await with_photo(records)
    verdicts = [await records.count_failure("acme", ASSET, quarantine_at=2) for _ in range(3)]
    assert verdicts == [False, True, True]
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert photo.is_quarantined


async def test_no_unknown_photo_can_be_changed(records: Records) -> None:
    await with_photo(records)
    changes = (
        records.set_focus("acme", UNKNOWN, "smart", (1, 1)),
        records.bump_generation("acme", UNKNOWN),
        records.mark_erased("acme", UNKNOWN),
        records.count_failure("acme", UNKNOWN, quarantine_at=2),
    )
    for change in changes:
        with pytest.raises(NotFound, match=r"asset\.unknown"):
            await change


async def test_the_epoch_moves_with_everything_that_may_be_remembered(records: Records) -> None:
    seen = [await records.epoch()]

    async def note() -> None:
        seen.append(await records.epoch())

    await records.add_tenant(TENANT)
    await note()
    await records.update_tenant("acme", is_suspended=False)
    await note()
    await with_photo(records)
    before_changes = await records.epoch()
    assert before_changes == seen[-1], "a new photo makes nobody's memory wrong"
    await records.bump_generation("acme", ASSET)
    await note()
    await records.count_failure("acme", ASSET, quarantine_at=1)
    await note()
    await records.mark_erased("acme", ASSET)
    await note()
    await records.add_token(TokenRecord("ci", "a" * 64, "*", ("assets:write",), 1, None))
    await records.revoke_token("ci")
    await note()
    assert seen == sorted(set(seen)), "each change is a new, higher number"


async def test_a_change_that_fails_moves_no_epoch(records: Records) -> None:
    await with_photo(records)
    before = await records.epoch()
    with pytest.raises(NotFound):
        await records.bump_generation("acme", UNKNOWN)
    await records.count_failure("acme", ASSET, quarantine_at=2)
    assert not await records.update_tenant("nobody", is_suspended=True)
    assert await records.epoch() == before


async def test_what_runs_also_sees_the_new_generations_and_fails_with_the_change(
    records: Records,
) -> None:
    await with_photo(records)
    seen: list[Mapping[str, int]] = []

    async def also(connection: object, generations: Mapping[str, int]) -> None:
        del connection
        seen.append(dict(generations))
        if len(seen) > 4:
            raise OSError("the queue's disk is full")

    name = f"acme/{ASSET}"
    await records.bump_generation("acme", ASSET, also=also)
    names = [("acme", ASSET), ("acme", UNKNOWN), ("acme", ASSET)]
    assert await records.bump_generations(names, also=also) == {name: 2}
    assert await records.bump_all("acme", also=also) == 1
    assert await records.bump_all("other") == 0
    assert await records.bump_all(None, also=also) == 1
    epoch = await records.epoch()
    for change in (records.bump_generation, records.mark_erased):
        with pytest.raises((OSError, StoreUnavailable)):
            await change("acme", ASSET, also=also)
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert (photo.generation, photo.is_erased) == (4, False)
    assert await records.epoch() == epoch
    assert seen == [{name: 1}, {name: 2}, {}, {}, {name: 5}, {name: 5}]


async def test_a_tombstone_tells_nothing_of_the_photo(records: Records) -> None:
    await with_photo(records)
    await records.mark_erased("acme", ASSET)
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert (photo.photo, photo.source_digest, photo.size_bytes) == (NO_PHOTO, "", 0)
    assert await records.bump_all("acme") == 0, "a tombstone is not purged with the living"
