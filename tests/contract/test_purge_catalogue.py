"""The catalogue finds the photos of each subject in the origin's records, and moves them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from edgeproof.purge_catalogue import SqlCatalogue
from edgeproof.purge_unknown import unknown_tags
from edgeproof.purging import PurgeRecords
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.adapters.records.schema import derivatives
from origin.ports import DesignRecord
from purge.values import Subject, What
from tests.contract.samples import ASSET, PHOTOGRAPH, TENANT

pytestmark = pytest.mark.anyio
OTHER, DESIGN = "m" * 51 + "q", "d" * 51 + "a"
ONE, TWO = f"acme/{ASSET}", f"acme/{OTHER}"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["SQLite", "PostgreSQL"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Two photos of anna's, one of them in a book, with a design and pictures of two presets."""
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    if request.param == "PostgreSQL":
        url = str(request.getfixturevalue("postgres_url"))
    else:
        upgrade(url)
    database = Database(url)
    records = SqlRecords(database)
    await records.add_tenant(TENANT)
    photo = replace(PHOTOGRAPH, tenant="acme", asset=ASSET)
    await records.add_asset(photo, owner="anna", project="book", capture={})
    second = replace(photo, asset=OTHER, content="f" * 64)
    await records.add_asset(second, owner="anna", project=None, capture={})
    await records.add_design(DesignRecord("acme", DESIGN, ASSET, b"{}", "anna", 1))
    await database.write(_pictures)
    yield database
    await database.close()


async def _pictures(connection: AsyncConnection) -> None:
    for key, asset, leaf in (("1", ASSET, "t_card~1.webp"), ("2", OTHER, "t_card~12,w_320.webp")):
        row = {
            "key": key,
            "tenant": "acme",
            "asset": asset,
            "ext": "webp",
            "digest": "",
            "engine": "e",
        }
        row |= {"path": f"/v1/acme/{asset}/{leaf}"}
        numbers = {"size_bytes": 1, "generation": 0, "last_used_s": 0}
        await connection.execute(insert(derivatives).values(row | numbers))


CASES = {
    "an asset": (Subject(What.ASSET, "acme", ASSET), [ONE]),
    "an asset of another shop": (Subject(What.ASSET, "other", ASSET), []),
    "an owner": (Subject(What.OWNER, "acme", "anna"), [ONE, TWO]),
    "an unknown owner": (Subject(What.OWNER, "acme", "ben"), []),
    "a project": (Subject(What.PROJECT, "acme", "book"), [ONE]),
    "a design": (Subject(What.DESIGN, "acme", DESIGN), [ONE]),
    "a preset, not the one whose number begins alike": (
        Subject(What.PRESET, "acme", "card~1"),
        [ONE],
    ),
    "a preset with ops after it": (Subject(What.PRESET, "acme", "card~12"), [TWO]),
    "a tag of an asset": (Subject(What.TAG, name=f"a-{OTHER}"), [TWO]),
    "a tag of a design": (Subject(What.TAG, name=f"d-{DESIGN}"), [ONE]),
    "a tag of a preset": (Subject(What.TAG, name="t-acme.card~12"), [TWO]),
    "a URL": (Subject(What.URL, name=f"https://img.example/v1/acme/{ASSET}/w_64.jpg?sig=1"), [ONE]),
    "a prefix": (Subject(What.PREFIX, name=f"/v1/acme/{OTHER}/"), [TWO]),
    "a prefix of another shop": (Subject(What.PREFIX, name=f"/v1/other/{OTHER}/"), []),
}


@pytest.mark.parametrize("case", CASES)
async def test_the_photos_of_a_subject_are_found(database: Database, case: str) -> None:
    subject, names = CASES[case]
    found = await database.write(lambda connection: SqlCatalogue().assets(connection, [subject]))
    assert sorted(found.get(subject, [])) == names


async def test_the_generations_of_named_photos_move_with_the_epoch(database: Database) -> None:
    records = SqlRecords(database)
    before = await records.epoch()
    named = [ONE, TWO, "acme/unknown"]
    moved = await database.write(lambda connection: SqlCatalogue().bump(connection, named))
    assert moved == dict.fromkeys([ONE, TWO], PHOTOGRAPH.generation + 1)
    assert await records.epoch() == before + 1
    photo = await records.asset("acme", ASSET)
    assert photo is not None
    assert photo.generation == PHOTOGRAPH.generation + 1


@pytest.mark.parametrize(
    ("tenant", "names"), [("acme", {ONE, TWO}), ("", {ONE, TWO}), ("x", set())]
)
async def test_the_generations_of_a_shop_move_at_once(
    database: Database, tenant: str, names: set[str]
) -> None:
    moved = await database.write(lambda connection: SqlCatalogue().bump_all(connection, tenant))
    assert moved == dict.fromkeys(names, PHOTOGRAPH.generation + 1)


async def test_nothing_moves_the_epoch_when_nothing_is_known(database: Database) -> None:
    before = await SqlRecords(database).epoch()
    await database.write(lambda connection: SqlCatalogue().bump(connection, ["acme/unknown"]))
    assert await SqlRecords(database).epoch() == before
    assert await database.rows(select(derivatives.c.key).where(derivatives.c.key == "3")) == []


async def test_tags_that_nothing_here_carries_are_named(database: Database) -> None:
    known = (f"a-{ASSET}", f"d-{DESIGN}", "n-acme", "t-acme.card~7", "e-v8.18.7-p1", "all")
    strange = ("x-1", "a-short", "a-" + "z" * 51 + "q", "d-" + "z" * 51 + "a", "n-other")
    records, purges = SqlRecords(database), PurgeRecords(database)
    subjects = [Subject(What.TAG, "", tag) for tag in (*known, *strange)]
    assert set(await unknown_tags(records, purges, subjects)) == set(strange)
    assert await unknown_tags(records, purges, [Subject(What.ASSET, "acme", "b" * 52)]) == []
    many = [Subject(What.TAG, "", f"a-{number}") for number in range(2_000)]
    assert len(await unknown_tags(records, purges, many)) == 2_000, "by their form alone"
