"""What a purge asks of the origin's records: whose photos, and their next generations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select, and_, or_, select, tuple_, update

from cache_keys import policy
from origin.adapters.records.database import move_epoch
from origin.adapters.records.schema import assets, derivatives, designs, owners, projects
from purge.values import Subject, What

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: Names in one statement: SQLite takes 32,766 parameters, and a plan of that many is slow.
AT_ONCE = 500
#: Photos whose new generation a purge of a whole shop keeps for its verification.
SAMPLE = 1_000
_OF_PATH = re.compile(f"{policy.ROOT}({policy.TENANT})/({policy.HASH})/.*")
_PRESET_TAG = re.compile(f"t-({policy.TENANT})\\.({policy.NAME}~{policy.VER})")

#: Characters of an asset id.
HASH_CHARS = 52

T = TypeVar("T")
Found = dict[Subject, list[str]]


class SqlCatalogue:
    """Catalogue, in the caller's transaction."""

    async def assets(
        self, connection: AsyncConnection, subjects: Sequence[Subject]
    ) -> Mapping[Subject, Sequence[str]]:
        """Return the ``{tenant}/{asset}`` of each subject; those without are absent."""
        found: Found = {}
        by_id: dict[str, list[Subject]] = {}
        for subject in subjects:
            asset = _asset_of(subject)
            if asset:
                by_id.setdefault(asset, []).append(subject)
            elif subject.what in {What.OWNER, What.PROJECT}:
                await _of_person(connection, subject, found)
            else:
                await _of_look(connection, subject, found)
        for some in _chunks(list(by_id)):
            query = select(assets.c.tenant, assets.c.asset).where(assets.c.asset.in_(some))
            for tenant, asset in (await connection.execute(query)).all():
                for subject in by_id[asset]:
                    if _tenant_of(subject) in {"", tenant}:
                        found.setdefault(subject, []).append(f"{tenant}/{asset}")
        return found

    async def bump(self, connection: AsyncConnection, names: Sequence[str]) -> Mapping[str, int]:
        """Move these photos on: locked in one order and before the epoch, so that no two deadlock.

        Those that are unknown are left out.
        """
        moved: dict[str, int] = {}
        pairs = [tuple(name.split("/", 1)) for name in sorted(set(names))]
        for some in _chunks(pairs):
            is_one = tuple_(assets.c.tenant, assets.c.asset).in_(some)
            lock = select(assets.c.asset).where(is_one).order_by(assets.c.tenant, assets.c.asset)
            await connection.execute(lock.with_for_update())
            change = update(assets).where(is_one).values(generation=assets.c.generation + 1)
            columns = (assets.c.tenant, assets.c.asset, assets.c.generation)
            for tenant, asset, generation in await connection.execute(change.returning(*columns)):
                moved[f"{tenant}/{asset}"] = generation
        if moved:
            await move_epoch(connection)
        return moved

    async def bump_all(self, connection: AsyncConnection, tenant: str) -> Mapping[str, int]:
        """Move every photo of a shop ("" for all) with one UPDATE; return those last seen."""
        change = update(assets).values(generation=assets.c.generation + 1)
        used = select(derivatives.c.tenant, derivatives.c.asset).distinct().limit(SAMPLE)
        if tenant:
            change = change.where(assets.c.tenant == tenant)
            used = used.where(derivatives.c.tenant == tenant)
        if (await connection.execute(change)).rowcount:
            await move_epoch(connection)
        its = used.subquery()
        is_its = and_(assets.c.tenant == its.c.tenant, assets.c.asset == its.c.asset)
        query = select(assets.c.tenant, assets.c.asset, assets.c.generation).join(its, is_its)
        found = (await connection.execute(query)).all()
        return {f"{name}/{asset}": generation for name, asset, generation in found}


async def _of_person(connection: AsyncConnection, subject: Subject, found: Found) -> None:
    table, column = (
        (owners, owners.c.owner) if subject.what is What.OWNER else (projects, projects.c.project)
    )
    query = select(table.c.tenant, table.c.asset).distinct()
    query = query.where(table.c.tenant == subject.tenant, column == subject.name)
    await _add(connection, subject, query.order_by(table.c.asset), found)


async def _of_look(connection: AsyncConnection, subject: Subject, found: Found) -> None:
    """Look up what has a design, or a stored picture of a preset."""
    tag = _PRESET_TAG.fullmatch(subject.name) if subject.what is What.TAG else None
    if subject.what is What.PRESET or tag is not None:
        tenant, preset = (subject.tenant, subject.name) if tag is None else (tag[1], tag[2])
        # A preset is the first op of a canonical path; a comma or a dot ends it.
        start = f"{policy.ROOT}{tenant}/{'_' * HASH_CHARS}/t\\_{preset}"
        of_preset = or_(*(derivatives.c.path.like(f"{start}{end}%", escape="\\") for end in ",."))
        query = select(derivatives.c.tenant, derivatives.c.asset).distinct()
        query = query.where(derivatives.c.tenant == tenant, of_preset)
    else:
        design = subject.name.removeprefix("d-") if subject.what is What.TAG else subject.name
        query = select(designs.c.tenant, designs.c.asset).where(designs.c.design == design)
        if subject.tenant:
            query = query.where(designs.c.tenant == subject.tenant)
    await _add(connection, subject, query, found)


async def _add(
    connection: AsyncConnection, subject: Subject, query: Select[Any], found: Found
) -> None:
    names = [f"{row.tenant}/{row.asset}" for row in await connection.execute(query)]
    if names:
        found[subject] = names


def _asset_of(subject: Subject) -> str:
    """Return the asset id that a subject's own name holds, else nothing."""
    if subject.what is What.ASSET:
        return subject.name
    if subject.what is What.TAG and subject.name.startswith("a-"):
        return subject.name[2:]
    match = _of_path(subject)
    return match[2] if match else ""


def _tenant_of(subject: Subject) -> str:
    match = _of_path(subject)
    return match[1] if match else subject.tenant


def _of_path(subject: Subject) -> re.Match[str] | None:
    """Read a path or prefix; a URL may have its host and query still."""
    if subject.what not in {What.URL, What.PREFIX}:
        return None
    return _OF_PATH.search(subject.name)


def _chunks(names: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(names), AT_ONCE):
        yield names[first : first + AT_ONCE]
