"""Presets marked eager: made ahead when a photo comes in, behind all that anyone waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from cache_keys.canonical import leaf_text
from cache_keys.errors import Refusal
from cache_keys.ids import derivative_key
from cache_keys.presets import Preset, layer
from cache_keys.transform import Transform
from origin.errors import OriginError
from origin.flow.admit import Admission
from origin.flow.coalesce import Coalescer, Unlocked
from origin.flow.look_up import Subject
from origin.flow.render import RenderPorts, Renders
from origin.flow.store import store
from origin.flow.trace import Trace
from origin.ports import (
    AssetRecords,
    DerivativeStore,
    HostLocks,
    NewAssets,
    TenantRecords,
    Workers,
)
from origin.values import Asset, DerivativeName

T = TypeVar("T")

#: After a restart what came in within this time is looked at again: longer than a full queue takes.
AGAIN_S = 3_600


class Shelves(Protocol):
    """The presets of each shop."""

    def of(self, tenant: str) -> Mapping[tuple[str, int], Preset]:
        """Return every preset of a shop by (name, version)."""


class Records(TenantRecords, AssetRecords, NewAssets, Protocol):
    """Shops and photos."""


@dataclass(frozen=True, slots=True)
class EagerParts:
    """What making ahead goes through. ``renders``: with workers that let others go first."""

    presets: Shelves
    records: Records
    derivatives: DerivativeStore
    renders: Renders
    locks: HostLocks


class Eager:
    """A bounded queue of photos, worked off one picture at a time.

    Nobody waits for it, so nothing is promised: what does not fit into the queue, fails or is cut
    off by a stop is made when it is first asked for. It holds no lock that a request could wait
    for: where a request makes the same picture meanwhile, the bytes stored first win.
    """

    def __init__(
        self,
        parts: EagerParts,
        *,
        engine: str,
        waiting_max: int,
        count: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """waiting_max: photos. ``count`` gets "made", "dropped" or the code of an error."""
        self._parts = parts
        self._engine = engine
        self._waiting_max = waiting_max
        self._count = count
        self._now = now
        self._waiting: dict[tuple[str, str], Asset] = {}
        self._is_waited_for = asyncio.Event()
        self._is_idle = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Return how many photos wait."""
        return len(self._waiting)

    def offer(self, asset: Asset) -> None:
        """Put a photo into the queue if its shop has eager presets, else do nothing."""
        if not any(True for _ in self._wanted(asset.tenant)):
            return
        if len(self._waiting) >= self._waiting_max:
            self._count("dropped")
            return
        self._waiting[asset.tenant, asset.asset] = asset
        self._is_idle.clear()
        self._is_waited_for.set()

    async def run(self) -> None:
        """Work until cancelled, first on what the last stop may have cut off."""
        await self._offer_again()
        while True:
            while self._waiting:
                asset = self._waiting.pop(next(iter(self._waiting)))
                for preset, ext in list(self._wanted(asset.tenant)):
                    await self._make_counted(asset, preset, ext)
            self._is_idle.set()
            self._is_waited_for.clear()
            await self._is_waited_for.wait()

    async def finish(self) -> None:
        """Wait until run() has nothing left to make, what a stop had cut off included."""
        await self._is_idle.wait()

    def stop(self) -> None:
        """Forget what waits; the picture that is being made is the last one."""
        self._waiting.clear()
        self._waiting_max = 0

    async def _offer_again(self) -> None:
        since_s = int(self._now()) - AGAIN_S
        try:
            for asset in await self._parts.records.taken_in_since(since_s, limit=self._waiting_max):
                self.offer(asset)
        except OriginError as error:
            self._count(error.code)

    def _wanted(self, tenant: str) -> Iterator[tuple[Preset, str]]:
        for preset in self._parts.presets.of(tenant).values():
            for ext in preset.eager:
                yield preset, ext

    async def _make_counted(self, asset: Asset, preset: Preset, ext: str) -> None:
        try:
            is_made = await self._make(asset, preset, ext)
        except (OriginError, Refusal) as error:
            self._count(error.code)
        else:
            if is_made:
                self._count("made")

    async def _make(self, known: Asset, preset: Preset, ext: str) -> bool:
        """Make one picture unless it is there; return whether it was made."""
        parts = self._parts
        tenant = await parts.records.tenant(known.tenant)
        asset = await parts.records.asset(known.tenant, known.asset)
        if tenant is None or tenant.is_suspended or asset is None or asset.is_erased:
            return False
        transform = Transform(ext, preset=(preset.name, preset.version))
        name = self._name(asset, transform)
        # A lock of its own: other processes that make ahead wait for it, and no request does.
        async with parts.locks.hold(f"eager:{name.key}"):
            if await parts.derivatives.get(name, generation=asset.generation) is not None:
                return False
            subject = Subject(tenant, asset, layer(preset, transform, None), epoch=0)
            rendered = await parts.renders.make(subject, Trace())
            await store(parts.derivatives, name, rendered, asset.generation)
        return True

    def _name(self, asset: Asset, transform: Transform) -> DerivativeName:
        leaf = leaf_text(transform)
        key = derivative_key(asset.tenant, asset.asset, leaf, self._engine)
        path = f"/v1/{asset.tenant}/{asset.asset}/{leaf}"
        return DerivativeName(asset.tenant, asset.asset, key, transform.ext, path, self._engine)


def behind(ports: RenderPorts) -> RenderPorts:
    """Return what makes the same pictures behind all that is asked for, and holds nobody up."""
    return replace(
        ports,
        workers=Background(ports.workers),
        proofs=None if ports.proofs is None else Background(ports.proofs),
        admission=Admission(running_max=1, waiting_max=1),
        masters=Coalescer(Unlocked()),
        focuses=Coalescer(Unlocked()),
    )


class Background:
    """Workers that let everyone else's jobs go first."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = True,
    ) -> T:
        """Run a job behind the others."""
        del is_background
        return await self._workers.run(job, *args, deadline_s=deadline_s, is_background=True)

    def alive(self) -> int:
        """Return how many workers are up."""
        return self._workers.alive()
