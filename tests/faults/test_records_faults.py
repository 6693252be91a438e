"""Records that are locked, damaged, away or of another version."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncConnection

import purge.tables
from origin.adapters.records import Database, SqlRecords, schema, upgrade
from origin.adapters.records.engines import with_driver
from origin.adapters.records.migrate import NEWEST
from origin.errors import RenderFailed, StoreUnavailable
from origin.ports import DesignRecord
from tests.contract.samples import ASSET, PHOTOGRAPH, TENANT, named, with_photo
from tests.faults.programs import said, started

pytestmark = pytest.mark.anyio
TABLES = [schema.metadata, purge.tables.metadata]
TABLE_COUNT = sum(len(part.tables) for part in TABLES) + 1  # and Alembic's own


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_locked_database_refuses_writes_in_bounded_time_and_still_reads(
    records: SqlRecords, records_path: Path
) -> None:
    await with_photo(records)
    with locked(records_path):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            await records.bump_generation("acme", ASSET)
        assert 0.15 < time.monotonic() - began < 2
        assert (caught.value.code, caught.value.status) == ("records.unavailable", 503)
        assert caught.value.kind.retry_after_s
        assert await records.asset("acme", ASSET) == PHOTOGRAPH
    assert await records.bump_generation("acme", ASSET) == 1


async def test_an_error_of_the_records_quotes_no_caption_and_no_owner(
    records: SqlRecords, records_path: Path
) -> None:
    await with_photo(records)
    with closing(sqlite3.connect(records_path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE design_owners")
    design = DesignRecord("acme", "d" * 52, ASSET, b'{"text":"Zuckerwatte"}', "c-4711", 1)
    with pytest.raises(StoreUnavailable) as caught:
        await records.add_design(design)
    words = "".join(traceback.format_exception(caught.value))
    assert "no such table: design_owners" in caught.value.log
    assert "Zuckerwatte" not in words
    assert "c-4711" not in words


async def test_both_kinds_of_writers_of_a_process_take_turns(records_url: str) -> None:
    database = Database(records_url, busy_timeout_s=30)
    try:
        await _both_kinds(database, SqlRecords(database))
    finally:
        await database.close()


async def _both_kinds(database: Database, records: SqlRecords) -> None:
    await with_photo(records)
    forward = "UPDATE assets SET generation = generation + 1"
    short = (database.write_here(lambda one: one.execute(forward).rowcount) for _ in range(20))
    long = (records.bump_generation("acme", ASSET) for _ in range(20))
    each = await asyncio.gather(*(one for pair in zip(short, long, strict=True) for one in pair))
    assert each[::2] == [1] * 20
    assert len(set(each[1::2])) == 20, "two changes saw the same generation"
    assert await records.bump_generation("acme", ASSET) == 41


async def test_a_change_that_asks_nothing_leaves_room_for_the_next(database: Database) -> None:
    async def nothing(connection: object) -> None:
        """Decide that there is nothing to change, as a retry does."""

    def count(connection: sqlite3.Connection) -> int:
        return len(connection.execute("SELECT * FROM tenants").fetchall())

    for _ in range(2):
        await database.write(nothing)
        assert await database.write_here(count) == 0


async def test_a_short_change_that_fails_leaves_nothing_and_holds_no_lock(
    records: SqlRecords, database: Database
) -> None:
    await with_photo(records)

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE assets SET generation = 7")
        raise RenderFailed("render.superseded")

    with pytest.raises(RenderFailed):
        await database.write_here(fail)
    assert await records.bump_generation("acme", ASSET) == 1


async def test_writers_that_queue_behind_a_lock_all_get_an_answer_soon(
    records: SqlRecords, records_path: Path
) -> None:
    await with_photo(records)
    with locked(records_path):
        began = time.monotonic()
        changes = (records.bump_generation("acme", ASSET) for _ in range(20))
        answers = await asyncio.gather(*changes, return_exceptions=True)
        assert time.monotonic() - began < 2
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert await records.bump_generation("acme", ASSET) == 1


async def test_two_processes_that_write_at_once_lose_nothing(
    records_url: str, records: SqlRecords
) -> None:
    await with_photo(records)
    patient = [Database(records_url, busy_timeout_s=30) for _ in range(2)]
    both = [SqlRecords(each) for each in patient]
    changes = (one.bump_generation("acme", ASSET) for one in both * 25)
    answers = await asyncio.gather(*changes, return_exceptions=True)
    for each in patient:
        await each.close()
    assert sorted(map(repr, answers)) == sorted(map(repr, range(1, 51)))


async def test_a_cancelled_write_leaves_no_lock_and_no_half_change(records: SqlRecords) -> None:
    await with_photo(records)
    for number in range(60):
        changing = asyncio.create_task(records.mark_erased("acme", ASSET))
        await asyncio.sleep(number / 20_000)
        changing.cancel()
        await asyncio.wait([changing])
        photo = await records.asset("acme", ASSET)
        assert photo is not None
        assert (photo.generation, photo.thumbhash == "") in ((0, False), (1, True))
    await records.bump_generation("acme", ASSET)


async def test_cancelled_reads_leave_the_records_well(records: SqlRecords) -> None:
    await with_photo(records)
    for number in range(60):
        reading = asyncio.create_task(records.asset("acme", ASSET))
        await asyncio.sleep(number / 50_000)
        reading.cancel()
        await asyncio.wait([reading])
    many = await asyncio.gather(*(records.asset("acme", ASSET) for _ in range(40)))
    assert set(many) == {PHOTOGRAPH}


def damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(8000))
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


async def test_a_damaged_database_is_unavailable_not_empty(
    records_url: str, records_path: Path
) -> None:
    damage(records_path)
    database = Database(records_url)
    with pytest.raises(StoreUnavailable, match=r"records\.unavailable"):
        await SqlRecords(database).asset("acme", ASSET)
    with pytest.raises(StoreUnavailable):
        await database.ping()
    await database.close()


async def test_records_that_were_never_made_are_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none/records.sqlite3")
    with pytest.raises(StoreUnavailable, match=r"records\.unavailable"):
        await database.ping()
    await database.close()


@pytest.mark.parametrize("parent", ["file", "/proc/self"])
def test_a_folder_that_cannot_be_written_is_a_clear_error_at_start(
    tmp_path: Path, parent: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    place = tmp_path / parent / "records.sqlite3"
    with pytest.raises(StoreUnavailable) as caught:
        upgrade(f"sqlite:///{place}")
    assert caught.value.code == "records.unavailable"
    assert str(place.parent) in caught.value.log


def test_a_read_only_disk_is_a_clear_error_at_start(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/records.sqlite3"
    upgrade(url)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreUnavailable, match="Read-only") as caught:
        upgrade(url)
    assert str(small_disk) in caught.value.log


async def test_a_full_disk_refuses_writes_and_still_reads(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/records.sqlite3"
    upgrade(url)
    database = Database(url)
    records = SqlRecords(database)
    await with_photo(records)
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(bytes(4096)):
            pass
    bumps = [partial(records.bump_generation, "acme", ASSET)] * 300
    with pytest.raises(StoreUnavailable, match=r"records\.unavailable"):
        [await bump() for bump in bumps]
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    (small_disk / "ballast").unlink()
    assert await records.bump_generation("acme", ASSET) == photo.generation + 1
    await database.close()


def test_an_unknown_kind_of_records_is_a_clear_error() -> None:
    with pytest.raises(StoreUnavailable, match="no kind of records"):
        upgrade("mysql://somewhere/records")
    with pytest.raises(StoreUnavailable, match="no kind of records"):
        Database("mysql://somewhere/records")


@pytest.mark.parametrize(
    "url", ["junk", "", "sqlite://host/x", "postgresql://anna:secret@host:port/x"]
)
@pytest.mark.parametrize("use", [upgrade, Database])
def test_an_address_that_cannot_be_read_is_a_clear_error_without_its_password(
    use: Callable[[str], object], url: str
) -> None:
    with pytest.raises(StoreUnavailable, match="URL cannot be read") as caught:
        use(url)
    assert caught.value.code == "records.unavailable"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("use", [upgrade, Database])
def test_a_driver_that_is_not_installed_is_named_with_the_way_to_get_it(
    use: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailable, match=r"pip install 'psycopg\[binary\]'") as caught:
        use("postgresql://host/records")
    assert caught.value.code == "records.unavailable"


async def test_records_are_for_our_user_only(records: SqlRecords, records_path: Path) -> None:
    await with_photo(records)
    modes = {path.name: path.stat().st_mode & 0o777 for path in records_path.parent.iterdir()}
    endings = ("", "-wal", "-shm", ".lock")
    assert modes == {f"records.sqlite3{ending}": 0o600 for ending in endings}
    assert records_path.parent.stat().st_mode & 0o777 == 0o700


def test_records_that_others_could_read_are_closed_to_them_at_start(
    records_url: str, records_path: Path
) -> None:
    with closing(sqlite3.connect(records_path)) as connection:
        connection.execute("CREATE TABLE more (number INTEGER)")
        files = [
            records_path.with_name(f"{records_path.name}{end}") for end in ("", "-wal", "-shm")
        ]
        for path in files:
            path.chmod(0o644)
        upgrade(records_url)
        assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * 3


def test_records_of_a_newer_program_are_refused_by_name(
    records_url: str, records_path: Path
) -> None:
    with closing(sqlite3.connect(records_path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="version 9999"):
        upgrade(records_url)


@pytest.mark.parametrize("kind", ["records_url", "postgres_url"])
def test_the_migrations_make_exactly_the_tables_that_the_code_uses(
    kind: str, request: pytest.FixtureRequest
) -> None:
    engine = create_engine(with_driver(request.getfixturevalue(kind)))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, TABLES) == []  # type: ignore[arg-type]  # or several
    engine.dispose()


def test_the_newest_version_that_the_code_names_is_the_newest_there_is() -> None:
    folder = Path(__file__).parents[2] / "origin/adapters/migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [NEWEST]


async def test_upgrading_again_changes_nothing(records_url: str, records: SqlRecords) -> None:
    await with_photo(records)
    upgrade(records_url)
    assert await records.asset("acme", ASSET) == PHOTOGRAPH


async def test_four_processes_that_start_at_once_on_new_records_all_succeed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        starting = [stack.enter_context(started("migrate", tmp_path)) for _ in range(4)]
        assert [[said(process) for _ in range(2)] for process in starting] == [
            ["begins", "done"]
        ] * 4
    database = Database(f"sqlite:///{tmp_path}/records.sqlite3")
    await SqlRecords(database).add_tenant(TENANT)
    await database.close()


def test_a_migration_that_is_killed_is_done_by_the_next_start(tmp_path: Path) -> None:
    found = set()
    for step in range(5):
        folder = tmp_path / str(step)
        with started("migrate", folder) as process:
            said(process)
            time.sleep(step * 0.08)
        found.add(tables(folder / "records.sqlite3"))
        upgrade(f"sqlite:///{folder}/records.sqlite3")
        assert tables(folder / "records.sqlite3") == TABLE_COUNT
    assert found <= {0, TABLE_COUNT}, "all tables or none"


def tables(path: Path) -> int:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        return int(connection.execute(query).fetchone()[0])


async def test_a_commit_is_on_the_disk_in_the_wal_when_it_is_said(
    records: SqlRecords, records_path: Path
) -> None:
    with closing(sqlite3.connect(records_path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    async def settings(connection: AsyncConnection) -> list[object]:
        names = ("synchronous", "foreign_keys")
        return [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in names]

    assert await records._database.write(settings) == [2, 1]


async def test_a_listing_of_thousands_keeps_its_order(records: SqlRecords) -> None:
    await with_photo(records)
    await records.add_asset(named("z"), owner="anna", project="book", capture={"make": "X"})
    photos = await records.assets("acme")
    assert [photo.asset[0] for photo in photos] == ["b", "z"]
