"""A shop with a clock, for the suites of erases: photos, designs, previews, erases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from origin.adapters.records import Database, SqlRecords
from origin.adapters.records.derivatives import DerivativeRow
from origin.erasure import Announcement, ErasedPhoto, Erasure, Kind, Outcome, Scope
from origin.ports import DesignRecord
from tests.contract.samples import derivative_name, named

NOW_S = 1_800_000_000
DAY_S = 86_400
A = "b" * 51 + "a"
LOOK = b'{"caption":{"text":"Zoe"}}'
ERASED, RELEASED, KEPT = Outcome.ERASED, Outcome.RELEASED, Outcome.KEPT


class Clocked(SqlRecords):
    """Records whose clock a test moves."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, now=lambda: self.now_s)
        self.now_s = float(NOW_S)


class Told:
    """What was announced; a number for each."""

    def __init__(self) -> None:
        self.all: list[Announcement] = []

    async def __call__(self, connection: Any, announcement: Announcement) -> str:
        assert connection is not None
        self.all.append(announcement)
        return f"order-{len(self.all)}"


async def photo(
    shop: SqlRecords, letter: str, *has: tuple[str, str | None], retention: str = "project"
) -> str:
    """Take a photo in for (owner, project) after (owner, project)."""
    asset = named(letter, retention=retention)
    for owner, project in has:
        await shop.add_asset(asset, owner=owner, project=project, capture={"artist": "Ada"})
    return asset.asset


async def design(shop: SqlRecords, name: str, asset: str, owner: str) -> str:
    record = DesignRecord("acme", name * 52, asset, LOOK, owner, NOW_S)
    await shop.add_design(record)
    return record.design


async def preview(shop: SqlRecords, asset: str, leaf: str = "w_640.jpg") -> str:
    """Record a derivative and return its path."""
    name = derivative_name(leaf, asset=asset)
    name = replace(name, key=name.key[:-4] + asset[:4])
    stored = await shop.asset("acme", asset)
    assert stored is not None
    row = DerivativeRow(name, "d" * 64, 10, stored.generation)

    async def published() -> DerivativeRow:
        return row

    await shop.record_derivative(row, published)
    return name.path


async def erase(
    shop: SqlRecords, scope: Scope, *assets: str, told: Told | None = None, erasure: str = "e-1"
) -> dict[str, ErasedPhoto]:
    one = Erasure(erasure, "acme", scope.kind, "subject", "ops", "ticket 7", NOW_S)
    one = await shop.begin_erasure(one)
    photos = await shop.erase_page(one, scope, assets, told or Told())
    return {found.asset: found for found in photos}


def owner(name: str, **more: Any) -> Scope:
    return Scope(Kind.OWNER, "acme", name, **more)


def the_photo(**more: Any) -> Scope:
    """Return the scope of photo A."""
    return Scope(Kind.ASSET, "acme", A, **more)
