"""AssetRecords."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from origin.errors import Gone, NotFound
from origin.values import ProfileStatus
from tests.contract.conftest import Records
from tests.contract.samples import ASSET, PHOTO, PHOTOGRAPH, TENANT, named, with_photo

pytestmark = pytest.mark.anyio


async def test_an_unknown_photo_is_none(records: Records) -> None:
    assert await records.asset("acme", ASSET) is None


@pytest.mark.parametrize(
    "photo",
    [
        PHOTOGRAPH,
        replace(PHOTOGRAPH, warnings=(), focus_smart=(0, 100_000), focus_face=(50_000, 1)),
        replace(
            PHOTOGRAPH,
            photo=replace(PHOTO, profile_status=ProfileStatus.ASSUMED, profile_name=None),
        ),
    ],
    ids=["as sent", "with focus points", "without a profile"],
)
async def test_a_photo_comes_back_whole(records: Records, photo: object) -> None:
    stored = await with_photo(records, photo)  # type: ignore[arg-type]  # a table of Assets
    assert stored == photo
    assert await records.asset("acme", ASSET) == photo


async def test_a_photo_of_an_unknown_shop_is_refused(records: Records) -> None:
    with pytest.raises(NotFound, match=r"tenant\.unknown"):
        await records.add_asset(PHOTOGRAPH, owner="anna", project=None, capture={})


async def test_one_photo_in_two_shops_is_two_records(records: Records) -> None:
    await with_photo(records)
    await with_photo(records, replace(PHOTOGRAPH, tenant="other", retention="hold"))
    acme, other = await records.asset("acme", ASSET), await records.asset("other", ASSET)
    assert acme is not None
    assert other is not None
    assert (acme.retention, other.retention) == ("project", "hold")


async def test_adding_a_photo_again_returns_the_first_record(records: Records) -> None:
    await with_photo(records)
    again = replace(PHOTOGRAPH, created_at_s=1_800_000_000)
    stored = await records.add_asset(again, owner="ben", project="book", capture={"make": "X"})
    assert stored == PHOTOGRAPH


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("transient", "order", "order"),
        ("project", "hold", "hold"),
        ("order", "project", "order"),
        ("hold", "transient", "hold"),
        ("order", "order", "order"),
    ],
)
async def test_a_photo_is_kept_as_long_as_its_most_demanding_owner_asks(
    records: Records, first: str, second: str, kept: str
) -> None:
    await with_photo(records, replace(PHOTOGRAPH, retention=first))
    answer = await with_photo(records, replace(PHOTOGRAPH, retention=second))
    assert answer == replace(PHOTOGRAPH, retention=kept)
    assert await records.asset("acme", ASSET) == answer


async def test_the_same_upload_at_once_is_one_record(records: Records) -> None:
    await records.add_tenant(TENANT)
    owners = [f"owner-{number}" for number in range(8)]
    answers = await asyncio.gather(
        *(records.add_asset(PHOTOGRAPH, owner=owner, project=None, capture={}) for owner in owners)
    )
    assert set(answers) == {PHOTOGRAPH}
    assert list(await records.assets("acme")) == [PHOTOGRAPH]


async def test_a_tombstone_takes_no_new_owner(records: Records) -> None:
    await with_photo(records)
    await records.mark_erased("acme", ASSET)
    with pytest.raises(Gone, match=r"asset\.erased"):
        await with_photo(records)


async def test_photos_are_listed_page_by_page_in_order(records: Records) -> None:
    for letter in "cabed":
        await with_photo(records, named(letter))
    first = await records.assets("acme", limit=2)
    second = await records.assets("acme", after=first[-1].asset, limit=2)
    third = await records.assets("acme", after=second[-1].asset, limit=2)
    letters = [photo.asset[0] for page in (first, second, third) for photo in page]
    assert letters == ["a", "b", "c", "d", "e"]
    assert len(third) == 1


async def test_photos_of_another_shop_are_not_listed(records: Records) -> None:
    await with_photo(records, replace(PHOTOGRAPH, tenant="other"))
    assert list(await records.assets("acme")) == []


async def test_every_life_of_a_content_is_known_erased_ones_too(records: Records) -> None:
    await with_photo(records, named("z", content="e" * 64, life=0))
    await records.mark_erased("acme", "z" * 51 + "a")
    await with_photo(records, named("a", content="e" * 64, life=1))
    await with_photo(records, named("m"))
    lives = await records.lives("acme", "e" * 64)
    assert [(photo.life, photo.is_erased) for photo in lives] == [(0, True), (1, False)]
