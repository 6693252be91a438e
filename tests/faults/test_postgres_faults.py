"""PostgreSQL that goes away, stands still or is asked by many at once."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.errors import OriginError, RenderFailed, StoreUnavailable
from tests.contract.samples import (
    ASSET,
    PHOTOGRAPH,
    TENANT,
    derivative,
    derivative_name,
    named,
    with_photo,
)
from tests.postgres import Cluster, cluster

pytestmark = pytest.mark.anyio
PATIENCE_S = 60.0  # of a busy machine; nothing waits that long when all is well


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A server that these tests stop and start."""
    with cluster() as made:
        yield made


@pytest.fixture
def own_url(own: Cluster) -> Iterator[str]:
    name = own.new_database()
    upgrade(own.url(name))
    yield own.url(name)
    own.drop(name)


@pytest.fixture
async def records(own_url: str) -> AsyncIterator[SqlRecords]:
    database = Database(own_url, timeout_s=1)
    yield SqlRecords(database)
    await database.close()


@contextmanager
def frozen(server: Cluster) -> Iterator[None]:
    """Stop every process of the server: its connections stay open and say nothing."""
    assert server.process is not None
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    everyone = [parent, *map(int, children)]
    for pid in everyone:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in everyone:
            os.kill(pid, signal.SIGCONT)


async def test_a_restart_is_503_while_it_lasts_and_forgotten_after_it(
    own: Cluster, records: SqlRecords
) -> None:
    await with_photo(records)
    await asyncio.gather(*(records.asset("acme", ASSET) for _ in range(8)))
    own.stop()
    for question in (records.asset("acme", ASSET), records.bump_generation("acme", ASSET)):
        with pytest.raises(StoreUnavailable) as caught:
            await question
        assert (caught.value.code, caught.value.status) == ("records.unavailable", 503)
        assert caught.value.kind.retry_after_s
    own.start()
    assert await records.asset("acme", ASSET) == PHOTOGRAPH
    assert await records.bump_generation("acme", ASSET) == 1


async def test_connections_that_a_restart_cut_cost_no_question_and_no_change(
    own: Cluster, records: SqlRecords
) -> None:
    await with_photo(records)
    await asyncio.gather(*(records.asset("acme", ASSET) for _ in range(8)))
    own.stop()
    own.start()
    found = await asyncio.gather(*(records.asset("acme", ASSET) for _ in range(8)))
    assert found == [PHOTOGRAPH] * 8
    assert await records.bump_generation("acme", ASSET) == 1


async def test_what_was_acknowledged_before_a_crash_is_there_whole_and_nothing_is_in_half(
    own: Cluster, records: SqlRecords
) -> None:
    await records.add_tenant(TENANT)
    taken: set[str] = set()
    letters = iter("bcdefghijklmnopqrstuvwxyz234567" * 2)

    async def take(letter: str) -> None:
        photo = named(letter, content=f"{letter}{len(taken)}")
        try:
            await records.add_asset(photo, owner="anna", project="book", capture={"make": "X"})
            taken.add(photo.asset)
        except StoreUnavailable:
            return

    for _ in range(3):
        work = [asyncio.create_task(take(next(letters))) for _ in range(10)]
        await work[0]
        own.stop()
        await asyncio.gather(*work)
        own.start()
    stored = {photo.asset for photo in await records.assets("acme")}
    assert taken <= stored
    for asset in stored:
        assert await records.capture("acme", asset) == {"make": "X"}
        assert asset in await records.assets_of_project("acme", "book")


async def test_a_server_that_stands_still_is_given_up_and_asked_again_when_it_goes_on(
    own: Cluster, records: SqlRecords
) -> None:
    await with_photo(records)
    with frozen(own):
        questions = [records.asset("acme", ASSET) for _ in range(12)]
        answers = await asyncio.wait_for(
            asyncio.gather(*questions, return_exceptions=True), PATIENCE_S
        )
        assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert await records.asset("acme", ASSET) == PHOTOGRAPH


async def test_a_change_behind_a_lock_is_refused_in_bounded_time_and_questions_go_on(
    own_url: str, records: SqlRecords
) -> None:
    await with_photo(records)
    with psycopg.connect(own_url) as other:
        other.execute("SELECT * FROM assets FOR UPDATE")
        changes = [records.bump_generation("acme", ASSET) for _ in range(20)]
        waiting = asyncio.gather(*changes, return_exceptions=True)
        assert await records.asset("acme", ASSET) == PHOTOGRAPH
        answers = await asyncio.wait_for(waiting, PATIENCE_S)
        assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert await records.bump_generation("acme", ASSET) == 1


async def test_a_cancelled_change_leaves_no_lock_and_no_half_change(records: SqlRecords) -> None:
    await with_photo(records)
    for number in range(40):
        changing = asyncio.create_task(records.mark_erased("acme", ASSET))
        await asyncio.sleep(number / 4_000)
        changing.cancel()
        await asyncio.wait([changing])
        photo = await records.asset("acme", ASSET)
        assert photo is not None
        assert (photo.generation, photo.thumbhash == "") in ((0, False), (1, True))
    await records.bump_generation("acme", ASSET)


async def test_a_purge_beats_every_render_of_two_origins_on_one_database(
    own_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        databases = [Database(own_url), Database(own_url)]
        for database in databases:
            stack.push_async_callback(database.close)
        disk = Disk(tmp_path / "objects")
        stack.callback(disk.close)
        one, other = (SqlRecords(database) for database in databases)
        stores = [StoredDerivatives(FileObjects(disk), records) for records in (one, other)]
        await with_photo(one)
        names = [derivative_name(f"w_{number}.jpg") for number in range(4)]
        is_over = asyncio.Event()
        kept: list[int] = []
        codes: set[str] = set()

        async def render(store: StoredDerivatives, records: SqlRecords) -> None:
            turn = 0
            while not is_over.is_set():
                photo = await records.asset("acme", ASSET)
                assert photo is not None
                turn += 1
                name, generation = names[turn % len(names)], photo.generation
                made = derivative(b"%d" % generation, generation=generation)
                try:
                    stored = await store.put(name, made)
                except RenderFailed as failure:
                    codes.add(failure.code)
                else:
                    kept.append(stored.generation)
                    assert stored.content == b"%d" % stored.generation

        async def purge() -> None:
            for number in range(1, 31):
                bump = (one, other)[number % 2].bump_generation("acme", ASSET)
                assert await bump == number
                for name in names:  # nothing older is found from now on, whoever made it
                    for store in stores:
                        found = await store.get(name, generation=number)
                        assert found is None or found.generation >= number
            is_over.set()

        await asyncio.gather(
            purge(), *(render(stores[i % 2], (one, other)[i % 2]) for i in range(4))
        )
        assert kept
        assert codes <= {"render.superseded"}


async def test_touches_puts_purges_and_an_erase_at_once_never_wait_in_a_circle(
    own_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        database = Database(own_url)
        stack.push_async_callback(database.close)
        disk = Disk(tmp_path / "objects")
        stack.callback(disk.close)
        records = SqlRecords(database)
        store = StoredDerivatives(FileObjects(disk), records)
        photos = [await with_photo(records, named(letter)) for letter in "bcde"]
        names = [
            derivative_name(f"w_{number}{photo.asset[0]}.jpg", asset=photo.asset)
            for photo in photos
            for number in range(5)
        ]
        touched = {name.key: 1_800_000_000 for name in names}
        is_over = asyncio.Event()
        refusals: list[tuple[str, str]] = []

        async def until_over(work: object) -> int:
            turns = 0
            while not is_over.is_set():
                try:
                    await work()  # type: ignore[operator]  # a coroutine function
                except OriginError as error:
                    refusals.append((error.code, error.log))
                turns += 1
            return turns

        async def put() -> None:
            for name in names[::3]:
                await store.put(name, derivative())

        async def bump() -> None:
            await records.bump_generations([(photo.tenant, photo.asset) for photo in photos])

        work = [
            asyncio.create_task(until_over(each))
            for each in (
                put, put, lambda: records.touch_derivatives(touched), bump,
                lambda: records.touch_derivatives(touched),
            )
        ]  # fmt: skip
        for photo in photos:
            await asyncio.sleep(0.2)
            await records.mark_erased(photo.tenant, photo.asset)
        is_over.set()
        assert all(turns > 0 for turns in await asyncio.gather(*work))
        assert {code for code, _ in refusals} <= {"render.superseded"}, refusals


async def test_records_that_are_not_there_are_unavailable_with_the_reason(own: Cluster) -> None:
    for url in (own.url("nowhere"), own.url("postgres").replace(own.password[-8:], "wrong")):
        database = Database(url)
        with pytest.raises(StoreUnavailable, match=r"nowhere|password"):
            await database.ping()
        await database.close()
        with pytest.raises(StoreUnavailable) as caught:
            upgrade(url)
        assert own.password not in str(caught.value)


async def test_four_origins_that_start_at_once_on_a_bare_database_all_succeed(
    bare_postgres_url: str,
) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, bare_postgres_url) for _ in range(4)))
    database = Database(bare_postgres_url)
    await SqlRecords(database).add_tenant(TENANT)
    await database.close()


async def test_records_of_a_newer_program_are_refused_by_name(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="version 9999"):
        upgrade(postgres_url)


async def test_an_address_may_set_what_the_server_is_told(postgres_url: str) -> None:
    database = Database(f"{postgres_url}?application_name=shop&options=-c%20statement_timeout%3D50")
    began = time.monotonic()
    with psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE epoch")
        with pytest.raises(StoreUnavailable, match="statement timeout"):
            await database.ping()
    assert time.monotonic() - began < PATIENCE_S
    await database.close()
