"""ObjectStore."""

from __future__ import annotations

import asyncio

import pytest

from origin.ports import ObjectStore

pytestmark = pytest.mark.anyio
NAME = "acme/masters/aaa/v8.18.7-p1-x64-t1-3f9a0c21/2560"


async def test_what_was_never_put_is_none(objects: ObjectStore) -> None:
    assert await objects.get(NAME) is None


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xd8" + bytes(3_000_000)])
async def test_what_was_put_comes_back(objects: ObjectStore, content: bytes) -> None:
    assert await objects.put(NAME, content) == content
    assert await objects.get(NAME) == content


async def test_stored_bytes_win_over_later_ones(objects: ObjectStore) -> None:
    await objects.put(NAME, b"first")
    assert await objects.put(NAME, b"second") == b"first"
    assert await objects.get(NAME) == b"first"


async def test_of_many_that_put_at_once_all_get_the_same_bytes(objects: ObjectStore) -> None:
    contents = [bytes([number]) * 50_000 for number in range(16)]
    answers = await asyncio.gather(*(objects.put(NAME, content) for content in contents))
    assert len(set(answers)) == 1
    assert answers[0] == await objects.get(NAME)


async def test_a_removed_object_is_none_and_may_be_put_again(objects: ObjectStore) -> None:
    await objects.put(NAME, b"first")
    await objects.delete(NAME)
    assert await objects.get(NAME) is None
    assert await objects.put(NAME, b"second") == b"second"


async def test_removing_what_is_absent_is_harmless(objects: ObjectStore) -> None:
    await objects.delete(NAME)
    assert await objects.delete_prefix("acme/masters/aaa/") == 0


async def test_a_prefix_takes_all_below_it_and_nothing_beside_it(objects: ObjectStore) -> None:
    for name in ("acme/m/aaa/1", "acme/m/aaa/e/2", "acme/m/aaab/1", "acme/n/aaa/1"):
        await objects.put(name, name.encode())
    assert await objects.delete_prefix("acme/m/aaa/") == 2
    assert await objects.get("acme/m/aaa/1") is None
    assert await objects.get("acme/m/aaa/e/2") is None
    assert await objects.get("acme/m/aaab/1") == b"acme/m/aaab/1"
    assert await objects.get("acme/n/aaa/1") == b"acme/n/aaa/1"


async def test_a_prefix_must_end_in_a_slash(objects: ObjectStore) -> None:
    with pytest.raises(AssertionError, match="does not end in /"):
        await objects.delete_prefix("acme/m/aaa")
