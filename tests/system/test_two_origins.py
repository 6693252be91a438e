"""Two origins on two hosts' worth of folders share one S3 and one PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest

from origin.adapters.disk import Disk
from origin.adapters.orphans import sweep
from origin.adapters.records import Database, SqlRecords
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.sources import S3Sources
from tests.images.photos import photo_jpeg, photo_pixels
from tests.postgres import Cluster
from tests.s3 import BUCKET, CREDENTIALS, REGION, Gateway
from tests.system.server import TENANT, Server, free_ports, server
from tests.system.test_kills import _png_with_alpha

pytestmark = pytest.mark.xdist_group("two-origins")
T = TypeVar("T")
#: News of a purge is at most EDGEPROOF_EPOCH_POLL_S old, 0.2 s; a busy machine may need longer.
SEEN_S = 20.0


@dataclass
class Shared:
    """What both origins use, and both of them."""

    one: Server
    other: Server
    records_url: str
    store: S3Address

    def both(self, asset: str, leaf: str) -> list[httpx2.Response]:
        """Ask each origin for the same signed preview."""
        url = self.one.url(asset, leaf)
        there = url.replace(self.one.public_url, self.other.public_url)
        return [self.one.http.get(url), self.other.http.get(there)]

    def until(self, asset: str, leaf: str, holds: Callable[[httpx2.Response], bool]) -> None:
        """Ask both until each has seen the news."""
        deadline = time.monotonic() + SEEN_S
        while not all(map(holds, answers := self.both(asset, leaf))):
            assert time.monotonic() < deadline, [answer.headers for answer in answers]
            time.sleep(0.05)

    def change(self, work: Callable[[SqlRecords], Awaitable[T]]) -> T:
        """Change the records from here, as a command or a third origin would."""

        async def run() -> T:
            database = Database(self.records_url)
            try:
                return await work(SqlRecords(database))
            finally:
                await database.close()

        return asyncio.run(run())


@contextmanager
def beside(first: Server, data_dir: Path) -> Iterator[Server]:
    """Run one more origin with the settings of the first, on a folder and ports of its own."""
    data_dir.mkdir()
    public_port, private_port = free_ports(2)
    environment = first.environment | {
        "EDGEPROOF_DATA_DIR": str(data_dir),
        "EDGEPROOF_PUBLIC_BIND": f"127.0.0.1:{public_port}",
        "EDGEPROOF_PRIVATE_BIND": f"127.0.0.1:{private_port}",
        "EDGEPROOF_KEY_RING": str(first.data_dir / "keys" / "ring.json"),
    }
    running = Server(data_dir, public_port, private_port, environment, token=first.token)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.http.close()


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, postgres_cluster: Cluster, s3_gateway: Gateway
) -> Iterator[Shared]:
    """Start two origins once for the tests of this file: each test takes in a photo of its own."""
    database = postgres_cluster.new_database("migrated")
    url, folder = postgres_cluster.url(database), tmp_path_factory.mktemp("origins")
    store = S3Address(BUCKET, f"{folder.name}/", s3_gateway.endpoint, REGION)
    settings = {
        "database_url": url,
        "store_url": f"s3://{store.bucket}/{store.prefix}",
        "s3_endpoint": s3_gateway.endpoint,
        "workers": "1",
        "exposes_details": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        with server(folder / "one", **settings) as one, beside(one, folder / "other") as other:
            yield Shared(one, other, url, store)
    postgres_cluster.drop(database)


def files_of(gateway: Gateway, store: S3Address, asset: str) -> list[Path]:
    """Return what S3 holds of a photo."""
    stored = (gateway.files / store.prefix).rglob("*")
    return [path for path in stored if path.is_file() and asset in path.parts]


def test_what_one_origin_takes_in_both_show_purge_and_erase(
    shared: Shared, s3_gateway: Gateway
) -> None:
    asset = shared.one.asset(photo_jpeg(901, 601, 11))
    first, again = shared.both(asset, "w_320.jpg")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.headers["server-timing"].startswith("hit;desc=render")
    assert again.headers["server-timing"].startswith("hit;desc=disk"), "the other's bytes"
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]

    assert shared.change(lambda records: records.bump_generation(TENANT, asset)) == 1
    shared.until(asset, "w_320.jpg", lambda answer: answer.headers["edgeproof-generation"] == "1")

    assert len(files_of(s3_gateway, shared.store, asset)) >= 3
    shared.change(lambda records: records.mark_erased(TENANT, asset))
    shared.until(asset, "w_320.jpg", lambda answer: answer.status_code == 410)
    assert {answer.json()["code"] for answer in shared.both(asset, "info.json")} == {"asset.erased"}
    assert shared.change(lambda records: swept(shared, records)) >= 1
    assert files_of(s3_gateway, shared.store, asset) == []


def test_a_picture_from_its_source_is_made_where_the_source_was_not_taken_in(
    shared: Shared,
) -> None:
    asset = shared.one.asset(_png_with_alpha(photo_pixels(901, 601, 3)))
    answer = shared.other.http.get(
        shared.one.url(asset, "w_320.png").replace(shared.one.public_url, shared.other.public_url)
    )
    assert answer.status_code == 200
    assert answer.headers["server-timing"].startswith("hit;desc=render")
    copies = [path for path in (shared.other.data_dir / "objects").rglob("*") if path.is_file()]
    assert len(copies) == 1, "the copy that the worker read, and nothing else"
    assert shared.other.stop() == 0
    assert not copies[0].exists()
    shared.other.start()


async def swept(shared: Shared, records: SqlRecords) -> int:
    """Sweep as an origin does at its start; return how many photos left something."""
    disk = Disk(shared.one.data_dir / "sweep")
    async with open_bucket(shared.store, S3Limits()) as bucket:
        sources = S3Sources(bucket, disk, copies_bytes=0)
        removed = await sweep(sources, S3Objects(bucket), records)
        await sources.close()
    disk.close()
    return removed


def test_the_same_picture_asked_of_both_at_once_is_the_same_bytes(shared: Shared) -> None:
    asset = shared.one.asset(photo_jpeg(901, 601, 12))

    async def ask(leaf: str) -> list[httpx2.Response]:
        url = shared.one.url(asset, leaf)
        there = url.replace(shared.one.public_url, shared.other.public_url)
        async with httpx2.AsyncClient(timeout=60) as http:
            return await asyncio.gather(*(http.get(each) for each in (url, there) * 4))

    for width in (200, 400, 800):
        answers = asyncio.run(ask(f"w_{width}.webp"))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.headers["etag"] for answer in answers}) == 1


def test_a_render_here_that_a_purge_there_overtook_is_made_anew(shared: Shared) -> None:
    asset = shared.one.asset(photo_jpeg(901, 601, 13))
    for index in range(8):
        acknowledged = shared.change(lambda records: records.bump_generation(TENANT, asset))
        leaf = f"w_320,c_{index}_0_90000_90000.jpg"
        shared.until(
            asset,
            leaf,
            lambda answer, at_least=acknowledged: (  # type: ignore[misc] # a default of its own
                int(answer.headers["edgeproof-generation"]) >= at_least
            ),
        )


def test_a_bucket_that_is_missing_is_named_at_start_and_a_good_one_by_the_check(
    shared: Shared,
) -> None:
    public_port, private_port = free_ports(2)
    environment = shared.other.environment | {
        "EDGEPROOF_STORE_URL": "s3://no-such-bucket/x",
        "EDGEPROOF_PUBLIC_BIND": f"127.0.0.1:{public_port}",
        "EDGEPROOF_PRIVATE_BIND": f"127.0.0.1:{private_port}",
    }
    lost = Server(shared.other.data_dir, public_port, private_port, environment)
    ended = lost.run("serve", check=False)
    assert ended.returncode != 0
    assert "NoSuchBucket" in ended.stdout + ended.stderr, ended.stderr[-500:]
    well = shared.other.run("config", "check", check=False)
    assert f"s3://{shared.store.bucket}/{shared.store.prefix}" in well.stderr
    assert "conditional writes work" in well.stderr
    lost.http.close()
