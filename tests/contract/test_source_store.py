"""SourceStore."""

from __future__ import annotations

import asyncio

import pytest

from origin.ports import SourceStore
from tests.contract.samples import ASSET

pytestmark = pytest.mark.anyio


async def keep(sources: SourceStore, content: bytes, asset: str = ASSET) -> None:
    async with sources.receive() as path:
        path.write_bytes(content)
        await sources.adopt("acme", asset, path)


async def stored(sources: SourceStore, asset: str = ASSET) -> bytes | None:
    async with sources.local_path("acme", asset) as path:
        return None if path is None else path.read_bytes()


async def test_what_was_never_received_has_no_path(sources: SourceStore) -> None:
    assert await stored(sources) is None


async def test_an_adopted_file_is_lent_unchanged(sources: SourceStore) -> None:
    await keep(sources, b"\xff\xd8 photo")
    assert await stored(sources) == b"\xff\xd8 photo"


async def test_an_upload_that_is_not_adopted_leaves_nothing(sources: SourceStore) -> None:
    paths = []

    async def break_off() -> None:
        async with sources.receive() as path:
            paths.append(path)
            path.write_bytes(b"half a pho")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await break_off()
    assert not paths[0].exists()
    assert await stored(sources) is None


async def test_the_received_path_is_gone_after_adoption(sources: SourceStore) -> None:
    async with sources.receive() as path:
        path.write_bytes(b"photo")
        await sources.adopt("acme", ASSET, path)
    assert not path.exists()


async def test_two_uploads_at_once_have_two_paths(sources: SourceStore) -> None:
    async with sources.receive() as one, sources.receive() as other:
        assert one != other


async def test_the_same_photo_may_come_many_times_at_once(sources: SourceStore) -> None:
    await asyncio.gather(*(keep(sources, b"photo") for _ in range(8)))
    assert await stored(sources) == b"photo"


async def test_an_upload_of_the_same_photo_repairs_a_damaged_source(sources: SourceStore) -> None:
    await keep(sources, b"phoXo")
    await keep(sources, b"photo")
    assert await stored(sources) == b"photo"


async def test_a_removed_source_has_no_path_and_others_stay(sources: SourceStore) -> None:
    other = "c" * 51 + "a"
    await keep(sources, b"photo")
    await keep(sources, b"other", other)
    await sources.delete("acme", ASSET)
    await sources.delete("acme", ASSET)
    assert await stored(sources) is None
    assert await stored(sources, other) == b"other"
