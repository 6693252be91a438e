"""What no living record knows: left by an upload that was cut off, or by a write that came late.

Four ways lead here. An upload ended before its record. A process died between a preview's bytes
and the look at its photo. A write to S3 whose answer was lost arrived after an erase. A removal
failed. None of it is ever served, because the records are asked first; here it is removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from origin.adapters.stores import KeptObjects, KeptSources
from origin.ports import AssetRecords, TenantRecords

# An upload has its record within minutes of its source, or never.
AGE_S = 3600.0
# What has a tombstone is never too young: no age is below this.
ANY_AGE_S = -1.0
PAGE = 1000
KINDS = ("masters", "derivatives")


class Records(TenantRecords, AssetRecords, Protocol):
    """What is asked about shops, photos and prints."""

    async def lasting_prints(self, tenant: str) -> Sequence[str]:
        """Return the ids of all prints that are not erased."""


async def sweep(
    sources: KeptSources, objects: KeptObjects, records: Records, *, age_s: float = AGE_S
) -> int:
    """Remove what is left of photos and prints that do not live; return how many of them.

    Only in shops that the records know. What has no record at all must have been taken in longer
    ago than ``age_s`` seconds; what belongs to a tombstone goes at once. May run beside uploads
    and in several processes at once.
    """
    removed = 0
    for tenant in await records.tenants():
        name = tenant.name
        # In this order: what is seen here has its source, and then its record, seen after it.
        stored = {kind: await objects.folders(f"{name}/{kind}/") for kind in KINDS}
        ages_s = await sources.ages_s(name)
        living, erased = await _recorded(records, name)
        dead = set().union(*stored.values(), ages_s) - living
        for asset in sorted(dead):
            limit_s = ANY_AGE_S if asset in erased else age_s
            if ages_s.get(asset, limit_s + 1) <= limit_s:
                continue  # an upload under way
            for kind in KINDS:
                if asset in stored[kind]:
                    await objects.delete_prefix(f"{name}/{kind}/{asset}/")
            if asset in ages_s and not await sources.delete_older_than(name, asset, limit_s):
                continue
            removed += 1
        removed += await _sweep_prints(objects, records, name)
    return removed


async def _sweep_prints(objects: KeptObjects, records: Records, tenant: str) -> int:
    """Remove the files of prints that were erased: a print has its record before its files."""
    stored = await objects.folders(f"{tenant}/prints/")
    dead = stored - set(await records.lasting_prints(tenant)) if stored else set()
    for print_id in sorted(dead):
        await objects.delete_prefix(f"{tenant}/prints/{print_id}/")
    return len(dead)


async def _recorded(records: AssetRecords, tenant: str) -> tuple[set[str], set[str]]:
    """Return the ids of the photos that live and of those that were erased."""
    living: set[str] = set()
    erased: set[str] = set()
    after = ""
    while page := await records.assets(tenant, after=after, limit=PAGE):
        for asset in page:
            (erased if asset.is_erased else living).add(asset.asset)
        after = page[-1].asset
    return living, erased
