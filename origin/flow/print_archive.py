"""A print's place in the store: recipe, file and checks with their digests, or nothing.

``{tenant}/prints/{print id}/`` holds ``file``, ``checks.json`` and ``recipe.json``. A print is
there when its record says done; anything else under that name is removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, Protocol

import rfc8785

from origin.errors import RenderFailed, StoreUnavailable
from origin.ports import ObjectStore
from origin.printing.values import Check, Page
from origin.prints import PrintFile, PrintRecord, PrintState

FILE: Final = "file"
CHECKS: Final = "checks.json"
RECIPE: Final = "recipe.json"
SCHEMA: Final = 1


class PrintsOfAsset(Protocol):
    """Which prints show a photo."""

    async def prints_of(self, tenant: str, asset: str) -> Sequence[PrintRecord]:
        """Return every print that shows a photo, erased ones too, by id."""


class PrintFiles:
    """Files of prints. Implements the erase's PrintErasure."""

    def __init__(self, records: PrintsOfAsset, objects: ObjectStore) -> None:
        self._records = records
        self._objects = objects

    async def keep(self, record: PrintRecord, page: Page) -> PrintFile:
        """Store a finished print whole.

        Raises StoreUnavailable ("store.full" and the like): then nothing of it is left;
        RenderFailed "print.differs" when other bytes are there under the same recipe.
        """
        file = PrintFile(
            page.media_type, page.sha256, len(page.content), page.width_px, page.height_px
        )
        parts = {
            FILE: page.content,
            CHECKS: checks_json(record, file, page.checks),
            RECIPE: record.recipe,
        }
        try:
            for name, content in parts.items():
                stored = await self._objects.put(object_name(record, name), content)
                if name == FILE and stored != content:
                    raise RenderFailed("print.differs", log=f"{name} of {record.print_id}")
        except StoreUnavailable:
            await self.remove(record)
            raise
        return file

    async def part(self, record: PrintRecord, name: str) -> bytes:
        """Return a stored part of a print that is done; raises StoreUnavailable "store.damaged".

        What is damaged can be made again from the record's recipe.
        """
        content = await self._objects.get(object_name(record, name))
        if content is None:
            raise StoreUnavailable("store.damaged", log=f"{name} of print {record.print_id}")
        return content

    async def remove(self, record: PrintRecord) -> int:
        """Remove all of it; return how many objects there were."""
        return await self._objects.delete_prefix(folder(record.tenant, record.print_id))

    async def erase_prints(self, tenant: str, asset: str) -> tuple[int, int]:
        """Remove the files of a photo's prints that the records have given up.

        Return (removed, kept). Harmless when repeated.
        """
        removed = kept = 0
        for record in await self._records.prints_of(tenant, asset):
            if record.state is PrintState.ERASED:
                removed += await self.remove(record) > 0
            else:
                kept += 1
        return removed, kept


def folder(tenant: str, print_id: str) -> str:
    """Return the beginning of the names of a print's objects."""
    return f"{tenant}/prints/{print_id}/"


def object_name(record: PrintRecord, name: str) -> str:
    """Return where a part of a print lies."""
    return folder(record.tenant, record.print_id) + name


def checks_json(record: PrintRecord, file: PrintFile, checks: Sequence[Check]) -> bytes:
    """Return what was checked and the digests, as canonical JSON: equal prints, equal bytes."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "print": record.print_id,
        "product": record.product,
        "engine": record.engine,
        "recipe_sha256": hashlib.sha256(record.recipe).hexdigest(),
        "file": asdict(file),
        "checks": [_plain(check) for check in checks],
    }
    return rfc8785.dumps(document)


def _plain(check: Check) -> dict[str, str | float | None]:
    return {
        "code": check.code,
        "severity": check.severity.value if check.severity else None,
        "measured": check.measured,
        "threshold": check.threshold,
        "unit": check.unit,
        "words": check.words,
    }
