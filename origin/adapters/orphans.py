"""Sources that no record knows: what is left of an upload that was cut off before its record."""

from __future__ import annotations

from typing import Protocol

from origin.adapters.file_objects import FileSources
from origin.ports import AssetRecords, ObjectStore, TenantRecords

# An upload has its record within minutes of its source, or never.
AGE_S = 3600.0
PAGE = 1000


class Records(TenantRecords, AssetRecords, Protocol):
    """What is asked about shops and photos."""


async def sweep(
    sources: FileSources, objects: ObjectStore, records: Records, *, age_s: float = AGE_S
) -> int:
    """Remove each source without a record, with its masters; return how many.

    Only in shops that the records know, and only what was taken in longer ago than ``age_s``
    seconds. May run beside uploads and in several processes at once.
    """
    removed = 0
    for tenant in await records.tenants():
        old = set(await sources.older_than(tenant.name, age_s))
        for asset in sorted(old - await _recorded(records, tenant.name)):
            await objects.delete_prefix(f"{tenant.name}/masters/{asset}/")
            removed += await sources.delete_older_than(tenant.name, asset, age_s)
    return removed


async def _recorded(records: AssetRecords, tenant: str) -> set[str]:
    found: set[str] = set()
    after = ""
    while page := await records.assets(tenant, after=after, limit=PAGE):
        found.update(asset.asset for asset in page)
        after = page[-1].asset
    return found
