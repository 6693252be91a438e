"""A print lane in one process: SQLite, objects in memory, threads for workers, the real pixels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import structlog
from blake3 import blake3

from cache_keys.ids import asset_id, content_of
from origin.adapters.memory import MemoryObjects, MemorySources, ThreadWorkers
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.flow.jobs import open_upload
from origin.flow.print_archive import PrintFiles
from origin.flow.print_work import PrintLimits, PrintWork, WorkParts
from origin.flow.prints import Order, PrintParts, Prints
from origin.ingest.caps import Caps
from origin.ports import ObjectStore, Workers
from origin.printing.products import Products
from origin.prints import PrintLane, PrintRecord
from origin.values import Asset, Tenant
from tests.contract.samples import PHOTOGRAPH
from tests.images.photos import photo_jpeg

ENGINE = "v8-test"
TENANT = Tenant("acme", b"k" * 32, is_public=False, is_suspended=False)
PRODUCT = "photo-10x15~1"
LIMITS = PrintLimits(
    lanes={PrintLane.FAST: 1, PrintLane.CAREFUL: 1},
    turns=3,
    lease_s=30,
    poll_s=0.05,
    deadline_s=60,
)


@dataclass
class Clock:
    """A clock that a test moves."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class PrintHouse:
    """The parts that tests look at."""

    records: SqlRecords
    database: Database
    objects: ObjectStore
    sources: MemorySources
    files: PrintFiles
    prints: Prints
    work: PrintWork
    clock: Clock
    asset: Asset

    async def ordered(self, product: str = PRODUCT, owner: str | None = None) -> PrintRecord:
        """Order a print of the photo."""
        record, _ = await self.prints.order(TENANT, Order(self.asset.asset, product, owner=owner))
        return record

    async def claimed(self, lane: PrintLane = PrintLane.FAST) -> PrintRecord:
        """Claim the next print."""
        record = await self.records.claim_print(lane, lease_s=30)
        assert record is not None, "nothing waits"
        return record

    async def again(self, record: PrintRecord) -> PrintRecord:
        """Read a print's record."""
        found = await self.records.print_record(record.tenant, record.print_id)
        assert found is not None, "it was there"
        return found


async def print_house(
    folder: Path, objects: ObjectStore | None = None, workers: Workers | None = None
) -> PrintHouse:
    """Build it with one shop and one photo of 1824 x 1224 px, which fits a 10 x 15 print."""
    url = f"sqlite:///{folder}/records.sqlite3"
    upgrade(url)
    clock = Clock()
    database = Database(url)
    records = SqlRecords(database, now=clock)
    await records.add_tenant(TENANT)
    store: ObjectStore = objects or MemoryObjects()
    sources = MemorySources(folder)
    asset = await _taken(folder, records, sources)
    files = PrintFiles(records, store)
    pool = workers or ThreadWorkers()
    parts = PrintParts(records, sources, pool, Products(), folder / "profiles")
    making = WorkParts(records, sources, files, pool, folder / "profiles", structlog.get_logger())
    return PrintHouse(
        records=records,
        database=database,
        objects=store,
        sources=sources,
        files=files,
        prints=Prints(parts, engine=ENGINE, deadline_s=60, fast_px_max=12_000_000, now=clock),
        work=PrintWork(making, engine=ENGINE, limits=LIMITS, now=clock),
        clock=clock,
        asset=asset,
    )


async def _taken(folder: Path, records: SqlRecords, sources: MemorySources) -> Asset:
    content = photo_jpeg(1824, 1224, 5)
    path = folder / "photo.jpg"
    path.write_bytes(content)
    keyed = content_of(TENANT.id_key, content)
    asset = dataclasses.replace(
        PHOTOGRAPH,
        tenant=TENANT.name,
        asset=asset_id(TENANT.id_key, keyed, 0),
        content=keyed,
        source_digest=blake3(content).hexdigest(),
        size_bytes=len(content),
        photo=open_upload(path, Caps()).photo,
    )
    async with sources.receive() as received:
        received.write_bytes(content)
        await sources.adopt(TENANT.name, asset.asset, received)
    return await records.add_asset(asset, owner="anna", project=None, capture={})
