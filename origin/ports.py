"""What the origin needs from the outside, written for the caller: objects, records, workers, locks.

Everywhere: None means "we looked and it is not there"; StoreUnavailable means "we could not look".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cache_keys.presets import Preset
from origin.values import Asset, Derivative, DerivativeName, Pixels, Tenant

T = TypeVar("T")

#: Runs inside the transaction of a change, with its connection (None in memory) and the new
#: generation of each photo that the change moved, by ``{tenant}/{asset}``: what it writes is
#: committed with the change or not at all.
Also = Callable[[Any, Mapping[str, int]], Awaitable[None]]


class ObjectStore(Protocol):
    """Whole objects by name (``{tenant}/masters/{asset}/{engine}/{long edge}``), digest-checked.

    A name is written whole or not at all and survives a power cut once put() has returned.
    """

    async def get(self, name: str) -> bytes | None:
        """Return the bytes; None when absent or damaged (then counted and removed)."""

    async def put(self, name: str, content: bytes) -> bytes:
        """Create it unless it is there, and return what is stored: the stored bytes win."""

    async def delete(self, name: str) -> None:
        """Remove it; harmless when absent."""

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object below ``prefix`` (which ends in ``/``); return how many."""


class DecodedLevels(Protocol):
    """Levels of masters as pixels in memory, for a while: a photo is seldom asked for once."""

    def get(self, name: str, epoch: int) -> Pixels | None:
        """Return the pixels of that level if they are here; what an older epoch knew is gone."""

    def room(self, sides_px: tuple[int, int]) -> Pixels | None:
        """Return empty pixels for a worker to fill; None where so many are not kept."""

    def keep(self, name: str, epoch: int, pixels: Pixels) -> None:
        """Keep what a worker has filled; nobody can change it from now on."""


class SourceStore(Protocol):
    """The uploads: immutable, private, large; handed to workers as a local path."""

    async def adopt(self, tenant: str, asset: str, received: Path) -> None:
        """Move a received file in under its asset id; harmless when it is there already."""

    def local_path(self, tenant: str, asset: str) -> AbstractAsyncContextManager[Path | None]:
        """Lend a readable local path for as long as the context lasts, None when absent."""

    def receive(self) -> AbstractAsyncContextManager[Path]:
        """Lend a fresh path on the store's own disk to stream an upload to; gone afterwards."""

    async def delete(self, tenant: str, asset: str) -> None:
        """Remove it; harmless when absent."""


class DerivativeStore(Protocol):
    """Rendered previews. What was made before a purge or an erase is never kept and never found."""

    async def get(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return it if its digest holds and it is of ``generation`` or a later one, else None."""

    def get_now(self, name: DerivativeName, *, generation: int) -> Derivative | None:
        """Return the same where that needs no waiting; None says nothing: then ask get()."""

    def is_absent_now(self, name: DerivativeName) -> bool:
        """Say whether nothing of that name is stored; False where that must be waited for."""

    def reader_now(
        self, name: DerivativeName, derivative: Derivative
    ) -> Callable[[], bytes | bytearray | None]:
        """Return what reads its bytes again, proven by their digest; None: ask get()."""

    async def put(self, name: DerivativeName, derivative: Derivative) -> Derivative:
        """Store all of it or nothing and return what is stored (an equal or newer one wins).

        Raises RenderFailed "render.superseded" when the asset's generation is no longer the
        derivative's, or the asset is erased: then nothing stays stored.
        """


class TenantRecords(Protocol):
    """The shops."""

    async def tenant(self, name: str) -> Tenant | None:
        """Return a shop's record, suspended or not."""

    async def tenants(self) -> Sequence[Tenant]:
        """Return every shop, by name."""

    async def add_tenant(self, tenant: Tenant) -> None:
        """Raises BadDocument "tenant.exists"."""

    async def update_tenant(
        self, name: str, *, is_suspended: bool, also: Also | None = None
    ) -> bool:
        """Return False, without ``also``, when there is none of that name."""


class AssetRecords(Protocol):
    """The photos."""

    async def asset(self, tenant: str, asset: str) -> Asset | None:
        """Return the record, erased ones too (``is_erased``)."""

    async def assets(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[Asset]:
        """Return records in order of asset id."""

    async def lives(self, tenant: str, content: str) -> Sequence[Asset]:
        """Return every asset (erased ones too) made of this content, by life."""

    async def add_asset(
        self, asset: Asset, *, owner: str, project: str | None, capture: Mapping[str, str]
    ) -> Asset:
        """Record it with its first owner, or add an owner to what is there; return the record.

        Of two retention classes the stronger one is kept. Nothing else of a known record changes.
        Raises Gone "asset.erased" when a tombstone stands under that id.
        """


class PhotoRecords(Protocol):
    """What making a picture asks of the records beside the photo's own."""

    async def is_erased(self, tenant: str, asset: str) -> bool:
        """Return whether a tombstone stands under that id."""

    async def capture(self, tenant: str, asset: str) -> Mapping[str, str]:
        """Return what the camera wrote, which is private; empty when unknown or erased."""


class NewAssets(Protocol):
    """The photos that came in last."""

    async def taken_in_since(self, since_s: int, *, limit: int) -> Sequence[Asset]:
        """Return living photos first taken in at that Unix time or later, newest first."""


class AssetChanges(Protocol):
    """What changes after intake. Each change of a generation or a tombstone moves the epoch."""

    async def set_focus(
        self, tenant: str, asset: str, kind: str, point: tuple[int, int]
    ) -> tuple[int, int]:
        """Store a point ("smart", "face") unless there is one; return the one that is stored."""

    async def bump_generation(self, tenant: str, asset: str, *, also: Also | None = None) -> int:
        """Return the new generation; raises NotFound "asset.unknown"."""

    async def bump_generations(
        self, assets: Sequence[tuple[str, str]], *, also: Also | None = None
    ) -> Mapping[str, int]:
        """Move photos (tenant, asset) on and return their generations; leave out the unknown."""

    async def bump_all(self, tenant: str | None, *, also: Also | None = None) -> int:
        """Move every living photo of a shop (None: of all shops) on; return how many.

        ``also`` gets no generations: there may be millions.
        """

    async def mark_erased(self, tenant: str, asset: str, *, also: Also | None = None) -> None:
        """Set the tombstone, which is for ever. ``also`` runs only when it was not set before."""

    async def count_failure(self, tenant: str, asset: str, *, quarantine_at: int) -> bool:
        """Count a crash or time-out of this source; return whether it is quarantined now."""


@dataclass(frozen=True, slots=True)
class DesignRecord:
    """A stored design: its canonical look as JSON bytes."""

    tenant: str
    design: str
    asset: str
    look: bytes
    owner: str
    created_at_s: int


class DesignRecords(Protocol):
    """The personalization documents."""

    async def design(self, tenant: str, design: str) -> DesignRecord | None:
        """Return a stored design."""

    async def add_design(self, record: DesignRecord) -> None:
        """Store it; harmless when it is there (the id is its content).

        Raises NotFound "asset.unknown" and Gone "asset.erased" for its photo, in one step with
        the look at it: an erase comes before it or takes the design along.
        """


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A bearer token's record; only the SHA-256 of the token is kept."""

    name: str
    token_sha256: str
    tenant: str  # or "*"
    scopes: tuple[str, ...]
    created_at_s: int
    revoked_at_s: int | None


class TokenRecords(Protocol):
    """Who may call the private API."""

    async def token(self, token_sha256: str) -> TokenRecord | None:
        """Return the record of a token by its digest, revoked or not."""

    async def tokens(self) -> Sequence[TokenRecord]:
        """Return every token's record, by name."""

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a token; raises BadDocument "token.exists" when the name is taken."""

    async def revoke_token(self, name: str) -> bool:
        """Return False when there is no live token of that name."""


class Epoch(Protocol):
    """One number that moves whenever anything that a process may have remembered changes."""

    async def epoch(self) -> int:
        """Return the current number: tenants, tombstones, generations, quarantine are behind it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a shop has stored beside its sources: objects and bytes."""

    derivatives: int = 0
    derivatives_bytes: int = 0
    masters: int = 0
    masters_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Return what counts against the quota."""
        return self.derivatives_bytes + self.masters_bytes


@dataclass(frozen=True, slots=True)
class Evictable:
    """A stored object that can be made again, and when (Unix s) it was last used."""

    name: str
    size_bytes: int
    last_used_s: int
    is_master: bool


class QuotaRecords(Protocol):
    """What is stored, how large it is and when it was last used."""

    async def usage(self) -> Mapping[str, Usage]:
        """Return what each shop has stored, by shop; those with nothing are left out."""

    async def set_quota(self, tenant: str, quota_bytes: int | None) -> bool:
        """Set a quota: None is the default, 0 unlimited. False when there is no such shop."""

    async def least_recently_used(
        self, tenant: str, *, before_s: int, limit: int
    ) -> Sequence[Evictable]:
        """Return what was last used before that time (Unix s), the longest ago first."""

    async def forget(self, chosen: Sequence[Evictable]) -> Sequence[Evictable]:
        """Remove the rows of what was not used since it was chosen; return what was removed.

        Only then may the objects be removed: who uses one in between keeps it.
        """


class Workers(Protocol):
    """A pool of processes that touch pixels. Killing one is the only bound that holds."""

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = False,
    ) -> T:
        """Run a picklable top-level function in a worker and return its result.

        Background jobs let the others go first and leave one worker to them.
        Raises what the job raises if it is an OriginError; RenderFailed "render.deadline" when the
        worker was killed at its deadline, "render.crashed" when it died or ran out of memory,
        "workers.unavailable" when none can be started: then the job never began.
        """

    def alive(self) -> int:
        """Return how many workers are up."""


class HostLocks(Protocol):
    """Exclusive locks across this host's processes, freed by the kernel when one dies."""

    def hold(self, name: str) -> AbstractAsyncContextManager[None]:
        """Wait for the lock of that name and hold it."""

    def is_held(self, name: str) -> bool:
        """Return whether somebody holds it now."""


class PresetBook(Protocol):
    """The tenants' named, versioned presets."""

    def preset(self, tenant: str, name: str, version: int) -> Preset | None:
        """Return it, or None when that tenant has none of that name and version."""
