"""Local copies of sources in S3: confirmed each time, shared, bounded, and gone with the photo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from origin.adapters.disk import Disk
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.bucket import Bucket
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.sources import S3Sources
from origin.errors import StoreUnavailable
from tests.faults.ill_s3 import IllS3, ill_s3
from tests.s3 import Gateway

pytestmark = pytest.mark.anyio
SIZE_BYTES = 100_000
ROOM_FOR_TWO = 250_000


@pytest.fixture
async def ill(s3_gateway: Gateway) -> AsyncIterator[IllS3]:
    """A proxy that does nothing but count."""
    async with ill_s3(s3_gateway.port) as ill:
        yield ill


@pytest.fixture
async def bucket(s3_store: S3Address, ill: IllS3) -> AsyncIterator[Bucket]:
    async with open_bucket(replace(s3_store, endpoint=ill.endpoint), S3Limits()) as bucket:
        yield bucket


@pytest.fixture
async def sources(bucket: Bucket, disk: Disk) -> AsyncIterator[S3Sources]:
    sources = S3Sources(bucket, disk, copies_bytes=ROOM_FOR_TWO)
    yield sources
    await sources.close()


async def keep(sources: S3Sources, asset: str, content: bytes | None = None) -> bytes:
    content = content or asset.encode() * SIZE_BYTES
    async with sources.receive() as path:
        path.write_bytes(content)
        await sources.adopt("acme", asset, path)
    return content


async def read(sources: S3Sources, asset: str) -> bytes | None:
    async with sources.local_path("acme", asset) as path:
        return None if path is None else path.read_bytes()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 (what is waited for is the disk)
            await asyncio.sleep(0.02)


def copies(root: Path) -> int:
    return len(list((root / ".tmp").glob("*/*")))


async def test_a_source_that_is_read_again_is_asked_for_and_not_sent_again(
    sources: S3Sources, root: Path, s3_gateway: Gateway, s3_store: S3Address
) -> None:
    content = await keep(sources, "a")
    async with sources.local_path("acme", "a") as first:
        assert first is not None
    stored = s3_gateway.files / s3_store.prefix / "acme/sources/a"
    stored.write_bytes(bytes(SIZE_BYTES))  # whoever sends it again sends these
    async with sources.local_path("acme", "a") as second:
        assert second == first
        assert second is not None
        assert second.read_bytes() == content
    assert copies(root) == 1


async def test_many_that_read_one_source_at_once_share_one_copy(
    sources: S3Sources, root: Path
) -> None:
    await keep(sources, "a")
    async with AsyncExitStack() as stack:
        lent = [sources.local_path("acme", "a") for _ in range(8)]
        paths = await asyncio.gather(*(stack.enter_async_context(one) for one in lent))
        assert len(set(paths)) == 1
        assert copies(root) == 1


async def test_idle_copies_are_bounded_and_lent_ones_stay(sources: S3Sources, root: Path) -> None:
    for asset in "abcd":
        await keep(sources, asset)
    async with sources.local_path("acme", "a") as path:
        for asset in "bcd":
            await read(sources, asset)
        assert copies(root) == 3, "the lent one, and two of the idle"
        assert path is not None
        assert path.read_bytes() == b"a" * SIZE_BYTES
    assert copies(root) == 2
    await sources.close()
    assert copies(root) == 0


async def test_an_erased_source_is_lent_no_more_though_its_copy_is_here(
    sources: S3Sources, bucket: Bucket, root: Path
) -> None:
    await keep(sources, "a")
    assert await read(sources, "a") is not None
    await bucket.delete("acme/sources/a")  # by another origin
    assert await read(sources, "a") is None
    assert copies(root) == 0


async def test_a_source_that_was_mended_is_copied_anew(sources: S3Sources, root: Path) -> None:
    await keep(sources, "a", b"damaged")
    async with sources.local_path("acme", "a") as old:
        await keep(sources, "a", b"mended")
        assert await read(sources, "a") == b"mended"
        assert old is not None
        assert old.read_bytes() == b"damaged", "whoever reads it may finish"
    assert copies(root) == 1
    assert await read(sources, "a") == b"mended"


async def test_copies_that_nobody_read_for_long_are_removed_by_the_clock(
    sources: S3Sources, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("origin.adapters.s3.copies.IDLE_S", -0.9)
    await keep(sources, "a")
    await keep(sources, "b")
    async with sources.local_path("acme", "a"):
        await read(sources, "b")
        await until(lambda: copies(root) == 1)
    await until(lambda: copies(root) == 0)


async def test_a_flipped_bit_of_a_source_is_found_and_no_copy_of_it_kept(
    sources: S3Sources, root: Path, s3_gateway: Gateway, s3_store: S3Address
) -> None:
    content = bytearray(await keep(sources, "a"))
    content[777] ^= 1
    (s3_gateway.files / s3_store.prefix / "acme/sources/a").write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"store\.damaged"):
        await read(sources, "a")
    assert copies(root) == 0
    await keep(sources, "a")
    assert await read(sources, "a") == b"a" * SIZE_BYTES


async def test_a_photo_erased_elsewhere_leaves_this_host_and_the_others_stay(
    sources: S3Sources, root: Path
) -> None:
    async def is_erased(tenant: str, asset: str) -> bool:
        return (tenant, asset) == ("acme", "a")

    for asset in ("a", "b"):
        await keep(sources, asset)
        await read(sources, asset)
    assert copies(root) == 2
    assert await sources.drop_copies(is_erased) == 1
    assert copies(root) == 1
    async with sources.local_path("acme", "a") as lent:
        assert lent is not None
        await sources.drop_copies(is_erased)
        assert lent.exists(), "who reads it reads to the end"
    assert not lent.exists()


async def test_a_full_local_disk_says_so_keeps_no_half_copy_and_mends_itself(
    bucket: Bucket, small_disk: Path
) -> None:
    disk = Disk(small_disk / "objects")
    sources = S3Sources(bucket, disk, copies_bytes=ROOM_FOR_TWO)
    await keep(sources, "a", bytes(900_000))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    with pytest.raises(StoreUnavailable, match=r"store\.full"):
        await read(sources, "a")
    assert copies(small_disk / "objects") == 0
    ballast.unlink()
    assert await read(sources, "a") == bytes(900_000)
    await sources.close()
    disk.close()


async def test_an_upload_of_a_dead_process_is_swept_only_when_it_is_old(
    sources: S3Sources, bucket: Bucket
) -> None:
    await keep(sources, "a")
    ages_s = await sources.ages_s("acme")
    assert set(ages_s) == {"a"}
    assert 0 <= ages_s["a"] < 3_600
    assert not await sources.delete_older_than("acme", "a", 3_600)
    assert await read(sources, "a") is not None
    assert await sources.delete_older_than("acme", "a", -1)
    assert await bucket.folders("acme/") == set()
    assert not await sources.delete_older_than("acme", "a", -1)
