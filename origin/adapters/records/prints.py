"""Prints in SQL: the register, and a queue with leases that only their holder can end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    insert,
    select,
    update,
)

from origin.adapters.records.assets import living
from origin.adapters.records.database import Database, in_transaction, insert_new, put_row
from origin.adapters.records.schema import (
    assets,
    owners,
    print_assets,
    print_owners,
    print_requests,
    prints,
)
from origin.errors import BadDocument
from origin.prints import (
    Ending,
    PrintFile,
    PrintLane,
    PrintRecord,
    PrintRequest,
    PrintState,
    PrintStep,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: Fields of PrintRecord that are columns of the same name.
PLAIN = {field.name for field in fields(PrintRecord)} - {"assets", "lane", "state", "step", "file"}
RESUMABLE = (PrintState.PAUSED.value, PrintState.REFUSED.value)


class SqlPrints:
    """PrintRecords."""

    _database: Database
    _now: Callable[[], float]

    @in_transaction
    async def add_print(
        self,
        connection: AsyncConnection,
        record: PrintRecord,
        *,
        owner: str | None,
        request: PrintRequest | None,
    ) -> tuple[PrintRecord, bool]:
        """Record an order, in one step with the look at its photos: an erase takes it along."""
        for asset in sorted(record.assets):
            await living(connection, record.tenant, asset)
        if request is not None:
            known = await _requested(connection, record.tenant, request)
            if known is not None:
                return await _stored(connection, record.tenant, known), False
        row = await _row(connection, record.tenant, record.print_id)
        is_new = row is None or row["state"] == PrintState.ERASED.value
        if is_new:
            await put_row(connection, prints, self._fresh(record))
        of_print = {"tenant": record.tenant, "print_id": record.print_id}
        for asset in record.assets:
            await insert_new(connection, print_assets, {**of_print, "asset": asset})
        for name in await _owners_for(connection, record, owner):
            await insert_new(connection, print_owners, {**of_print, "owner": name})
        if request is not None:
            await connection.execute(insert(print_requests).values(**of_print, **asdict(request)))
        used = and_(assets.c.tenant == record.tenant, assets.c.asset.in_(record.assets))
        await connection.execute(update(assets).where(used).values(used_at_s=int(self._now())))
        return await _stored(connection, record.tenant, record.print_id), is_new

    async def print_of_request(self, tenant: str, request: PrintRequest) -> PrintRecord | None:
        """Return what that key ordered before; raises BadDocument "print.idempotency"."""
        query = select(print_requests).where(_asked_by(tenant, request))
        row = await self._database.row(query)
        if row is None:
            return None
        return await self.print_record(tenant, _same(row, request))

    async def print_record(self, tenant: str, print_id: str) -> PrintRecord | None:
        """Return a print, erased ones too."""
        row = await self._database.row(select(prints).where(_is(tenant, print_id)))
        if row is None:
            return None
        shown = await self._database.rows(_assets_of(tenant, print_id))
        return _record(row, [one["asset"] for one in shown])

    async def prints_of(self, tenant: str, asset: str) -> Sequence[PrintRecord]:
        """Return every print that shows a photo, by id."""
        table = print_assets.c
        query = select(table.print_id).where(table.tenant == tenant, table.asset == asset)
        ids = [row["print_id"] for row in await self._database.rows(query.order_by(table.print_id))]
        found = [await self.print_record(tenant, print_id) for print_id in ids]
        return [record for record in found if record is not None]

    async def print_with(self, tenant: str, sha256: str) -> PrintRecord | None:
        """Return a print whose file has that SHA-256."""
        query = select(prints.c.print_id).where(prints.c.tenant == tenant)
        row = await self._database.rows(query.where(prints.c.sha256 == sha256).limit(1))
        return await self.print_record(tenant, row[0]["print_id"]) if row else None

    async def newest_prints(self, tenant: str, *, limit: int) -> Sequence[PrintRecord]:
        """Return the prints that were ordered last, newest first, erased ones too."""
        query = select(prints.c.print_id).where(prints.c.tenant == tenant)
        newest = query.order_by(prints.c.created_at_s.desc(), prints.c.print_id).limit(limit)
        ids = [row["print_id"] for row in await self._database.rows(newest)]
        found = [await self.print_record(tenant, print_id) for print_id in ids]
        return [record for record in found if record is not None]

    async def lasting_prints(self, tenant: str) -> Sequence[str]:
        """Return the ids of all prints that are not erased."""
        query = select(prints.c.print_id).where(prints.c.tenant == tenant)
        query = query.where(prints.c.state != PrintState.ERASED.value)
        return [row["print_id"] for row in await self._database.rows(query)]

    async def claim_print(
        self, lane: PrintLane, *, lease_s: int, only: tuple[str, str] | None = None
    ) -> PrintRecord | None:
        """Take the oldest that waits or whose lease has run out; look before taking the lock."""
        if not await self._database.rows(self._due(lane, only)):
            return None
        return await self._claim(lane, lease_s, only)

    @in_transaction
    async def _claim(
        self,
        connection: AsyncConnection,
        lane: PrintLane,
        lease_s: int,
        only: tuple[str, str] | None,
    ) -> PrintRecord | None:
        query = self._due(lane, only).with_for_update(skip_locked=True)
        found = (await connection.execute(query)).mappings().one_or_none()
        if found is None:
            return None
        now_s = int(self._now())
        await connection.execute(
            update(prints)
            .where(_is(found["tenant"], found["print_id"]))
            .values(
                state=PrintState.RUNNING.value,
                step=PrintStep.WAITING.value,
                attempts=prints.c.attempts + 1,
                updated_at_s=now_s,
                not_before_s=now_s + lease_s,
                lease=secrets.token_hex(16),
            )
        )
        return await _stored(connection, found["tenant"], found["print_id"])

    @in_transaction
    async def keep_lease(
        self, connection: AsyncConnection, record: PrintRecord, step: PrintStep, *, lease_s: int
    ) -> bool:
        """Say that work goes on; False when the lease is lost."""
        now_s = int(self._now())
        change = (
            update(prints)
            .where(_held_by(record))
            .values(step=step.value, updated_at_s=now_s, not_before_s=now_s + lease_s)
        )
        return (await connection.execute(change)).rowcount == 1

    @in_transaction
    async def settle_print(
        self, connection: AsyncConnection, record: PrintRecord, ending: Ending
    ) -> bool:
        """End a turn; False when the lease was lost: then nothing is changed."""
        change = (
            update(prints)
            .where(_held_by(record))
            .values(
                state=ending.state.value,
                step=ending.step.value,
                code=ending.code,
                words=ending.words,
                updated_at_s=int(self._now()),
                not_before_s=ending.not_before_s,
                lease="",
                file=None if ending.file is None else asdict(ending.file),
                sha256=None if ending.file is None else ending.file.sha256,
                attempts=prints.c.attempts - (0 if ending.counts_turn else 1),
            )
        )
        return (await connection.execute(change)).rowcount == 1

    @in_transaction
    async def resume_print(
        self, connection: AsyncConnection, tenant: str, print_id: str
    ) -> PrintRecord | None:
        """Put a paused or refused print back into the queue, its turns counted anew."""
        change = update(prints).where(_is(tenant, print_id), prints.c.state.in_(RESUMABLE))
        changed = await connection.execute(
            change.values(
                state=PrintState.QUEUED.value,
                code="",
                words="",
                attempts=0,
                not_before_s=0,
                updated_at_s=int(self._now()),
            )
        )
        return await _stored(connection, tenant, print_id) if changed.rowcount else None

    def _fresh(self, record: PrintRecord) -> dict[str, object]:
        row: dict[str, Any] = {name: getattr(record, name) for name in PLAIN}
        row |= {name: getattr(record, name).value for name in ("lane", "state", "step")}
        return row | {"updated_at_s": int(self._now()), "file": None, "sha256": None}

    def _due(self, lane: PrintLane, only: tuple[str, str] | None) -> Any:
        """Return the query of the next print: a waiting one, or one whose maker is gone."""
        waits = prints.c.state.in_((PrintState.QUEUED.value, PrintState.RUNNING.value))
        query = select(prints.c.tenant, prints.c.print_id).where(
            waits, prints.c.not_before_s <= int(self._now())
        )
        wanted = prints.c.lane == lane.value if only is None else _is(*only)
        order = (prints.c.created_at_s, prints.c.print_id)
        return query.where(wanted).order_by(*order).limit(1)


def _is(tenant: str, print_id: str) -> ColumnElement[bool]:
    return and_(prints.c.tenant == tenant, prints.c.print_id == print_id)


def _held_by(record: PrintRecord) -> ColumnElement[bool]:
    """The lease alone decides: an end that came late but was not taken over still counts."""
    is_running = prints.c.state == PrintState.RUNNING.value
    return and_(_is(record.tenant, record.print_id), is_running, prints.c.lease == record.lease)


def _asked_by(tenant: str, request: PrintRequest) -> ColumnElement[bool]:
    table = print_requests.c
    return and_(table.tenant == tenant, table.key_sha256 == request.key_sha256)


def _same(row: RowMapping, request: PrintRequest) -> str:
    if row["body_sha256"] != request.body_sha256:
        raise BadDocument("print.idempotency", field="Idempotency-Key")
    return str(row["print_id"])


async def _requested(connection: AsyncConnection, tenant: str, request: PrintRequest) -> str | None:
    query = select(print_requests).where(_asked_by(tenant, request))
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _same(row, request)


async def _owners_for(
    connection: AsyncConnection, record: PrintRecord, owner: str | None
) -> list[str]:
    """Return whose the print is: the one who ordered it, or all who have its photos."""
    if owner is not None:
        return [owner]
    of_photo = and_(owners.c.tenant == record.tenant, owners.c.asset.in_(record.assets))
    query = select(owners.c.owner).where(of_photo).distinct().order_by(owners.c.owner)
    return list(await connection.scalars(query))


async def _row(connection: AsyncConnection, tenant: str, print_id: str) -> RowMapping | None:
    query = select(prints).where(_is(tenant, print_id))
    return (await connection.execute(query)).mappings().one_or_none()


async def _stored(connection: AsyncConnection, tenant: str, print_id: str) -> PrintRecord:
    row = await _row(connection, tenant, print_id)
    assert row is not None, "it was written in this transaction"
    return _record(row, list(await connection.scalars(_assets_of(tenant, print_id))))


def _assets_of(tenant: str, print_id: str) -> Any:
    table = print_assets.c
    query = select(table.asset).where(table.tenant == tenant, table.print_id == print_id)
    return query.order_by(table.asset)


def _record(row: RowMapping, shown: Sequence[str]) -> PrintRecord:
    return PrintRecord(
        **{name: row[name] for name in PLAIN},
        assets=tuple(shown),
        lane=PrintLane(row["lane"]),
        state=PrintState(row["state"]),
        step=PrintStep(row["step"]),
        file=None if row["file"] is None else PrintFile(**row["file"]),
    )
