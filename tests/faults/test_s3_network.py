"""S3 that is dead, silent, slow, or cut off in the middle of a body: said plainly, nothing half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from origin.adapters.disk import Disk
from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.bucket import Bucket
from origin.adapters.s3.connection import open_bucket
from origin.adapters.s3.objects import S3Objects
from origin.adapters.s3.sources import S3Sources
from origin.errors import StoreUnavailable
from tests.s3 import Gateway, Toxiproxy, toxiproxy

pytestmark = pytest.mark.anyio
NAME = "acme/masters/aaa/e/640"
LARGE = b"\xff\xd8" + bytes(range(256)) * 12_000
#: Short, so that the tests are; everything must end in a few times ``operation_s``.
LIMITS = S3Limits(connect_s=0.5, read_s=0.5, attempts=2, operation_s=2.0, transfer_s=2.0)
#: Not a measure of speed: whoever hangs does not end before this.
HANGS_S = 60.0


@pytest.fixture(scope="module")
def proxy(s3_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toxiproxy]:
    with toxiproxy(s3_gateway.port, tmp_path_factory.mktemp("toxiproxy")) as proxy:
        yield proxy


@pytest.fixture
async def bucket(s3_store: S3Address, proxy: Toxiproxy) -> AsyncIterator[Bucket]:
    proxy.heal()
    async with open_bucket(replace(s3_store, endpoint=proxy.endpoint), LIMITS) as bucket:
        yield bucket
    proxy.heal()


@pytest.fixture
def damaged() -> list[str]:
    return []


@pytest.fixture
def objects(bucket: Bucket, damaged: list[str]) -> S3Objects:
    return S3Objects(bucket, on_damage=damaged.append)


@pytest.fixture
async def sources(bucket: Bucket, disk: Disk) -> AsyncIterator[S3Sources]:
    sources = S3Sources(bucket, disk, copies_bytes=0)
    yield sources
    await sources.close()


async def keep(sources: S3Sources, content: bytes = LARGE) -> None:
    async with sources.receive() as path:
        path.write_bytes(content)
        await sources.adopt("acme", "aaa", path)


async def stored(sources: S3Sources) -> bytes | None:
    async with sources.local_path("acme", "aaa") as path:
        return None if path is None else path.read_bytes()


def scratch(root: Path) -> list[Path]:
    return list((root / ".tmp").glob("*/*"))


def files(gateway: Gateway, store: S3Address) -> list[Path]:
    return [path for path in (gateway.files / store.prefix).rglob("*") if path.is_file()]


async def all_refused(asks: list[Callable[[], Awaitable[object]]]) -> None:
    """Ask everything; each must be StoreUnavailable in its time, and never "absent"."""
    async with asyncio.timeout(HANGS_S):
        answers = await asyncio.gather(*(ask() for ask in asks), return_exceptions=True)
    for answer in answers:
        assert isinstance(answer, StoreUnavailable), answer
        assert answer.code == "store.unavailable"
        assert answer.kind.retry_after_s


def everything(objects: S3Objects, sources: S3Sources) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: objects.get(NAME),
        lambda: objects.get("acme/masters/never/e/640"),
        lambda: objects.put("acme/masters/new/e/640", b"new"),
        lambda: objects.delete(NAME),
        lambda: objects.delete_prefix("acme/masters/aaa/"),
        lambda: objects.folders("acme/masters/"),
        lambda: stored(sources),
        lambda: keep(sources),
        lambda: sources.delete("acme", "aaa"),
        lambda: sources.ages_s("acme"),
        lambda: sources.delete_older_than("acme", "aaa", 0),
    ]


@pytest.mark.parametrize("how", ["dead", "silent"])
async def test_a_store_that_cannot_be_asked_is_unavailable_and_comes_back_by_itself(
    objects: S3Objects, sources: S3Sources, proxy: Toxiproxy, how: str
) -> None:
    await objects.put(NAME, b"kept")
    await keep(sources)
    if how == "dead":
        proxy.disable()
    else:
        proxy.add("timeout", stream="upstream", timeout=0)
    await all_refused(everything(objects, sources))
    proxy.heal()
    assert await objects.get(NAME) == b"kept"
    assert await objects.get("acme/masters/never/e/640") is None
    assert await stored(sources) == LARGE


async def test_an_answer_that_drips_is_given_up_at_its_deadline(
    objects: S3Objects, sources: S3Sources, proxy: Toxiproxy, damaged: list[str]
) -> None:
    await objects.put(NAME, LARGE)
    await keep(sources)
    proxy.add("bandwidth", rate=20)
    await all_refused([lambda: objects.get(NAME), lambda: stored(sources)])
    proxy.heal()
    assert damaged == []
    assert await objects.get(NAME) == LARGE


async def test_a_body_that_is_cut_on_the_way_down_is_not_taken_for_damage(
    objects: S3Objects, sources: S3Sources, proxy: Toxiproxy, damaged: list[str], root: Path
) -> None:
    await objects.put(NAME, LARGE)
    await keep(sources)
    proxy.add("limit_data", bytes=500_000)
    await all_refused([lambda: objects.get(NAME), lambda: stored(sources)])
    assert (damaged, scratch(root)) == ([], [])
    proxy.heal()
    assert await objects.get(NAME) == LARGE
    assert await stored(sources) == LARGE


async def test_a_body_that_is_cut_on_the_way_up_leaves_nothing(
    objects: S3Objects,
    sources: S3Sources,
    proxy: Toxiproxy,
    s3_gateway: Gateway,
    s3_store: S3Address,
) -> None:
    proxy.add("limit_data", stream="upstream", bytes=500_000)
    await all_refused([lambda: objects.put(NAME, LARGE), lambda: keep(sources)])
    proxy.heal()
    assert files(s3_gateway, s3_store) == []
    assert await objects.get(NAME) is None
    assert await stored(sources) is None
    assert await objects.put(NAME, LARGE) == LARGE
    await keep(sources)
    assert await stored(sources) == LARGE


async def test_a_connection_that_is_reset_once_costs_nothing(
    objects: S3Objects, proxy: Toxiproxy
) -> None:
    await objects.put(NAME, b"kept")
    proxy.disable()  # cuts the connection that the client keeps open
    proxy.enable()
    assert await objects.get(NAME) == b"kept"


async def test_more_callers_than_connections_take_turns(
    s3_store: S3Address, objects: S3Objects
) -> None:
    await objects.put(NAME, LARGE)
    limits = S3Limits(connections=2, operation_s=HANGS_S)
    async with open_bucket(s3_store, limits) as narrow:
        got = await asyncio.gather(*(S3Objects(narrow).get(NAME) for _ in range(40)))
    assert set(got) == {LARGE}
