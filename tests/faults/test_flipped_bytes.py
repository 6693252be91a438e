"""A byte flipped in one of a hundred stored objects, in a folder and in a bucket."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives, object_name
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.records import SqlRecords
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.stores import KeptObjects
from origin.values import Derivative, DerivativeName
from tests.contract.samples import derivative, derivative_name, with_photo
from tests.s3 import Gateway

pytestmark = pytest.mark.anyio
STORED = 200
SEED = 11


@dataclass
class Kept:
    """Objects, the folder where their files are, and the names that were found damaged."""

    objects: KeptObjects
    folder: Path
    damaged: list[str]


@pytest.fixture
async def in_folder(disk: Disk) -> Kept:
    damaged: list[str] = []
    return Kept(FileObjects(disk, on_damage=damaged.append), disk.root, damaged)


@pytest.fixture
async def in_bucket(s3_store: S3Address, s3_gateway: Gateway) -> AsyncIterator[Kept]:
    damaged: list[str] = []
    async with open_bucket(s3_store, S3Limits()) as bucket:
        objects = S3Objects(bucket, on_damage=damaged.append)
        yield Kept(objects, s3_gateway.files / s3_store.prefix, damaged)


@pytest.fixture(params=["in_folder", "in_bucket"])
def kept(request: pytest.FixtureRequest) -> Kept:
    kept: Kept = request.getfixturevalue(request.param)
    return kept


async def test_a_flipped_byte_in_one_of_a_hundred_is_found_counted_and_never_served(
    kept: Kept, records: SqlRecords
) -> None:
    await with_photo(records)
    derivatives, chance = StoredDerivatives(kept.objects, records), random.Random(SEED)
    names = [derivative_name(f"w_{width}.jpg") for width in range(1, STORED + 1)]
    for name in names:
        await derivatives.put(name, picture(name))
    flipped = chance.sample(names, STORED // 100)
    for name in flipped:
        flip(kept.folder / object_name(name), chance)
    for name in names:
        found = await derivatives.get(name, generation=0)
        assert found == (None if name in flipped else picture(name))
    assert sorted(kept.damaged) == sorted(map(object_name, flipped))
    for name in flipped:  # what is not found is rendered and stored again
        await derivatives.put(name, picture(name))
        assert await derivatives.get(name, generation=0) == picture(name)
    assert len(kept.damaged) == len(flipped)


async def test_damaged_bytes_do_not_win_over_those_of_a_render(
    kept: Kept, records: SqlRecords
) -> None:
    await with_photo(records)
    derivatives, name = StoredDerivatives(kept.objects, records), derivative_name()
    await derivatives.put(name, derivative(b"first"))
    flip(kept.folder / object_name(name), random.Random(SEED))
    assert await derivatives.put(name, derivative(b"second")) == derivative(b"second")
    assert await derivatives.get(name, generation=0) == derivative(b"second")


async def test_lists_name_every_object_with_its_size_and_age(kept: Kept) -> None:
    for asset in ("aaa", "bbb"):
        await kept.objects.put(f"acme/masters/{asset}/e/640", b"x" * 10)
    listed = [each async for each in kept.objects.names("acme/masters/")]
    names = sorted(each.name for each in listed)
    assert names == ["acme/masters/aaa/e/640", "acme/masters/bbb/e/640"]
    assert len({each.size_bytes for each in listed}) == 1
    assert all(each.size_bytes > 10 and -2 < each.age_s < 3_600 for each in listed)
    assert await kept.objects.folders("acme/masters/") == {"aaa", "bbb"}
    assert await kept.objects.folders("acme/never/") == set()
    assert [each async for each in kept.objects.names("acme/never/")] == []


def picture(name: DerivativeName) -> Derivative:
    return derivative(name.path.encode() * 20)


def flip(path: Path, chance: random.Random) -> None:
    stored = bytearray(path.read_bytes())
    stored[chance.randrange(len(stored))] ^= 1 << chance.randrange(8)
    path.write_bytes(stored)
