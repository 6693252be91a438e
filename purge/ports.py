"""What the purge needs from the outside: providers, the records, the catalogue, a clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import RowMapping, Select

from purge.values import Acceptance, Batch, Limits, Subject

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Provider(Protocol):
    """One configured account, zone, service or group of instances. Never retries by itself."""

    @property
    def name(self) -> str:
        """Its name in the configuration: unique, and a label of metrics."""

    @property
    def account(self) -> str:
        """Whose rate limits it shares; its own name where it shares none."""

    @property
    def depth(self) -> int:
        """0 for the innermost cache, 1 for the one before it, and so on."""

    @property
    def limits(self) -> Limits:
        """What it takes in one call, and how often."""

    async def send(self, batch: Batch) -> Acceptance:
        """Purge all of the batch, once; sending it again is harmless.

        Raises ProviderBusy, ProviderUnavailable (the outcome may be unknown), ProviderRefused.
        """

    async def close(self) -> None:
        """Free its connections."""


class Transactions(Protocol):
    """The records' database. Raises QueueUnavailable when it cannot be asked or written."""

    async def rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        """Return what a SELECT finds; it sees what is committed."""

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run ``work`` in a transaction that is committed on its clean end, else rolled back."""


class Catalogue(Protocol):
    """What the records know of photos, asked inside the purge's own transaction."""

    async def assets(
        self, connection: AsyncConnection, subjects: Sequence[Subject]
    ) -> Mapping[Subject, Sequence[str]]:
        """Return the ``{tenant}/{asset}`` that each subject names; a subject without is absent.

        Assets, owners, projects, designs, presets; also tags, urls and prefixes that name one.
        """

    async def bump(self, connection: AsyncConnection, assets: Sequence[str]) -> Mapping[str, int]:
        """Move the generation of each ``{tenant}/{asset}`` that is known, and return the new ones.

        What was made before is neither served by the origin nor kept from then on.
        """

    async def bump_all(self, connection: AsyncConnection, tenant: str) -> Mapping[str, int]:
        """Move the generation of every asset of a tenant ("" for all); return a sample."""


class Clock(Protocol):
    """Time as a parameter."""

    def now_s(self) -> float:
        """Return Unix time in seconds; it may jump."""

    def monotonic_s(self) -> float:
        """Return seconds that never jump."""

    async def sleep(self, wait_s: float) -> None:
        """Wait."""
