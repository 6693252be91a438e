"""Read all that is stored and compare it with its digest; remove what can be made again.

Works over the ports of the stores: it scrubs a folder and a bucket alike, beside running origins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from blake3 import blake3

from origin.adapters.records import SqlRecords
from origin.adapters.stores import KeptObjects, KeptSources, Listed
from origin.errors import StoreUnavailable
from origin.values import Asset, MasterName

#: Photos looked at together: reading one and hashing another.
PHOTOS_AT_ONCE = 4
#: The row of a younger object may be on its way: a master's is written within a minute of it.
ROW_S = 300.0
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, and what was done about it.

    kind: source, master, derivative, row. problem: damaged, missing, unreadable, unknown.
    done: marked (a source: only its owner can bring it again), removed (it is made again when it is
    asked for), recorded, nothing.
    """

    kind: str
    name: str
    problem: str
    done: str
    reason: str = ""


@dataclass(slots=True)
class Scrubbed:
    """One photo's part: how much was read, and what was found."""

    objects: int = 0
    bytes_read: int = 0
    findings: list[Finding] = field(default_factory=list)


class Pace:
    """At most so many bytes a second over all; 0 is no limit."""

    def __init__(self, bytes_per_s: int, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._bytes_per_s = bytes_per_s
        self._clock_s = clock_s
        self._free_at_s = clock_s()

    async def spend(self, count: int) -> None:
        """Wait until so many bytes more may have been read."""
        if self._bytes_per_s:
            now_s = self._clock_s()
            self._free_at_s = max(self._free_at_s, now_s) + count / self._bytes_per_s
            await asyncio.sleep(self._free_at_s - now_s)


class Scrub:
    """Goes through the living photos; what no record knows is the sweep's (adapters/orphans).

    damaged: the names that the store's ``on_damage`` was told; the store removes such objects.
    """

    def __init__(
        self,
        objects: KeptObjects,
        sources: KeptSources,
        records: SqlRecords,
        damaged: set[str],
        *,
        pace: Pace,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``now`` is Unix time in seconds."""
        self._objects = objects
        self._sources = sources
        self._records = records
        self._damaged = damaged
        self._pace = pace
        self._now = now

    async def shop(self, tenant: str) -> AsyncIterator[Scrubbed]:
        """Look at every living photo of a shop; raises StoreUnavailable when records are away."""
        after = ""
        while page := await self._records.assets(tenant, after=after):
            after = page[-1].asset
            living = iter([asset for asset in page if not asset.is_erased])
            while some := list(islice(living, PHOTOS_AT_ONCE)):
                for scrubbed in await asyncio.gather(*map(self.photo, some)):
                    yield scrubbed

    async def photo(self, asset: Asset) -> Scrubbed:
        """Look at one photo's source, masters and previews."""
        scrubbed = Scrubbed()
        await self._source(asset, scrubbed)
        await self._masters(asset, scrubbed)
        await self._derivatives(asset, scrubbed)
        return scrubbed

    async def _source(self, asset: Asset, scrubbed: Scrubbed) -> None:
        name = f"{asset.tenant}/sources/{asset.asset}"
        try:
            found = await self._hashed(asset, scrubbed)
        except (StoreUnavailable, OSError) as error:
            scrubbed.findings.append(Finding("source", name, "unreadable", "nothing", str(error)))
            return
        is_sound = found == asset.source_digest
        if not is_sound:
            if await self._records.is_erased(*_photo(asset)):  # since its record was read
                return
            problem = "missing" if found is None else "damaged"
            scrubbed.findings.append(Finding("source", name, problem, "marked"))
        if is_sound == (asset.source_damaged_at_s is not None):
            damaged_at_s = None if is_sound else int(self._now())
            await self._records.mark_source(*_photo(asset), damaged_at_s=damaged_at_s)

    async def _hashed(self, asset: Asset, scrubbed: Scrubbed) -> str | None:
        """Return the digest of what is stored, None when nothing is."""
        try:
            async with self._sources.local_path(*_photo(asset)) as path:
                if path is None:
                    return None
                found = await asyncio.to_thread(_digest, path)
        except StoreUnavailable as error:
            if error.code != "store.damaged":  # a bucket keeps a digest of its own
                raise
            found = ""
        scrubbed.objects += 1
        scrubbed.bytes_read += asset.size_bytes
        await self._pace.spend(asset.size_bytes)
        return found

    async def _masters(self, asset: Asset, scrubbed: Scrubbed) -> None:
        rows = {name.name: name for name in await self._records.masters_of(*_photo(asset))}
        missing = set(rows)
        uncounted: dict[MasterName, tuple[int, int]] = {}
        async for listed in self._objects.names(f"{asset.tenant}/masters/{asset.asset}/"):
            size_bytes = await self._sound("master", listed, scrubbed)
            if size_bytes is None:
                continue
            missing.discard(listed.name)
            if listed.name not in rows and listed.age_s > ROW_S:
                use = (size_bytes, int(self._now() - listed.age_s))
                uncounted[MasterName.read(listed.name)] = use
        if uncounted:
            await self._records.touch_masters(uncounted)
        await self._records.forget_masters([rows[name] for name in missing])
        scrubbed.findings += [
            *_rows(missing - self._damaged),
            *(Finding("row", name.name, "missing", "recorded") for name in sorted(uncounted)),
        ]

    async def _derivatives(self, asset: Asset, scrubbed: Scrubbed) -> None:
        found = await self._records.derivatives_of(*_photo(asset))
        rows = {row.name.object_name: row.name.key for row in found}
        missing = set(rows)
        async for listed in self._objects.names(f"{asset.tenant}/derivatives/{asset.asset}/"):
            if await self._sound("derivative", listed, scrubbed) is None:
                continue
            missing.discard(listed.name)
            if listed.name not in rows and listed.age_s > ROW_S:
                await self._objects.delete(listed.name)  # nobody wrote down what it is
                scrubbed.findings.append(Finding("derivative", listed.name, "unknown", "removed"))
        await self._records.forget_derivatives([rows[name] for name in missing])
        scrubbed.findings += _rows(missing - self._damaged)

    async def _sound(self, kind: str, listed: Listed, scrubbed: Scrubbed) -> int | None:
        """Read one object; return its bytes, or None when it is not there or not sound."""
        try:
            found = await self._objects.read(listed.name)
        except StoreUnavailable as error:
            finding = Finding(kind, listed.name, "unreadable", "nothing", error.log)
            scrubbed.findings.append(finding)
            return listed.size_bytes
        scrubbed.objects += 1
        scrubbed.bytes_read += listed.size_bytes
        await self._pace.spend(listed.size_bytes)
        if found is None and listed.name in self._damaged:
            scrubbed.findings.append(Finding(kind, listed.name, "damaged", "removed"))
        return None if found is None else len(found[0])


def _photo(asset: Asset) -> tuple[str, str]:
    return asset.tenant, asset.asset


def _rows(names: Iterable[str]) -> Iterator[Finding]:
    return (Finding("row", name, "unknown", "removed") for name in sorted(names))


def _digest(path: Path) -> str:
    """Read, not mapped: a bad sector is an error here and would be a signal there."""
    digest = blake3()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
