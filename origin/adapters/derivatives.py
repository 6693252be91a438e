"""Rendered previews: objects with their note, rows with compare and set."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from blake3 import blake3

from origin.adapters.records.derivatives import DerivativeRow, SqlDerivatives
from origin.adapters.sealed import Note
from origin.adapters.stores import Found, KeptObjects
from origin.adapters.touches import Touches
from origin.errors import RenderFailed
from origin.values import Derivative, DerivativeName


class StoredDerivatives:
    """DerivativeStore on a folder or a bucket, and SQL records."""

    def __init__(
        self,
        objects: KeptObjects,
        records: SqlDerivatives,
        *,
        now: Callable[[], float] = time.time,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``now`` is Unix time in seconds, ``clock_s`` a clock that never jumps."""
        self._objects = objects
        self._records = records
        self._now = now
        self._touches = Touches(self._write, clock_s=clock_s)

    async def get(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return it if its digest holds and it is of that generation or a newer one."""
        return self._of(name, await self._objects.read(object_name(name)), generation)

    def get_now(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return the same where the store can say without waiting; None says nothing."""
        return self._of(name, self._objects.read_now(object_name(name)), generation)

    def is_absent_now(self, name: DerivativeName) -> bool:
        """Say whether nothing of that name is stored; False where that must be waited for."""
        return self._objects.is_absent_now(object_name(name))

    def reader_now(
        self, name: DerivativeName, derivative: Derivative
    ) -> Callable[[], bytearray | None]:
        """Return what reads the same bytes again, proven by their digest, without waiting.

        It says None when they are gone, changed or not at hand: then ask get().
        """
        read = self._objects.reader_now(object_name(name), len(derivative.content))
        digest = bytes.fromhex(derivative.digest)

        def again() -> bytearray | None:
            content = read()
            return content if content is not None and blake3(content).digest() == digest else None

        return again

    def _of(self, name: DerivativeName, found: Found | None, generation: int) -> Derivative | None:
        if found is None or found[1].generation < generation:
            return None
        derivative = _derivative(found)
        self._touch(_row(name, derivative))
        return derivative

    async def put(self, name: DerivativeName, derivative: Derivative) -> Derivative:
        """Store it unless it is superseded; return what is stored."""
        kept: Derivative = derivative
        content, note = derivative.content, _note(derivative)

        def wins(stored: Note) -> bool:
            return stored.generation >= note.generation

        async with self._objects.staged(object_name(name), content, note, wins) as staged:

            def published(found: Found | None) -> DerivativeRow:
                nonlocal kept
                kept = derivative if found is None else _derivative(found)
                return _row(name, kept)

            async def publish() -> DerivativeRow:
                return published(await staged.publish())

            def publish_here() -> DerivativeRow:
                return published(staged.publish_here())

            await self._records.record_derivative(_row(name, derivative), publish, publish_here)
        self._touch(_row(name, kept))
        return kept

    async def flush(self) -> None:
        """Write down when what was read was last used, and the rows that a crash left out."""
        await self._touches.flush()

    async def close(self) -> None:
        """Flush; what cannot be written now is not worth waiting for."""
        await self._touches.close()

    async def _write(self, used: dict[str, tuple[DerivativeRow, int]]) -> None:
        times = {key: used_at_s for key, (_, used_at_s) in used.items()}
        for key in await self._records.touch_derivatives(times):
            await self._heal(used[key][0])

    async def _heal(self, row: DerivativeRow) -> None:
        """Record a file whose process died before its row; remove it where it is superseded.

        By then the name may be a later render's, which has a row: that stays.
        """
        name = object_name(row.name)

        async def found() -> DerivativeRow:
            if await self._objects.read(name) is None:  # evicted since it was used
                raise RenderFailed("render.superseded", log=row.name.path)
            return row

        async def remove(recorded: Collection[str]) -> None:
            if name not in recorded:
                await self._objects.delete(name)

        try:
            await self._records.record_derivative(row, found)
        except RenderFailed:
            await self._records.with_photo_held(row.name.tenant, row.name.asset, remove)

    def _touch(self, row: DerivativeRow) -> None:
        self._touches.note(row.name.key, (row, int(self._now())))


def object_name(name: DerivativeName) -> str:
    """Return where a derivative lives."""
    return name.object_name


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
