"""Rendered previews: files with their note, rows with compare and set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from origin.adapters.file_objects import FileObjects, Found
from origin.adapters.records.derivatives import DerivativeRow, SqlDerivatives
from origin.adapters.sealed import Note
from origin.errors import RenderFailed, StoreUnavailable
from origin.values import Derivative, DerivativeName

# "Last used" decides only what is evicted first: a minute is fine enough, and one transaction for
# all that was read in it keeps writes off the way of reads.
TOUCH_EVERY_S = 60.0
TOUCHED_MAX = 10_000


class StoredDerivatives:
    """DerivativeStore on FileObjects and SQL records."""

    def __init__(
        self,
        objects: FileObjects,
        records: SqlDerivatives,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``now`` is Unix time in seconds."""
        self._objects = objects
        self._records = records
        self._now = now
        self._touched: dict[str, tuple[DerivativeRow, int]] = {}
        self._touched_since_s = now()
        self._flushing: asyncio.Task[None] | None = None

    async def get(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return it if its digest holds and it is of that generation or a newer one."""
        found = await self._objects.read(object_name(name))
        if found is None or found[1].generation < generation:
            return None
        derivative = _derivative(found)
        self._touch(_row(name, derivative))
        return derivative

    async def put(self, name: DerivativeName, derivative: Derivative) -> Derivative:
        """Store it unless it is superseded; return what is stored."""
        kept: Derivative = derivative
        content, note = derivative.content, _note(derivative)
        async with self._objects.staged(object_name(name), content, note) as staged:

            async def publish() -> DerivativeRow:
                nonlocal kept
                found = await staged.publish(lambda stored: stored.generation >= note.generation)
                kept = derivative if found is None else _derivative(found)
                return _row(name, kept)

            await self._records.record_derivative(_row(name, derivative), publish)
        return kept

    async def flush(self) -> None:
        """Write down when what was read was last used, and the rows that a crash left out."""
        used, self._touched = self._touched, {}
        self._touched_since_s = self._now()
        if not used:
            return
        times = {key: used_at_s for key, (_, used_at_s) in used.items()}
        for key in await self._records.touch_derivatives(times):
            await self._heal(used[key][0])

    async def close(self) -> None:
        """Flush; what cannot be written now is not worth waiting for."""
        if self._flushing is not None:
            await asyncio.wait([self._flushing])
        await self._flush_quietly()

    async def _heal(self, row: DerivativeRow) -> None:
        """Record a file whose process died before its row; remove it where it is superseded."""

        async def found() -> DerivativeRow:
            return row

        try:
            await self._records.record_derivative(row, found)
        except RenderFailed:
            await self._objects.delete(object_name(row.name))

    def _touch(self, row: DerivativeRow) -> None:
        now_s = self._now()
        if len(self._touched) < TOUCHED_MAX:
            self._touched[row.name.key] = (row, int(now_s))
        is_due = now_s - self._touched_since_s >= TOUCH_EVERY_S
        if is_due and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.get_running_loop().create_task(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except StoreUnavailable:
            return  # the next use tells it again


def object_name(name: DerivativeName) -> str:
    """Return where a derivative lives."""
    return f"{name.tenant}/derivatives/{name.asset}/{name.key}.{name.ext}"


def _row(name: DerivativeName, derivative: Derivative) -> DerivativeRow:
    size_bytes = len(derivative.content)
    return DerivativeRow(name, derivative.digest, size_bytes, derivative.generation)


def _note(derivative: Derivative) -> Note:
    return Note(
        digest=bytes.fromhex(derivative.digest),
        sha256=bytes.fromhex(derivative.sha256),
        generation=derivative.generation,
        width_px=derivative.width_px,
        height_px=derivative.height_px,
    )


def _derivative(found: Found) -> Derivative:
    content, note = found
    return Derivative(
        content=content,
        digest=note.digest.hex(),
        sha256=note.sha256.hex(),
        generation=note.generation,
        width_px=note.width_px,
        height_px=note.height_px,
    )
