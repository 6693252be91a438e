"""What a folder and a bucket are alike to whoever keeps objects and sources in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from origin.adapters.sealed import Note
from origin.ports import ObjectStore, SourceStore

Found = tuple[bytes, Note]
Wins = Callable[[Note], bool]


@dataclass(frozen=True, slots=True)
class Listed:
    """One stored object: its name, its size with the note, and the seconds since it was written."""

    name: str
    size_bytes: int
    age_s: float


class Staged(Protocol):
    """Bytes that are safe in the store and may still be taken back."""

    async def publish(self) -> Found | None:
        """See to it that they have their name; return what stands there instead, if that won."""

    def publish_here(self) -> Found | None:
        """Do the same in the thread that calls, which it may block for a moment."""


class KeptObjects(ObjectStore, Protocol):
    """Objects that carry a note, with what compare and set, sweeps and scrubs need."""

    async def read(self, name: str) -> Found | None:
        """Return content and note; None when absent, or damaged, reported and removed."""

    def read_now(self, name: str) -> Found | None:
        """Return them where that needs no waiting; None says nothing: then ask read()."""

    def is_absent_now(self, name: str) -> bool:
        """Say whether nothing of that name is stored; False where that must be waited for."""

    def reader_now(self, name: str, size_bytes: int) -> Callable[[], bytearray | None]:
        """Return what reads so many bytes without waiting, unproven; None: ask read()."""

    def staged(
        self, name: str, content: bytes, note: Note, wins: Wins
    ) -> AbstractAsyncContextManager[Staged]:
        """Lend bytes that get their name in publish(), unless sound bytes stand there that win.

        An error inside takes back what was published.
        """

    async def folders(self, prefix: str) -> set[str]:
        """Return the segments that follow ``prefix`` (ends in ``/``)."""

    def names(self, prefix: str) -> AsyncIterator[Listed]:
        """Go through every object below ``prefix`` (ends in ``/``)."""


#: Says whether a photo is erased, by shop and asset id.
IsErased = Callable[[str, str], Awaitable[bool]]


class KeptSources(SourceStore, Protocol):
    """Sources, with what a sweep needs."""

    async def drop_copies(self, is_erased: IsErased) -> int:
        """Drop this host's idle copies of erased photos; return how many."""

    async def ages_s(self, tenant: str) -> Mapping[str, float]:
        """Return each source's asset id and the seconds since it was last taken in."""

    async def delete_older_than(self, tenant: str, asset: str, age_s: float) -> bool:
        """Remove a source unless it was taken in since; return whether it was removed."""
