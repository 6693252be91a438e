"""What an erase is made of: what it may take, what became of each photo, and its port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What an erase was asked for. ``sweep``: what a shop's retention classes give up."""

    ASSET = "asset"
    OWNER = "owner"
    PROJECT = "project"
    SWEEP = "sweep"


class Outcome(StrEnum):
    """What became of one photo."""

    ERASED = "erased"  # bytes and records are gone, a tombstone stands for ever
    RELEASED = "released"  # others have it too: only this owner's references and designs went
    KEPT = "kept"  # a legal hold or an order keeps it: nothing was changed


@dataclass(frozen=True, slots=True)
class Clock:
    """When a retention class ends: seconds after the last upload, or after the last use too."""

    after_s: int
    is_idle: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What one erase may take. name: the asset id, owner or project; a sweep has none.

    takes_orders: photos of the class "order" too. clocks: when each class ends, for a sweep.
    """

    kind: Kind
    tenant: str
    name: str = ""
    takes_orders: bool = False
    clocks: Mapping[str, Clock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erase. subject: the asset id, or a keyed digest of owner or project: never their names.

    receipt: its JSON when it is finished, else None.
    """

    erasure: str
    tenant: str
    kind: Kind
    subject: str
    by: str
    reason: str
    began_at_s: int
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class ErasedPhoto:
    """What one erase did to one photo.

    why: of a kept one "hold" or "order". counts: rows that went, by what they were. designs: ids
    that are gone from a photo that others keep. paths: canonical paths that had answered, some.
    removed: files that went, None as long as that was not done. purge: the purge's order id.
    """

    asset: str
    outcome: Outcome
    why: str
    at_s: int
    generation: int
    counts: Mapping[str, int]
    designs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    removed: Mapping[str, int] | None = None
    purge: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold on a photo: who, why, until when (None: until it is lifted)."""

    hold: str
    tenant: str
    asset: str
    by: str
    reason: str
    since_s: int
    until_s: int | None
    lifted_at_s: int | None = None
    lifted_by: str = ""
    lifted_reason: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What caches must forget, told inside the transaction that makes it so."""

    tenant: str
    generations: Mapping[str, int]  # of each erased photo, by asset id
    designs: tuple[str, ...]


#: Enqueues the purge with the transaction's connection and returns its order id.
Announce = Callable[[Any, Announcement], Awaitable[str]]


class ErasureRecords(Protocol):
    """The records that an erase changes. Each page is one transaction."""

    async def begin_erasure(self, erasure: Erasure) -> Erasure:
        """Record it, or return the unfinished one of the same tenant, kind and subject."""

    async def erasures(self, tenant: str, kind: Kind, subject: str) -> Sequence[Erasure]:
        """Return the erases of that subject, oldest first."""

    async def erase_page(
        self, erasure: Erasure, scope: Scope, assets: Sequence[str], announce: Announce
    ) -> Sequence[ErasedPhoto]:
        """Take what the scope allows of these photos; leave out the unknown and the unaffected.

        What this erasure has taken before is returned as it is, and announced only once.
        """

    async def try_page(self, scope: Scope, assets: Sequence[str]) -> Sequence[ErasedPhoto]:
        """Return what erase_page() would, and change nothing."""

    async def erased_photos(
        self, erasure: str, *, after: str = "", limit: int = 1000
    ) -> Sequence[ErasedPhoto]:
        """Return what became of each photo, by asset id."""

    async def note_removed(self, erasure: str, asset: str, removed: Mapping[str, int]) -> None:
        """Record that the files are gone."""

    async def finish_erasure(
        self,
        erasure: str,
        receipt: str,
        *,
        also: Callable[[Any], Awaitable[None]] | None = None,
    ) -> bool:
        """Keep the receipt; the erase is over. ``also`` runs in the same transaction.

        False when another run of this erase has ended it: its receipt stands, nothing is changed.
        """


class PrintErasure(Protocol):
    """What prints have of a photo: files, recipes, jobs."""

    async def erase_prints(self, tenant: str, asset: str) -> tuple[int, int]:
        """Remove the files of a photo's prints that the records have given up.

        Return (removed, kept). Harmless when repeated.
        """
