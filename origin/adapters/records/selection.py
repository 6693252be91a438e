"""Which photos a purge or an erase means, and under which URLs they were made; all in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, or_, select, union

from origin.adapters.records.database import Database
from origin.adapters.records.schema import (
    derivatives,
    design_owners,
    designs,
    owners,
    print_assets,
    print_owners,
    projects,
)

#: Rows of one page.
PAGE = 1000
#: How LIKE is told that the next character means itself: names hold "_", which is any character.
ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class MadeUnder:
    """What to look for among the derivatives; None is any. ``op`` is a whole op: ``t_card~3``."""

    tenant: str | None = None
    asset: str | None = None
    op: str | None = None
    engine: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A derivative that was made once: its key (pages go by it) and its canonical path."""

    key: str
    tenant: str
    asset: str
    path: str
    generation: int


class SqlSelection:
    """Owner, project, preset, engine to photos; photos and the like to canonical paths.

    Every page is in order of what ``after`` takes: give the last one back to get the next page.
    """

    _database: Database

    async def assets_of_owner(
        self, tenant: str, owner: str, *, after: str = "", limit: int = PAGE
    ) -> Sequence[str]:
        """Return ids of photos that are the owner's, or that a design or print of hers shows."""
        own = select(owners.c.asset).where(owners.c.tenant == tenant, owners.c.owner == owner)
        is_it = and_(
            designs.c.tenant == design_owners.c.tenant, designs.c.design == design_owners.c.design
        )
        shown = select(designs.c.asset).where(
            is_it, design_owners.c.tenant == tenant, design_owners.c.owner == owner
        )
        is_its = and_(
            print_assets.c.tenant == print_owners.c.tenant,
            print_assets.c.print_id == print_owners.c.print_id,
        )
        printed = select(print_assets.c.asset).where(
            is_its, print_owners.c.tenant == tenant, print_owners.c.owner == owner
        )
        either = union(own, shown, printed).subquery()
        return await self._assets(select(either.c.asset), either.c.asset, after, limit)

    async def assets_of_project(
        self, tenant: str, project: str, *, after: str = "", limit: int = PAGE
    ) -> Sequence[str]:
        """Return ids of photos that any owner put into a project of that name."""
        query = select(projects.c.asset).distinct()
        query = query.where(projects.c.tenant == tenant, projects.c.project == project)
        return await self._assets(query, projects.c.asset, after, limit)

    async def assets_made_under(
        self, under: MadeUnder, *, after: tuple[str, str] = ("", ""), limit: int = PAGE
    ) -> Sequence[tuple[str, str]]:
        """Return (tenant, asset) of photos that have such a derivative: of a preset, an engine."""
        table = derivatives.c
        query = select(table.tenant, table.asset).distinct().where(*_conditions(under))
        is_later = or_(
            table.tenant > after[0], and_(table.tenant == after[0], table.asset > after[1])
        )
        query = query.where(is_later).order_by(table.tenant, table.asset).limit(limit)
        return [(row["tenant"], row["asset"]) for row in await self._database.rows(query)]

    async def made_under(
        self, under: MadeUnder, *, after: str = "", limit: int = PAGE
    ) -> Sequence[Made]:
        """Return derivatives by key: a key is a hash, so that a page is also a fair sample."""
        table = derivatives.c
        query = select(table.key, table.tenant, table.asset, table.path, table.generation)
        query = query.where(*_conditions(under), table.key > after).order_by(table.key)
        return [Made(**row) for row in await self._database.rows(query.limit(limit))]

    async def _assets(
        self,
        query: Select[tuple[str]],
        column: ColumnElement[str],
        after: str,
        limit: int,
    ) -> Sequence[str]:
        page = query.where(column > after).order_by(column).limit(limit)
        return [row["asset"] for row in await self._database.rows(page)]


def _conditions(under: MadeUnder) -> Sequence[ColumnElement[bool]]:
    table = derivatives.c
    plain = {"tenant": under.tenant, "asset": under.asset, "engine": under.engine}
    found: list[ColumnElement[bool]] = [
        table[name] == value for name, value in plain.items() if value is not None
    ]
    if under.op is not None:
        found.append(_has_op(under.op))
    return found


def _has_op(op: str) -> ColumnElement[bool]:
    """An op stands between "/" or "," and "," or the last ".": canonical paths have no others."""
    plain = op.replace(ESCAPE, ESCAPE * 2).replace("%", f"{ESCAPE}%").replace("_", f"{ESCAPE}_")
    return or_(
        *(
            derivatives.c.path.like(f"%{before}{plain}{after}%", escape=ESCAPE)
            for before in "/,"
            for after in ",."
        )
    )
