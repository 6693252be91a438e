"""S3 that fails now and then, loses answers, writes late, or breaks its word."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives, object_name
from origin.adapters.disk import Disk
from origin.adapters.orphans import sweep
from origin.adapters.records import SqlRecords
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.bucket import Bucket
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.probe import probe
from origin.adapters.s3.sources import S3Sources
from origin.errors import RenderFailed, StoreUnavailable
from tests.contract.samples import ASSET, derivative, derivative_name, with_photo
from tests.faults.ill_s3 import IllS3, Treatment, ill_s3
from tests.s3 import Gateway

pytestmark = pytest.mark.anyio
NAME = "acme/masters/aaa/e/640"
LIMITS = S3Limits(read_s=2.0, attempts=3, operation_s=6.0)
HANGS_S = 60.0
SEED = 7


@pytest.fixture
async def ill(s3_gateway: Gateway) -> AsyncIterator[IllS3]:
    async with ill_s3(s3_gateway.port) as ill:
        yield ill


@pytest.fixture
async def bucket(s3_store: S3Address, ill: IllS3) -> AsyncIterator[Bucket]:
    async with open_bucket(replace(s3_store, endpoint=ill.endpoint), LIMITS) as bucket:
        yield bucket


@pytest.fixture
def objects(bucket: Bucket) -> S3Objects:
    return S3Objects(bucket)


async def keep(sources: S3Sources, content: bytes) -> None:
    async with sources.receive() as path:
        path.write_bytes(content)
        await sources.adopt("acme", "aaa", path)


def files(gateway: Gateway, store: S3Address) -> list[Path]:
    return [path for path in (gateway.files / store.prefix).rglob("*") if path.is_file()]


async def test_where_half_of_the_calls_fail_every_answer_is_right_or_says_that_it_is_none(
    objects: S3Objects, ill: IllS3
) -> None:
    chance = random.Random(SEED)
    ill.treat = lambda _: Treatment.FAILED if chance.random() < 0.5 else Treatment.WELL
    refused = 0

    async def put_then_get(number: int) -> bool:
        nonlocal refused
        name, content = f"acme/masters/aaa/e/{number}", bytes([number]) * 5_000
        is_stored = False
        try:
            assert await objects.put(name, content) == content
            is_stored = True
            assert await objects.get(name) == content
        except StoreUnavailable:
            refused += 1
        return is_stored

    async with asyncio.timeout(HANGS_S):
        stored = await asyncio.gather(*(put_then_get(number) for number in range(40)))
    assert sum(stored) > 20, "most get through, because what failed is asked again"
    assert len(ill.seen) > 80
    ill.treat = lambda _: Treatment.WELL
    for number, is_stored in enumerate(stored):
        got = await objects.get(f"acme/masters/aaa/e/{number}")
        whole = bytes([number]) * 5_000
        assert got == whole if is_stored else got in (None, whole)
    assert refused < 40


async def test_a_put_whose_answer_is_lost_finds_its_own_bytes_and_succeeds(
    objects: S3Objects, ill: IllS3
) -> None:
    losses = iter([Treatment.LOST])
    ill.treat = lambda line: (
        next(losses, Treatment.WELL) if line.startswith("PUT") else Treatment.WELL
    )
    assert await objects.put(NAME, b"once") == b"once"
    assert ill.count("PUT") == 2
    assert await objects.get(NAME) == b"once"


async def test_an_answer_that_breaks_off_is_asked_for_again(
    objects: S3Objects, bucket: Bucket, ill: IllS3, disk: Disk
) -> None:
    content = bytes(range(256)) * 2_000
    sources = S3Sources(bucket, disk, copies_bytes=0)
    await objects.put(NAME, content)
    await keep(sources, content)
    cuts = iter([Treatment.CUT, Treatment.WELL, Treatment.CUT])
    ill.treat = lambda line: (
        next(cuts, Treatment.WELL) if line.startswith("GET") else Treatment.WELL
    )
    assert await objects.get(NAME) == content
    async with sources.local_path("acme", "aaa") as path:
        assert path is not None
        assert path.read_bytes() == content
    assert ill.count("GET") == 4
    await sources.close()


async def test_an_upload_that_is_answered_with_500_is_sent_again_from_its_beginning(
    bucket: Bucket, ill: IllS3, disk: Disk, s3_gateway: Gateway, s3_store: S3Address
) -> None:
    content = bytes(range(256)) * 4_000
    failures = iter([Treatment.FAILED, Treatment.LOST])
    ill.treat = lambda _: next(failures, Treatment.WELL)
    await keep(S3Sources(bucket, disk, copies_bytes=0), content)
    assert ill.count("PUT") == 3
    assert [path.read_bytes() for path in files(s3_gateway, s3_store)] == [content]


async def test_a_superseded_preview_whose_put_was_sent_twice_is_taken_back(
    objects: S3Objects,
    ill: IllS3,
    records: SqlRecords,
    s3_gateway: Gateway,
    s3_store: S3Address,
) -> None:
    await with_photo(records)
    await records.bump_generation("acme", ASSET)
    losses = iter([Treatment.LOST])
    ill.treat = lambda line: (
        next(losses, Treatment.WELL) if line.startswith("PUT") else Treatment.WELL
    )
    with pytest.raises(RenderFailed, match=r"render\.superseded"):
        await StoredDerivatives(objects, records).put(derivative_name(), derivative())
    assert files(s3_gateway, s3_store) == []


async def test_a_write_that_comes_after_the_erase_is_swept(
    objects: S3Objects,
    bucket: Bucket,
    ill: IllS3,
    disk: Disk,
    records: SqlRecords,
    s3_gateway: Gateway,
    s3_store: S3Address,
) -> None:
    await with_photo(records)
    ill.treat = lambda line: Treatment.HELD if line.startswith("PUT") else Treatment.WELL
    with pytest.raises(StoreUnavailable):
        await StoredDerivatives(objects, records).put(derivative_name(), derivative())
    await records.mark_erased("acme", ASSET)
    await objects.delete_prefix(f"acme/derivatives/{ASSET}/")
    assert files(s3_gateway, s3_store) == []
    ill.released.set()
    async with asyncio.timeout(HANGS_S):
        while ill.under_way:  # noqa: ASYNC110 (what is waited for is another's work)
            await asyncio.sleep(0.02)
    assert len(files(s3_gateway, s3_store)) == 1
    sources = S3Sources(bucket, disk, copies_bytes=0)
    assert await sweep(sources, objects, records) == 1
    assert files(s3_gateway, s3_store) == []
    assert await sweep(sources, objects, records) == 0


async def test_a_process_that_dies_between_bytes_and_record_leaves_a_preview_that_is_whole(
    objects: S3Objects, records: SqlRecords
) -> None:
    """Dead is dead: nothing after the put runs, not even the taking back."""
    await with_photo(records)
    name = derivative_name()
    dead = _Dead(objects)
    with pytest.raises(_Killed):
        await StoredDerivatives(dead, records).put(name, derivative())  # type: ignore[arg-type] # half of it
    derivatives = StoredDerivatives(objects, records)
    assert await derivatives.get(name, generation=0) == derivative()
    assert await records.touch_derivatives({name.key: 1}) == {name.key}, "no row yet"
    await derivatives.flush()
    assert await records.touch_derivatives({name.key: 1}) == set(), "use restores the row"


async def test_what_a_dead_process_left_of_an_erased_photo_is_swept(
    objects: S3Objects, bucket: Bucket, disk: Disk, records: SqlRecords
) -> None:
    await with_photo(records)
    await records.mark_erased("acme", ASSET)
    with pytest.raises(_Killed):
        await StoredDerivatives(_Dead(objects), records).put(  # type: ignore[arg-type] # half of it
            derivative_name(), derivative()
        )
    assert await objects.get(object_name(derivative_name())) is not None
    assert await sweep(S3Sources(bucket, disk, copies_bytes=0), objects, records) == 1
    assert await objects.get(object_name(derivative_name())) is None


class _Killed(BaseException):
    """The end of a process."""


class _Dead:
    """Objects of a process that is killed once its bytes are stored."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects = objects

    def staged(self, *args: object) -> _Dead:
        self._args = args
        return self

    async def __aenter__(self) -> None:
        await self._objects._whole_put(*self._args)  # type: ignore[arg-type] # as they came
        raise _Killed

    async def __aexit__(self, *_: object) -> None:
        return


async def test_an_s3_without_conditional_writes_is_refused(bucket: Bucket, ill: IllS3) -> None:
    await probe(bucket)
    ill.treat = lambda _: Treatment.BENT
    with pytest.raises(StoreUnavailable) as caught:
        await probe(bucket)
    assert "ignores If-None-Match" in caught.value.log


async def test_an_object_that_is_too_large_is_neither_written_nor_read(
    s3_store: S3Address, objects: S3Objects
) -> None:
    await objects.put(NAME, bytes(1_000))
    async with open_bucket(s3_store, replace(LIMITS, object_bytes=999)) as small:
        with pytest.raises(StoreUnavailable, match="more than"):
            await S3Objects(small).put("acme/masters/aaa/e/1280", bytes(1_000))
        with pytest.raises(StoreUnavailable, match="more than"):
            await S3Objects(small).get(NAME)
    assert await objects.get("acme/masters/aaa/e/1280") is None


async def test_lists_and_removals_go_on_after_the_first_page(
    objects: S3Objects, bucket: Bucket, ill: IllS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("origin.adapters.s3.bucket.PAGE", 10)
    names = [f"acme/masters/{number:03}/e/640" for number in range(34)]
    for name in names:
        await objects.put(name, b"x")
    assert [listed.name async for listed in objects.names("acme/masters/")] == names
    assert await objects.folders("acme/masters/") == {f"{number:03}" for number in range(34)}
    assert await objects.delete_prefix("acme/masters/") == 34
    assert ill.count("POST") == 4, "ten at a time"
    assert await bucket.folders("acme/masters/") == set()


@pytest.mark.parametrize(
    "name", ["../x", "acme/../../x", "/etc/passwd", "acme//x", ".tmp/x", "acme/A", "", "a\0b"]
)
async def test_no_name_leads_out_of_the_prefix(objects: S3Objects, name: str) -> None:
    for ask in (objects.get(name), objects.put(name, b""), objects.delete(name)):
        with pytest.raises(AssertionError, match="no object name"):
            await ask


async def test_a_cancelled_put_is_whole_or_absent(objects: S3Objects) -> None:
    for number in range(20):
        name = f"acme/masters/aaa/e/{number}"
        putting = asyncio.create_task(objects.put(name, bytes(100_000)))
        await asyncio.sleep(number / 2000)
        putting.cancel()
        await asyncio.wait([putting])
        assert await objects.get(name) in (None, bytes(100_000))
