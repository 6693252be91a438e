"""The only place that knows all parts: settings in, a running origin out."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from cache_keys.keyring import Ring, RingError, parse_edge_secrets
from cache_keys.request import read_target
from cache_keys.signer import rounded_exp, sign, signing_kid
from edgeproof.console import CommandFailed, ExitCode
from edgeproof.keyfiles import RingFile, make_ring
from edgeproof.presets import PresetFiles
from edgeproof.settings import Settings
from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk, store_errors
from origin.adapters.file_objects import FileObjects, FileSources
from origin.adapters.frames import WorkerLimits
from origin.adapters.host_locks import FileLocks
from origin.adapters.orphans import sweep
from origin.adapters.pool import WorkerPool
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.errors import OriginError
from origin.flow.admit import Admission
from origin.flow.authorize import Authorizer, Locks
from origin.flow.coalesce import Coalescer
from origin.flow.epoch import EpochWatch
from origin.flow.intake import Intake, IntakeParts
from origin.flow.jobs import describe_engine, warm
from origin.flow.look_up import HotPictures, Subjects
from origin.flow.personalize import Personalize
from origin.flow.preview import PreviewParts, Previews
from origin.flow.ration import Ration
from origin.flow.render import RenderLimits, RenderPorts, Renders
from origin.flow.respond import Responder
from origin.routes.observe import Metrics, metrics, refresh_gauges

#: How often read-only gauges are set, in seconds.
GAUGES_S = 1.0
OBJECT_DAMAGED = "object_damaged"
ORPHANS_REMOVED = "orphans_removed"
#: Life of a URL that the API hands out, in seconds: it is good for one to two days.
URL_LIFE_S = 86_400


@dataclass(frozen=True, slots=True)
class Stores:
    """Disk and records: what every command needs, also without a server."""

    disk: Disk
    objects: FileObjects
    sources: FileSources
    records: SqlRecords
    database: Database
    locks: FileLocks


@dataclass(frozen=True, slots=True)
class Origin:
    """A running origin without its listeners."""

    settings: Settings
    stores: Stores
    pool: WorkerPool
    presets: PresetFiles
    previews: Previews
    intake: Intake
    personalize: Personalize
    renders: Renders
    admission: Admission
    uploads: Admission
    coalescers: tuple[Coalescer[Any], ...]
    metrics: Metrics
    registry: CollectorRegistry
    ring: RingFile
    engine: str
    logger: Any

    def sign(self, tenant: str, asset: str, leaf: str, *, scope: str = "") -> str:
        """Return an absolute URL that is good for a day or two."""
        target = read_target(f"/v1/{tenant}/{asset}/{leaf}".encode())
        now_s = int(time.time())
        ring: Ring = self.ring()
        kid = signing_kid(ring, tenant, now_s)
        exp = rounded_exp(now_s, URL_LIFE_S)
        return self.settings.base_url + sign(target, ring, kid, exp, now=now_s, scope=scope)

    async def problems(self) -> dict[str, str]:
        """Name what this host cannot do right now; empty when it is ready."""
        found: dict[str, str] = {}
        try:
            await self.stores.database.ping()
        except OriginError as error:
            found["records"] = error.log or error.public
        try:
            await asyncio.to_thread(probe, self.stores.disk)
        except OriginError as error:
            found["store"] = error.log or error.public
        if self.pool.alive() == 0:
            found["workers"] = "no worker process is up"
        if self.admission.is_closed:
            found["server"] = "stopping"
        return found

    def facts(self) -> dict[str, object]:
        """Say what runs here, for readiness and doctor."""
        return {
            "engine": self.engine,
            "workers": self.pool.alive(),
            "queue_waiting": self.admission.waiting,
        }

    def exposition(self) -> bytes:
        """Return the counters of all HTTP processes of this host in Prometheus' text format."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # set by supervise.py
            everyone = CollectorRegistry()
            MultiProcessCollector(everyone)  # type: ignore[no-untyped-call] # the library's
            return generate_latest(everyone)
        return generate_latest(self.registry)

    async def keep_gauges(self) -> None:
        """Set the gauges once a second, until cancelled."""
        while True:
            refresh_gauges(self.metrics, self.admission, self.pool.alive(), self.pool.restarts)
            await asyncio.sleep(GAUGES_S)

    async def sweep(self) -> None:
        """Remove what uploads left that never got a record; a store that is away waits its turn."""
        stores = self.stores
        with suppress(OriginError):
            removed = await sweep(stores.sources, stores.objects, stores.records)
            if removed:
                self.logger.warning(ORPHANS_REMOVED, count=removed)

    async def drain(self) -> None:
        """Finish what was begun, take on nothing new."""
        self.admission.close()
        self.uploads.close()
        for coalescer in self.coalescers:
            await coalescer.finish(self.settings.drain_s)


@asynccontextmanager
async def open_stores(
    settings: Settings, *, on_damage: Any = None, is_new_allowed: bool = True
) -> AsyncIterator[Stores]:
    """Open disk and records, migrated to this version; raises OriginError with what is wrong.

    is_new_allowed: False for what only reads, so that a mistyped folder is not made and found
    empty.
    """
    if not is_new_allowed and not settings.data_dir.is_dir():
        raise CommandFailed(f"there is no data folder {settings.data_dir}", ExitCode.USAGE)
    async with AsyncExitStack() as stack:
        disk = await asyncio.to_thread(Disk, settings.data_dir / "objects")
        stack.callback(disk.close)
        await asyncio.to_thread(upgrade, settings.records_url)
        database = Database(settings.records_url, busy_timeout_s=settings.busy_timeout_s)
        stack.push_async_callback(database.close)
        locks = FileLocks(settings.data_dir / "locks")
        stack.callback(locks.close)
        yield Stores(
            disk=disk,
            objects=FileObjects(disk, on_damage=on_damage or (lambda _: None)),
            sources=FileSources(disk),
            records=SqlRecords(database),
            database=database,
            locks=locks,
        )


@asynccontextmanager
async def open_origin(settings: Settings, registry: CollectorRegistry) -> AsyncIterator[Origin]:
    """Open everything but the listeners, in the order of dependence; close it in reverse."""
    logger = structlog.get_logger()
    counters = metrics(registry)

    def on_damage(name: str) -> None:
        counters.damaged_objects.inc()
        logger.error(OBJECT_DAMAGED, name=name)

    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings, on_damage=on_damage))
        ring = open_ring(settings)
        pool = await stack.enter_async_context(open_pool(settings))
        engine = await engine_of(pool, settings)
        origin = _origin(settings, stores, pool, ring, engine, counters, registry, logger)
        for care in (origin.keep_gauges(), origin.sweep()):
            stack.callback(asyncio.create_task(care).cancel)
        yield origin


@asynccontextmanager
async def open_pool(settings: Settings) -> AsyncIterator[WorkerPool]:
    """Start the worker processes; at the end let them finish, then end them."""
    pool = WorkerPool(
        workers=settings.workers,
        limits=WorkerLimits(memory_mb=settings.worker_memory_mb),
        jobs_max=settings.worker_max_jobs,
        warm=warm,
    )
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close(timeout_s=settings.drain_s)


async def engine_of(pool: WorkerPool, settings: Settings) -> str:
    """Ask a worker what makes the pixels on this host; the HTTP process never loads libvips."""
    return await pool.run(describe_engine, deadline_s=settings.render_deadline_s)


def _origin(
    settings: Settings,
    stores: Stores,
    pool: WorkerPool,
    ring: RingFile,
    engine: str,
    counters: Metrics,
    registry: CollectorRegistry,
    logger: Any,
) -> Origin:
    records = stores.records
    presets = PresetFiles(settings.presets_path)
    admission = Admission(running_max=settings.workers, waiting_max=settings.queue_max)
    uploads = Admission(
        running_max=settings.uploads_max,
        waiting_max=settings.queue_max,
        full_code="intake.queue_full",
    )
    masters: Coalescer[dict[int, bytes]] = Coalescer(stores.locks)
    focuses: Coalescer[tuple[int, int]] = Coalescer(stores.locks)
    renders = Renders(
        RenderPorts(pool, stores.objects, stores.sources, records, admission, masters, focuses),
        engine=engine,
        limits=RenderLimits(settings.render_deadline_s, settings.quarantine_after),
    )
    coalescer: Coalescer[Any] = Coalescer(stores.locks)
    derivatives = StoredDerivatives(stores.objects, records)
    locks = Locks(
        ring=ring,
        hosts=settings.answered_hosts,
        edge_secrets=edge_secrets(settings),
        public_tenants=None
        if settings.public_tenants is None
        else frozenset(settings.public_tenants),
    )
    parts = PreviewParts(
        authorizer=Authorizer(locks, records),
        epochs=EpochWatch(records, poll_s=settings.epoch_poll_s, grace_s=settings.records_grace_s),
        subjects=Subjects(records, presets),
        hot=HotPictures(settings.memory_cache_mb * 1_000_000),
        derivatives=derivatives,
        coalescer=coalescer,
        admission=admission,
        ration=Ration(settings.cold_renders_per_minute),
        renders=renders,
        responder=Responder(exposes_details=settings.exposes_details),
    )
    intake = Intake(
        IntakeParts(pool, stores.sources, records, renders, stores.locks, uploads),
        caps=settings.caps,
        deadline_s=settings.intake_deadline_s,
    )
    return Origin(
        settings=settings,
        stores=stores,
        pool=pool,
        presets=presets,
        previews=Previews(
            parts, engine=engine, deadline_s=settings.response_deadline_s, now=time.time
        ),
        intake=intake,
        personalize=Personalize(records, records),
        renders=renders,
        admission=admission,
        uploads=uploads,
        coalescers=(coalescer, masters, focuses),
        metrics=counters,
        registry=registry,
        ring=ring,
        engine=engine,
        logger=logger,
    )


def probe(disk: Disk) -> None:
    """Write and remove a small file; raises StoreUnavailable where that is not possible."""
    path = disk.scratch_path()
    with store_errors("write to the object folder"):
        disk.write(path, b"probe")
    disk.discard(path)


def open_ring(settings: Settings) -> RingFile:
    """Open the key ring; in dev mode a missing one in the data folder is made."""
    if settings.mode == "dev" and settings.key_ring is None:
        make_ring(settings.ring_path)
    return RingFile(settings.ring_path)


def edge_secrets(settings: Settings) -> dict[str, bytes]:
    """Read the live edge secrets; raises CommandFailed that never shows one."""
    if settings.edge_secrets is None:
        return {}
    try:
        return parse_edge_secrets(settings.edge_secrets.get_secret_value().encode())
    except RingError as error:
        raise CommandFailed(f"EDGEPROOF_EDGE_SECRETS: {error}", ExitCode.USAGE) from None
