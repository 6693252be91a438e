"""Make a picture: choose the raster, have the master made if it is missing, run the worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from cachetools import LRUCache

from origin.errors import Gone, PhotoRefused, RenderFailed, StoreUnavailable
from origin.flow.admit import Admission
from origin.flow.coalesce import Coalescer
from origin.flow.jobs import find_focus, remake_masters, render
from origin.flow.look_up import REMEMBERED_MAX, Subject
from origin.flow.print_jobs import SoftProof, render_proof
from origin.flow.prints import added_profile
from origin.flow.rasters import Rasters
from origin.flow.trace import Trace
from origin.ports import (
    AssetChanges,
    DecodedLevels,
    ObjectStore,
    PhotoRecords,
    SourceStore,
    Workers,
)
from origin.printing.plan import plan_proof
from origin.render.levels import level_size, smallest_level
from origin.render.passes import pass_with
from origin.render.plan import Plan, Rights, plan, plan_edge_master
from origin.values import Asset, Pixels, Rendered

T = TypeVar("T")

#: What a job may answer that speaks against the source it opened.
BLAMED = {"render.deadline", "render.crashed"}


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """deadline_s: life of one job. quarantine_after: crashes of one source before it stays shut."""

    deadline_s: float
    quarantine_after: int


class Records(AssetChanges, PhotoRecords, Protocol):
    """The records of a photo that a render reads and changes."""


@dataclass(frozen=True, slots=True)
class RenderPorts:
    """What making a picture needs from outside. proofs: workers of soft proofs, None: the same."""

    workers: Workers
    objects: ObjectStore
    sources: SourceStore
    records: Records
    admission: Admission
    masters: Coalescer[dict[int, bytes]]
    focuses: Coalescer[tuple[int, int]]
    decoded: DecodedLevels
    profiles_folder: Path | None = None
    proofs: Workers | None = None


class Renders:
    """Everything between an admitted request and its pixels."""

    def __init__(self, ports: RenderPorts, *, engine: str, limits: RenderLimits) -> None:
        self._workers = ports.workers
        self._proofs = ports.proofs or ports.workers
        self._objects = ports.objects
        self._sources = ports.sources
        self._records = ports.records
        self._admission = ports.admission
        self._masters = ports.masters
        self._focuses = ports.focuses
        self._rasters = Rasters(
            ports.objects, ports.workers, ports.decoded, deadline_s=limits.deadline_s
        )
        self._profiles_folder = ports.profiles_folder
        self._found: LRUCache[tuple[str, str, str], tuple[int, int]] = LRUCache(REMEMBERED_MAX)
        self._engine = engine
        self._limits = limits

    async def make(self, subject: Subject, trace: Trace) -> Rendered:
        """Return the picture that the subject's look asks for."""
        asset, look = subject.asset, subject.look
        assert look is not None, "info.json is not rendered"
        if subject.is_edge_master:
            return await self._render(subject, plan_edge_master(asset.photo, look.ext), trace)
        focus = None
        if look.g in ("smart", "face"):
            with trace.step("focus"):
                focus = await self._focus(asset, str(look.g))
        rights = await self._rights(asset) if subject.tenant.keeps_copyright else None
        if subject.proof is not None:
            planned = plan_proof(asset.photo, look, focus, rights)
            return await self._proof(asset, planned, subject.proof, trace)
        return await self._render(subject, plan(asset.photo, look, focus, rights), trace)

    async def master(self, asset: Asset, level: int) -> bytes:
        """Return one level of the photo's master, made now if it is not stored."""
        name = self._master_name(asset, level)
        content = await self._objects.get(name)
        if content is None:
            together = pass_with(asset.photo, level)
            made = await self._masters.run(
                f"master:{asset.tenant}/{asset.asset}/{self._engine}/{together[0]}",
                lambda: self._stored_level(asset, level),
                lambda: self._make_masters(asset, together),
            )
            # Another process may have made them for the sake of another level.
            content = made.get(level) or await self._objects.get(name)
        if content is None:
            raise StoreUnavailable("store.unavailable", log=f"{name} was made and is not there")
        return content

    async def _stored_level(self, asset: Asset, level: int) -> dict[int, bytes] | None:
        content = await self._objects.get(self._master_name(asset, level))
        return None if content is None else {level: content}

    async def _render(self, subject: Subject, planned: Plan, trace: Trace) -> Rendered:
        asset = subject.asset
        if planned.level is not None:
            rendered = await self._render_level(subject, planned, planned.level, trace)
        else:
            async with self._source(asset) as path:
                rendered = await self._run(render, planned, path, asset.source_digest)
        trace.add(rendered.steps_ms)
        return rendered

    async def _render_level(
        self, subject: Subject, planned: Plan, level: int, trace: Trace
    ) -> Rendered:
        """Read the level when its turn has come: a queue of requests holds no pictures."""
        asset = subject.asset
        async with self._admission.place():
            with trace.step("master"):
                raster = await self._raster(subject, planned, level)
            if raster is not None:
                return await self._in_worker(render, planned, raster)
        with trace.step("master"):
            made = await self.master(asset, level)
        async with self._admission.place():
            raster = await self._raster(subject, planned, level, made)
            return await self._in_worker(render, planned, raster)

    async def _raster(
        self, subject: Subject, planned: Plan, level: int, made: bytes | None = None
    ) -> Pixels | bytes | None:
        name, photo = self._master_name(subject.asset, level), subject.asset.photo
        if planned.shrink > 1:  # what a decoder shrinks as it reads has px of its own
            return made or await self._objects.get(name)
        sides = level_size((photo.width_px, photo.height_px), level)
        return await self._rasters.find(name, subject.epoch, sides, made=made)

    async def _proof(self, asset: Asset, planned: Plan, proof: SoftProof, trace: Trace) -> Rendered:
        """Show how a print would look: always from the source."""
        added = added_profile(self._profiles_folder, proof.product.colour.profile)
        async with self._source(asset) as path:
            digest = asset.source_digest
            async with self._admission.place():
                rendered = await self._proofs.run(
                    *(render_proof, planned, proof, path, digest, added),
                    deadline_s=self._limits.deadline_s,
                )
        trace.add(rendered.steps_ms)
        return rendered

    async def _make_masters(self, asset: Asset, together: tuple[int, ...]) -> dict[int, bytes]:
        async with self._source(asset) as path:
            digest = asset.source_digest
            levels = await self._run(remake_masters, path, asset.photo, digest, together)
        stored = await self.store_masters(asset, levels)
        # An erase that deleted the masters while they were made must not find them here again.
        if await self._records.is_erased(asset.tenant, asset.asset):
            await self.remove_masters(asset)
            raise Gone("asset.erased")
        return stored

    async def store_masters(self, asset: Asset, levels: dict[int, bytes]) -> dict[int, bytes]:
        """Store every level and return what is stored: the stored bytes win."""
        return {
            level: await self._objects.put(self._master_name(asset, level), content)
            for level, content in levels.items()
        }

    async def remove_masters(self, asset: Asset) -> None:
        """Remove every level of every engine."""
        await self._objects.delete_prefix(f"{asset.tenant}/masters/{asset.asset}/")

    def _master_name(self, asset: Asset, level: int) -> str:
        return f"{asset.tenant}/masters/{asset.asset}/{self._engine}/{level}"

    async def _focus(self, asset: Asset, kind: str) -> tuple[int, int]:
        """Return the stored point; find it when this is the first time. It never changes."""
        known = asset.focus_smart if kind == "smart" else asset.focus_face
        name = (asset.tenant, asset.asset, kind)
        known = known or self._found.get(name)
        if known is not None:
            return known

        async def look_up() -> tuple[int, int] | None:
            return self._found.get(name)

        async def find() -> tuple[int, int]:
            sides = (asset.photo.width_px, asset.photo.height_px)
            raster = await self.master(asset, smallest_level(sides))
            point = await self._run(find_focus, raster, kind)
            return await self._records.set_focus(asset.tenant, asset.asset, kind, point)

        self._found[name] = await self._focuses.run(":".join(("focus", *name)), look_up, find)
        return self._found[name]

    async def _rights(self, asset: Asset) -> Rights | None:
        """Return who made the photo and whose it is, if the camera was told."""
        capture = await self._records.capture(asset.tenant, asset.asset)
        rights = Rights(copyright=capture.get("copyright"), creator=capture.get("artist"))
        return rights if rights.copyright or rights.creator else None

    async def _run(self, job: Callable[..., T], *args: object) -> T:
        async with self._admission.place():
            return await self._in_worker(job, *args)

    async def _in_worker(self, job: Callable[..., T], *args: object) -> T:
        return await self._workers.run(job, *args, deadline_s=self._limits.deadline_s)

    @asynccontextmanager
    async def _source(self, asset: Asset) -> AsyncIterator[Path]:
        """Lend the untouched upload to one job; what kills the job twice stays shut."""
        if asset.is_quarantined:
            raise PhotoRefused("photo.quarantined")
        async with self._sources.local_path(asset.tenant, asset.asset) as path:
            if path is None:
                raise StoreUnavailable("store.damaged", log=f"no source of {asset.asset}")
            try:
                yield path
            except RenderFailed as failure:
                if failure.code in BLAMED:
                    await self._records.count_failure(
                        asset.tenant, asset.asset, quarantine_at=self._limits.quarantine_after
                    )
                raise
