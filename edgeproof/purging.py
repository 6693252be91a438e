"""Wires the purge manager: the origin's records, the configured providers, the audit's key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from prometheus_client import CollectorRegistry
from sqlalchemy import RowMapping, Select
from sqlalchemy.exc import IntegrityError

from edgeproof.audit_files import HeadFile, make_signer, read_signer
from edgeproof.purge_catalogue import SqlCatalogue
from edgeproof.settings import Settings, environment
from origin.adapters.records import Database
from origin.errors import StoreUnavailable
from purge.audit import Audit
from purge.clock import SystemClock
from purge.configuration import PurgeConfiguration, read_configuration
from purge.desk import Desk
from purge.errors import BadConfiguration, QueueUnavailable
from purge.observe import Watch
from purge.ports import Clock, Provider
from purge.providers.opening import list_providers, open_providers
from purge.queue import Queue, Terms
from purge.send import Worker
from purge.signing import Signer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
#: An answer that is given up at the response deadline may be on its way for this long, in seconds.
SLACK_S = 2.0
#: A hit that rested on news as old as it may be is out of the origin after so long, in seconds.
ANSWER_S = 0.1
DAY_S = 86_400.0
#: What SQLite, PostgreSQL and the kernel say when there is no room.
_FULL = ("disk is full", "No space left on device")


class PurgeRecords:
    """Transactions, on the origin's records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        """Return what a SELECT finds; raises QueueUnavailable."""
        try:
            return await self._database.rows(query)
        except StoreUnavailable as error:
            raise _unavailable(error) from error

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run ``work`` in a transaction; raises QueueUnavailable."""
        try:
            return await self._database.write(work)
        except (StoreUnavailable, IntegrityError) as error:
            raise _unavailable(error) from error


@dataclass(frozen=True, slots=True)
class Purging:
    """The purge manager without its worker."""

    configuration: PurgeConfiguration
    providers: Mapping[str, Provider]
    queue: Queue
    audit: Audit
    desk: Desk
    signer: Signer
    head_file: HeadFile

    def worker(self, registry: CollectorRegistry, logger: Any) -> Worker:  # structlog's own type
        """Make a worker; run it with purge.work.run_worker, ``signer`` and ``head_file``."""
        return Worker(self.queue, self.audit, Watch(registry, logger))


@asynccontextmanager
async def open_purging(
    settings: Settings, database: Database, clock: Clock | None = None
) -> AsyncIterator[Purging]:
    """Open the configured providers and the queue in the origin's records.

    Raises CommandFailed (the audit's key), BadConfiguration (the file, a missing secret).
    """
    clock = clock or SystemClock()
    configuration = configuration_of(settings)
    signer = open_signer(settings)
    found = open_providers(configuration, environment())
    providers = {provider.name: provider for provider in found}
    records = PurgeRecords(database)
    queue = Queue(records, providers, clock, terms_of(settings))
    audit = Audit(records, clock.now_s)
    desk = Desk(queue, audit, SqlCatalogue())
    head_file = HeadFile(settings.audit_head_path)
    try:
        yield Purging(configuration, providers, queue, audit, desk, signer, head_file)
    finally:
        for provider in found:
            await provider.close()


def configuration_of(settings: Settings) -> PurgeConfiguration:
    """Read the purge configuration; without one there are no edges to purge."""
    path = settings.purge_config_path
    return PurgeConfiguration() if path is None else read_configuration(path)


def check_providers(settings: Settings) -> None:
    """Read the purge configuration and its secrets; raises BadConfiguration."""
    for table in list_providers(configuration_of(settings), environment()):
        if table.secret.endswith("missing"):
            raise BadConfiguration("purge.configuration", f"{table.name}: {table.secret}")


def terms_of(settings: Settings) -> Terms:
    """Return how the queue behaves."""
    return Terms(
        coalesce_s=settings.purge_coalesce_s,
        origin_s=settings.epoch_poll_s + ANSWER_S,
        second_s=settings.response_deadline_s + SLACK_S,
        give_up_s=settings.purge_give_up_s,
        inner_wait_s=settings.purge_inner_wait_s,
        keep_s=settings.purge_keep_days * DAY_S,
    )


def open_signer(settings: Settings) -> Signer:
    """Open the audit's key; in dev mode a missing one in the data folder is made."""
    if settings.mode == "dev" and settings.audit_key is None:
        make_signer(settings.audit_key_path)
    return read_signer(settings.audit_key_path)


def _unavailable(error: Exception) -> QueueUnavailable:
    words = getattr(error, "log", "") or str(error)
    is_full = any(sign in words for sign in _FULL)
    return QueueUnavailable("queue.full" if is_full else "queue.unavailable", log=words)
