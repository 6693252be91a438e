"""A delete at the origin that comes late never removes what was published after the purge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.host_locks import FileLocks
from origin.adapters.memory import MemorySources
from origin.adapters.records import Database
from origin.adapters.records.schema import derivatives as derivative_rows
from origin.adapters.sealed import Note
from origin.adapters.stores import KeptObjects
from origin.adapters.wipe import Wiped
from origin.erasure import ErasedPhoto, Erasure, Kind, Outcome
from origin.flow.erase import Erase, EraseParts
from tests.contract.conftest import kept_objects
from tests.contract.erasing import NOW_S, Clocked, Told, design, owner, photo
from tests.contract.samples import TENANT, derivative, derivative_name

pytestmark = pytest.mark.anyio


class NoWipe:
    """The records' files are no matter here."""

    async def wipe(self) -> Wiped:
        return Wiped("", ())


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def records_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["files", "bucket"])
def kept(request: pytest.FixtureRequest) -> KeptObjects:
    return kept_objects(request)


@pytest.fixture
async def shop(database: Database) -> Clocked:
    records = Clocked(database)
    await records.add_tenant(TENANT)
    return records


@pytest.fixture
async def store(kept: KeptObjects, shop: Clocked) -> AsyncIterator[StoredDerivatives]:
    store = StoredDerivatives(kept, shop)
    yield store
    await store.close()


async def test_an_erase_that_goes_on_later_spares_what_others_had_made_anew(
    shop: Clocked, kept: KeptObjects, store: StoredDerivatives, tmp_path: Path
) -> None:
    asset = await photo(shop, "b", ("anna", None), ("ben", None))
    await design(shop, "k", asset, "anna")
    old, both = (derivative_name(leaf, asset=asset) for leaf in ("w_160.jpg", "w_640.jpg"))
    for name in (old, both):
        await store.put(name, derivative(b"old"))
    erasure = Erasure("e-1", "acme", Kind.OWNER, "subject", "ops", "ticket 7", NOW_S)
    erasure = await shop.begin_erasure(erasure)
    (released,) = await shop.erase_page(erasure, owner("anna"), [asset], Told())
    assert (released.outcome, released.generation) == (Outcome.RELEASED, 1)
    # The erase is cut off here. Ben's page is looked at; then the erase goes on.
    made = derivative(b"new", generation=1)
    assert await store.put(both, made) == made
    locks = FileLocks(tmp_path / "locks")
    erase = Erase(EraseParts(shop, MemorySources(tmp_path), kept, locks, NoWipe()))
    told: list[ErasedPhoto] = []
    await erase.run(erasure, owner("anna"), Told(), lambda _, photo: told.append(photo))
    locks.close()
    assert await store.get(both, generation=1) == made
    assert await kept.read(old.object_name) is None
    (left,) = await shop.erased_photos("e-1")
    assert left.removed == {"derivatives": 1}


async def test_a_file_without_a_row_is_not_removed_when_a_later_render_has_its_name(
    shop: Clocked,
    kept: KeptObjects,
    store: StoredDerivatives,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asset = await photo(shop, "b", ("anna", None))
    name, made = derivative_name(asset=asset), derivative(b"new", generation=1)
    await store.put(name, derivative(b"old"))
    await store.flush()

    async def lose(connection: Any) -> None:
        await connection.execute(delete(derivative_rows))

    await database.write(lose)  # as a crash does
    assert await store.get(name, generation=0) is not None
    look = shop.touch_derivatives

    async def purged_meanwhile(used_at_s: Mapping[str, int]) -> set[str]:
        missing = await look(used_at_s)
        await shop.bump_generation("acme", asset)
        await StoredDerivatives(kept, shop).put(name, made)
        return missing

    with monkeypatch.context() as patched:
        patched.setattr(shop, "touch_derivatives", purged_meanwhile)
        await store.flush()
    assert await store.get(name, generation=1) == made


async def test_a_put_that_fails_takes_back_its_own_bytes_only(kept: KeptObjects) -> None:
    name = derivative_name().object_name

    async def overtaken() -> None:
        async with kept.staged(name, b"old", note(b"old", 0), lambda _: False) as staged:
            await staged.publish()
            is_newer = lambda found: found.generation > 0  # noqa: E731 - one line
            async with kept.staged(name, b"new", note(b"new", 1), is_newer) as later:
                await later.publish()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await overtaken()
    found = await kept.read(name)
    assert found is not None
    assert found[0] == b"new"


def note(content: bytes, generation: int) -> Note:
    return Note(bytes.fromhex(derivative(content).digest), generation=generation)
