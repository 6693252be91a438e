"""A scrub finds each damage in a folder and in a bucket, repairs what it can and names the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from blake3 import blake3

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.records import Database, SqlRecords
from origin.adapters.s3.bucket import Bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.sources import S3Sources
from origin.adapters.scrub import Finding, Pace, Scrub, Scrubbed
from origin.adapters.stores import KeptObjects, KeptSources
from origin.values import Asset, DerivativeName, MasterName
from tests.contract.samples import ASSET, ENGINE, derivative, derivative_name, named, with_photo

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("records_kind", ["SQLite"], indirect=True),
]
SOURCE = b"the photo" * 1000
MASTER = MasterName("acme", ASSET, ENGINE, 640)
NOW_S = 1_800_000_000


@dataclass
class Stored:
    """A store with one photo: its source, a master and two previews."""

    objects: KeptObjects
    sources: KeptSources
    records: SqlRecords
    store: StoredDerivatives
    damaged: set[str]
    disk: Disk
    bucket: Bucket | None
    names: list[DerivativeName]

    @property
    def source(self) -> str:
        return f"acme/sources/{ASSET}"

    async def flip(self, name: str) -> None:
        """Change one bit of what is stored."""
        if self.bucket is None:
            path = self.disk.path_of(name)
            path.write_bytes(flipped(path.read_bytes()))
            return
        found = await self.bucket.get(name)
        assert found is not None
        await self.bucket.put(name, flipped(found.content), {})

    async def scrub(self, pace: Pace | None = None) -> list[Scrubbed]:
        work = Scrub(
            self.objects,
            self.sources,
            self.records,
            self.damaged,
            pace=pace or Pace(0),
            now=lambda: NOW_S,
        )
        return [scrubbed async for scrubbed in work.shop("acme")]

    async def findings(self) -> list[Finding]:
        return [finding for scrubbed in await self.scrub() for finding in scrubbed.findings]

    async def asset(self) -> Asset:
        asset = await self.records.asset("acme", ASSET)
        assert asset is not None
        return asset

    async def bring_source(self) -> None:
        async with self.sources.receive() as path:
            path.write_bytes(SOURCE)
            await self.sources.adopt("acme", ASSET, path)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


@pytest.fixture(params=["files", "bucket"])
def bucket_if_any(request: pytest.FixtureRequest) -> Bucket | None:
    return request.getfixturevalue("bucket") if request.param == "bucket" else None


@pytest.fixture
async def stored(database: Database, disk: Disk, bucket_if_any: Bucket | None) -> Stored:
    damaged: set[str] = set()
    objects: KeptObjects = FileObjects(disk, on_damage=damaged.add)
    sources: KeptSources = FileSources(disk)
    if bucket_if_any is not None:
        objects = S3Objects(bucket_if_any, on_damage=damaged.add)
        sources = S3Sources(bucket_if_any, disk, copies_bytes=0)
    records = SqlRecords(database)
    store = StoredDerivatives(objects, records)
    names = [derivative_name("w_1.jpg"), derivative_name("w_2.webp")]
    made = Stored(objects, sources, records, store, damaged, disk, bucket_if_any, names)
    digest = blake3(SOURCE).hexdigest()
    await with_photo(records, named("b", source_digest=digest, size_bytes=len(SOURCE)))
    await made.bring_source()
    await objects.put(MASTER.name, b"master")
    await records.touch_masters({MASTER: (6, 1)})
    for name in names:
        await store.put(name, derivative(name.ext.encode()))
    return made


async def test_a_sound_store_has_nothing_to_tell(stored: Stored) -> None:
    (scrubbed,) = await stored.scrub()
    assert scrubbed.findings == []
    assert scrubbed.objects == 4
    assert scrubbed.bytes_read > len(SOURCE)


async def test_a_damaged_preview_goes_with_its_row_and_can_be_made_again(stored: Stored) -> None:
    name = stored.names[0]
    await stored.flip(name.object_name)
    assert await stored.findings() == [
        Finding("derivative", name.object_name, "damaged", "removed")
    ]
    assert [row.name for row in await stored.records.derivatives_of("acme", ASSET)] == [
        stored.names[1]
    ]
    await stored.store.put(name, derivative(b"again"))
    assert await stored.findings() == []


async def test_a_damaged_master_goes_with_its_row(stored: Stored) -> None:
    await stored.flip(MASTER.name)
    kinds = [(finding.kind, finding.problem) for finding in await stored.findings()]
    assert kinds == [("master", "damaged")]
    assert await stored.objects.get(MASTER.name) is None
    assert await stored.records.masters_of("acme", ASSET) == []


async def test_a_damaged_source_is_named_and_marked_and_mended_by_the_same_photo(
    stored: Stored,
) -> None:
    await stored.flip(stored.source)
    assert await stored.findings() == [Finding("source", stored.source, "damaged", "marked")]
    assert (await stored.asset()).source_damaged_at_s == NOW_S
    assert await stored.findings() == [Finding("source", stored.source, "damaged", "marked")]
    await stored.bring_source()
    assert await stored.findings() == []
    assert (await stored.asset()).source_damaged_at_s is None


async def test_a_missing_source_is_named_and_marked(stored: Stored) -> None:
    await stored.sources.delete("acme", ASSET)
    assert await stored.findings() == [Finding("source", stored.source, "missing", "marked")]
    assert (await stored.asset()).source_damaged_at_s == NOW_S


async def test_a_row_without_its_object_is_removed(stored: Stored) -> None:
    for name in (MASTER.name, stored.names[0].object_name):
        await stored.objects.delete(name)
    assert {finding.name for finding in await stored.findings()} == {
        MASTER.name,
        stored.names[0].object_name,
    }
    assert await stored.findings() == []
    assert (await stored.records.usage())["acme"].derivatives == 1


async def test_a_master_without_its_row_is_counted_again(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored.records.forget_masters([MASTER])
    assert await stored.findings() == [], "its row may be on its way"
    monkeypatch.setattr("origin.adapters.scrub.ROW_S", -60.0)
    assert await stored.findings() == [Finding("row", MASTER.name, "missing", "recorded")]
    assert (await stored.records.usage())["acme"].masters_bytes == 6
    assert await stored.findings() == []


async def test_a_preview_without_a_row_goes_unless_it_is_new(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored.records.forget_derivatives([stored.names[0].key])
    assert await stored.findings() == [], "its row may be on its way"
    monkeypatch.setattr("origin.adapters.scrub.ROW_S", -60.0)
    name = stored.names[0].object_name
    assert await stored.findings() == [Finding("derivative", name, "unknown", "removed")]
    assert await stored.objects.get(name) is None


async def test_a_photo_that_is_erased_meanwhile_is_no_missing_source(stored: Stored) -> None:
    asset = await stored.asset()
    await stored.sources.delete("acme", ASSET)
    await stored.records.mark_erased("acme", ASSET)
    work = Scrub(stored.objects, stored.sources, stored.records, stored.damaged, pace=Pace(0))
    kinds = {finding.kind for finding in (await work.photo(asset)).findings}
    assert "source" not in kinds
    assert [part.findings for part in await stored.scrub()] == []


async def test_a_rate_is_kept_over_all_that_is_read(stored: Stored) -> None:
    for letter in "cd":
        await with_photo(
            stored.records, replace(named(letter), source_digest="0" * 64, size_bytes=1)
        )
    waits: list[float] = []
    pace = Pace(10_000, clock_s=lambda: 0.0)

    async def spend(count: int) -> None:
        waits.append(count)

    pace.spend = spend  # type: ignore[method-assign]  # what would be waited for
    read = sum(scrubbed.bytes_read for scrubbed in await stored.scrub(pace))
    assert sum(waits) == read
