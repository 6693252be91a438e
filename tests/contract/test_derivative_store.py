"""DerivativeStore: what was made before a purge or an erase is never kept and never found."""

from __future__ import annotations

import asyncio

import pytest

from origin.errors import RenderFailed
from origin.ports import DerivativeStore
from tests.contract.conftest import Records
from tests.contract.samples import ASSET, derivative, derivative_name, named, with_photo

pytestmark = pytest.mark.anyio
NAME = derivative_name()


async def test_what_was_never_put_is_none(derivatives: DerivativeStore) -> None:
    assert await derivatives.get(NAME, generation=0) is None


async def test_a_derivative_comes_back_whole(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    assert await derivatives.put(NAME, derivative()) == derivative()
    assert await derivatives.get(NAME, generation=0) == derivative()


async def test_each_key_has_its_own_derivative(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    other = derivative_name("w_320.webp")
    await derivatives.put(NAME, derivative(b"jpeg"))
    await derivatives.put(other, derivative(b"webp"))
    assert await derivatives.get(NAME, generation=0) == derivative(b"jpeg")
    assert await derivatives.get(other, generation=0) == derivative(b"webp")


async def test_stored_bytes_win_within_a_generation(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative(b"first"))
    assert await derivatives.put(NAME, derivative(b"second")) == derivative(b"first")
    assert await derivatives.get(NAME, generation=0) == derivative(b"first")


async def test_after_a_purge_the_older_generation_is_not_found(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative())
    generation = await records.bump_generation("acme", ASSET)
    assert await derivatives.get(NAME, generation=generation) is None


async def test_a_newer_generation_replaces_an_older_one(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    await derivatives.put(NAME, derivative(b"old"))
    generation = await records.bump_generation("acme", ASSET)
    fresh = derivative(b"new", generation=generation)
    assert await derivatives.put(NAME, fresh) == fresh
    assert await derivatives.get(NAME, generation=0) == fresh


async def test_a_render_begun_before_a_purge_is_superseded_and_not_stored(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    await records.bump_generation("acme", ASSET)
    with pytest.raises(RenderFailed, match=r"render\.superseded"):
        await derivatives.put(NAME, derivative(generation=0))
    assert await derivatives.get(NAME, generation=0) is None


async def test_a_superseded_render_leaves_the_newer_one_alone(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    fresh = derivative(b"new", generation=await records.bump_generation("acme", ASSET))
    await derivatives.put(NAME, fresh)
    with pytest.raises(RenderFailed, match=r"render\.superseded"):
        await derivatives.put(NAME, derivative(b"old", generation=0))
    assert await derivatives.get(NAME, generation=1) == fresh


async def test_a_render_of_an_erased_photo_is_superseded_whatever_its_generation(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    await records.mark_erased("acme", ASSET)
    for generation in (0, 1, 2):
        with pytest.raises(RenderFailed, match=r"render\.superseded"):
            await derivatives.put(NAME, derivative(generation=generation))
    assert await derivatives.get(NAME, generation=0) is None


async def test_a_render_of_an_unknown_photo_is_superseded(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records, named("d"))
    with pytest.raises(RenderFailed, match=r"render\.superseded"):
        await derivatives.put(NAME, derivative())


async def test_of_many_that_put_at_once_all_get_the_same_bytes(
    derivatives: DerivativeStore, records: Records
) -> None:
    await with_photo(records)
    made = [derivative(bytes([number]) * 1000) for number in range(12)]
    answers = await asyncio.gather(*(derivatives.put(NAME, one) for one in made))
    assert len({answer.digest for answer in answers}) == 1
    assert answers[0] == await derivatives.get(NAME, generation=0)


async def test_what_is_found_without_waiting_is_what_is_found(
    derivatives: DerivativeStore, records: Records
) -> None:
    """None says nothing (a bucket is always waited for, and a file system may not tell)."""
    await with_photo(records)
    assert derivatives.get_now(NAME, generation=0) is None
    await derivatives.put(NAME, derivative())
    assert derivatives.get_now(NAME, generation=0) in (derivative(), None)
    assert derivatives.get_now(NAME, generation=1) is None


async def test_what_is_stored_is_never_said_to_be_absent(
    derivatives: DerivativeStore, records: Records
) -> None:
    """Where nothing is stored a bucket says False too: it is always waited for."""
    await with_photo(records)
    assert derivatives.is_absent_now(NAME) in (True, False)
    await derivatives.put(NAME, derivative())
    assert derivatives.is_absent_now(NAME) is False
