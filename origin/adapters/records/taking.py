"""What an erase takes of one photo, inside a transaction: the table of outcomes, in code.

=========  ==============================  ===============================================
asked for  the photo                       what happens
=========  ==============================  ===============================================
any        under a hold, or class "hold"   kept, nothing changes
any        class "order" (not asked too)   kept, nothing changes
asset      any other                       erased
owner      no other owner                  erased
owner      other owners                    the owner's reference, projects and designs go
owner      another's, with its designs     the owner's designs go
project    last reference of all owners    erased
project    other projects or owners        the project's rows go, and references without any
sweep      its class has ended             erased
sweep      else                            nothing
=========  ==============================  ===============================================

A design that several owners posted goes with the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update

from origin.adapters.records.assets import forget, locked, next_generation
from origin.adapters.records.print_erasing import (
    drop_prints_of_designs,
    drop_prints_of_owner,
    forget_prints_of,
)
from origin.adapters.records.schema import (
    assets,
    derivatives,
    design_owners,
    designs,
    holds,
    owners,
    projects,
)
from origin.erasure import ErasedPhoto, Kind, Outcome, Scope
from origin.errors import NotFound
from origin.values import Asset

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: Canonical paths per photo that are asked for afterwards, as evidence.
PATHS_MAX = 8


@dataclass
class _Left:
    """What goes from one photo: rows by what they are, designs by id, paths that answered."""

    counts: dict[str, int] = field(default_factory=dict)
    designs: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def add(self, what: str, count: int) -> None:
        if count:
            self.counts[what] = self.counts.get(what, 0) + count


class Taking:
    """Takes photos within one transaction; the caller moves the epoch."""

    def __init__(self, connection: AsyncConnection, scope: Scope, *, now_s: int) -> None:
        self._connection = connection
        self._scope = scope
        self._now_s = now_s

    async def take(self, name: str) -> ErasedPhoto | None:
        """Do what the table says; None when the photo is unknown or nothing of it is meant."""
        try:
            stored = await locked(self._connection, self._scope.tenant, name)
        except NotFound:
            return None
        if self._scope.kind is Kind.SWEEP and not await self._is_due(stored):
            return None
        why = await self._kept_by(stored)
        if why:
            return ErasedPhoto(name, Outcome.KEPT, why, self._now_s, stored.generation, {})
        match self._scope.kind:
            case Kind.OWNER:
                return await self._release(stored, await self._without_owner(stored))
            case Kind.PROJECT:
                return await self._release(stored, await self._without_project(stored))
            case _:
                return await self._erase(stored, _Left())

    async def _kept_by(self, stored: Asset) -> str:
        if stored.is_erased:
            return ""
        is_live = and_(
            _of(holds, stored),
            holds.c.lifted_at_s.is_(None),
            or_(holds.c.until_s.is_(None), holds.c.until_s > self._now_s),
        )
        is_held = (await self._connection.execute(select(exists().where(is_live)))).scalar_one()
        if stored.retention == "hold" or is_held:
            return "hold"
        # A sweep comes to an order when its own clock has ended.
        is_ordered = stored.retention == "order" and self._scope.kind is not Kind.SWEEP
        return "order" if is_ordered and not self._scope.takes_orders else ""

    async def _is_due(self, stored: Asset) -> bool:
        clock = self._scope.clocks.get(stored.retention)
        if clock is None or stored.is_erased:
            return False
        query = select(assets.c.uploaded_at_s, assets.c.used_at_s).where(_of(assets, stored))
        row = (await self._connection.execute(query)).one()
        last_s = row.uploaded_at_s
        if clock.is_idle:
            used = select(func.max(derivatives.c.last_used_s)).where(_of(derivatives, stored))
            last_used_s = (await self._connection.execute(used)).scalar_one() or 0
            last_s = max(last_s, row.used_at_s, last_used_s)
        return bool(last_s + clock.after_s <= self._now_s)

    async def _without_owner(self, stored: Asset) -> tuple[_Left, bool]:
        """Drop one owner's reference, projects and designs; say whether it was a reference."""
        owner, left = self._scope.name, _Left()
        left.add("projects", await self._drop(projects, _of(projects, stored), owner))
        dropped = await self._drop(owners, _of(owners, stored), owner)
        left.add("owners", dropped)
        await self._drop_prints(stored, owner, left)
        await self._drop_designs(stored, owner, left)
        return left, bool(dropped)

    async def _without_project(self, stored: Asset) -> tuple[_Left, bool]:
        """Drop a project of all who have it; an owner goes who has the photo for nothing else."""
        left, is_any = _Left(), False
        is_it = and_(_of(projects, stored), projects.c.project == self._scope.name)
        who = list(await self._connection.scalars(select(projects.c.owner).where(is_it)))
        left.add(
            "projects", (await self._connection.execute(delete(projects).where(is_it))).rowcount
        )
        for owner in sorted(who):
            others = exists().where(_of(projects, stored), projects.c.owner == owner)
            is_bare = and_(_of(owners, stored), owners.c.is_direct.is_(False), ~others)
            if await self._drop(owners, is_bare, owner):
                is_any = True
                left.add("owners", 1)
                await self._drop_prints(stored, owner, left)
                await self._drop_designs(stored, owner, left)
        return left, is_any

    async def _release(self, stored: Asset, found: tuple[_Left, bool]) -> ErasedPhoto | None:
        left, is_reference = found
        if not left.counts:
            return None
        has_owner = select(exists().where(_of(owners, stored)))
        if is_reference and not (await self._connection.execute(has_owner)).scalar_one():
            return await self._erase(stored, left)
        generation = stored.generation
        if left.designs:
            # A render of a design that is on its way must not be kept: all are made anew.
            await self._sample(stored, left, designs_only=True)
            generation = await self._next(stored)
            of_photo = delete(derivatives).where(_of(derivatives, stored))
            left.add("derivatives", (await self._connection.execute(of_photo)).rowcount)
        return self._became(stored, Outcome.RELEASED, generation, left)

    async def _erase(self, stored: Asset, left: _Left) -> ErasedPhoto:
        for table in (owners, projects, designs, derivatives):
            count = select(func.count()).select_from(table).where(_of(table, stored))
            left.add(table.name, (await self._connection.execute(count)).scalar_one())
        tenant, asset = stored.tenant, stored.asset
        left.add("prints", await forget_prints_of(self._connection, tenant, asset, self._now_s))
        left.designs.clear()  # the photo's own tag takes them along
        await self._sample(stored, left, designs_only=False)
        generation = stored.generation if stored.is_erased else await self._next(stored)
        await forget(self._connection, stored.tenant, stored.asset, now_s=self._now_s)
        return self._became(stored, Outcome.ERASED, generation, left)

    async def _drop_prints(self, stored: Asset, owner: str, left: _Left) -> None:
        dropping = drop_prints_of_owner(self._connection, stored.tenant, stored.asset, owner)
        left.add("prints", await dropping)

    async def _drop_designs(self, stored: Asset, owner: str, left: _Left) -> None:
        """Take an owner off the photo's designs; those that nobody else has go."""
        of_photo = select(designs.c.design).where(_of(designs, stored))
        mine = and_(
            design_owners.c.tenant == stored.tenant,
            design_owners.c.owner == owner,
            design_owners.c.design.in_(of_photo),
        )
        names = list(await self._connection.scalars(select(design_owners.c.design).where(mine)))
        await self._connection.execute(delete(design_owners).where(mine))
        for name in sorted(names):
            is_it = and_(designs.c.tenant == stored.tenant, designs.c.design == name)
            others = select(func.min(design_owners.c.owner)).where(
                design_owners.c.tenant == stored.tenant, design_owners.c.design == name
            )
            heir = (await self._connection.execute(others)).scalar_one()
            if heir is None:
                await self._connection.execute(delete(designs).where(is_it))
                left.designs.append(name)
            else:
                named_after = update(designs).where(is_it, designs.c.owner == owner)
                await self._connection.execute(named_after.values(owner=heir))
        of_designs = drop_prints_of_designs(self._connection, stored.tenant, left.designs)
        left.add("prints", await of_designs)  # another's order of a picture with these words
        left.add("designs", len(left.designs))
        left.add("design_references", len(names) - len(left.designs))

    async def _sample(self, stored: Asset, left: _Left, *, designs_only: bool) -> None:
        column = derivatives.c.path
        query = select(column).where(_of(derivatives, stored)).order_by(derivatives.c.key)
        if designs_only:
            # A design's id has no character that LIKE or a path gives a meaning to.
            query = query.where(or_(*(column.contains(f"d_{name}") for name in left.designs)))
        left.paths = list(await self._connection.scalars(query.limit(PATHS_MAX)))

    async def _drop(self, table: Table, which: ColumnElement[bool], owner: str) -> int:
        gone = await self._connection.execute(delete(table).where(which, table.c.owner == owner))
        return gone.rowcount

    async def _next(self, stored: Asset) -> int:
        generation = await next_generation(self._connection, stored.tenant, stored.asset)
        assert generation is not None, "a locked photo is there"
        return generation

    def _became(self, stored: Asset, outcome: Outcome, generation: int, left: _Left) -> ErasedPhoto:
        return ErasedPhoto(
            asset=stored.asset,
            outcome=outcome,
            why="",
            at_s=self._now_s,
            generation=generation,
            counts=left.counts,
            designs=tuple(left.designs),
            paths=tuple(left.paths),
        )


def _of(table: Table, stored: Asset) -> ColumnElement[bool]:
    return and_(table.c.tenant == stored.tenant, table.c.asset == stored.asset)
