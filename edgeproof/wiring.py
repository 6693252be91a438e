"""The only place that knows all parts: settings in, a running origin out."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
from edgeproof.pools import engine_of, open_pool, worker_pool
from edgeproof.presets import PresetFiles
from edgeproof.printing import Printing, open_printing
from edgeproof.settings import Settings
from edgeproof.store_care import StoreCare
from edgeproof.storing import open_store
from origin.adapters.counted_masters import CountedMasters
from origin.adapters.decoded import MemoryLevels
from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.host_locks import FileLocks
from origin.adapters.on_demand import OnDemand
from origin.adapters.orphans import sweep
from origin.adapters.pool import WorkerPool
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.adapters.stores import KeptObjects, KeptSources
from origin.errors import OriginError
from origin.flow.admit import Admission
from origin.flow.authorize import Authorizer, Locks
from origin.flow.coalesce import Coalescer
from origin.flow.eager import Eager, EagerParts, behind
from origin.flow.epoch import EpochWatch
from origin.flow.evict import Evictor, QuotaLimits
from origin.flow.intake import Intake, IntakeParts
from origin.flow.look_up import HotPictures, Subjects
from origin.flow.personalize import Personalize
from origin.flow.preview import PreviewParts, Previews
from origin.flow.print_jobs import load as load_proofs
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
    """Objects and records: what every command needs, also without a server."""

    objects: KeptObjects
    sources: KeptSources
    ping: Callable[[], Awaitable[None]]
    where: str
    left: Callable[[], Awaitable[Sequence[str]]]
    records: SqlRecords
    database: Database
    locks: FileLocks


@dataclass(frozen=True, slots=True)
class Origin:
    """A running origin without its listeners."""

    settings: Settings
    stores: Stores
    pool: WorkerPool
    proofs: OnDemand
    presets: PresetFiles
    previews: Previews
    intake: Intake
    personalize: Personalize
    renders: Renders
    admission: Admission
    uploads: Admission
    coalescers: tuple[Coalescer[Any], ...]
    eager: Eager
    care: StoreCare
    printing: Printing
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
            await self.stores.ping()
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
            "sandbox": self.pool.confined.facts(),
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
            restarts = self.pool.restarts + self.proofs.restarts
            alive = self.pool.alive() + self.proofs.alive()
            refresh_gauges(self.metrics, self.admission, alive, restarts)
            await asyncio.sleep(GAUGES_S)

    async def sweep(self) -> None:
        """Remove what no living record knows, now and then, until cancelled.

        A store that is away waits for the next turn.
        """
        stores = self.stores
        while True:
            with suppress(OriginError):
                removed = await sweep(stores.sources, stores.objects, stores.records)
                if removed:
                    self.logger.warning(ORPHANS_REMOVED, count=removed)
            await asyncio.sleep(self.settings.sweep_every_s)

    async def drain(self) -> None:
        """Finish what was begun, take on nothing new."""
        self.admission.close()
        self.uploads.close()
        self.eager.stop()
        for coalescer in self.coalescers:
            await coalescer.finish(self.settings.drain_s)


@asynccontextmanager
async def open_stores(
    settings: Settings,
    *,
    on_damage: Any = None,
    is_new_allowed: bool = True,
    is_store_tried: bool = False,
) -> AsyncIterator[Stores]:
    """Open disk and records, migrated to this version; raises OriginError with what is wrong.

    is_new_allowed: False for what only reads, so that a mistyped folder is not made and found
    empty. is_store_tried: an S3 must first show that it does what we rest on.
    """
    if not is_new_allowed and not settings.data_dir.is_dir():
        raise CommandFailed(f"there is no data folder {settings.data_dir}", ExitCode.USAGE)
    async with AsyncExitStack() as stack:
        opening = open_store(settings, on_damage or (lambda _: None), is_tried=is_store_tried)
        store = await stack.enter_async_context(opening)
        await asyncio.to_thread(upgrade, settings.records_url)
        database = Database(
            settings.records_url,
            busy_timeout_s=settings.busy_timeout_s,
            timeout_s=settings.database_timeout_s,
            connections=settings.database_connections,
        )
        stack.push_async_callback(database.close)
        locks = FileLocks(settings.data_dir / "locks")
        stack.callback(locks.close)
        yield Stores(
            objects=store.objects,
            sources=store.sources,
            ping=store.ping,
            where=store.where,
            left=store.left,
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
        opening = open_stores(settings, on_damage=on_damage, is_store_tried=True)
        stores = await stack.enter_async_context(opening)
        ring = open_ring(settings)
        pool = await stack.enter_async_context(open_pool(settings))
        for layer, is_on in pool.confined.layers().items():
            counters.sandbox.labels(layer).set(is_on)
        engine = await engine_of(pool, settings)
        proofs = OnDemand(lambda: worker_pool(settings, load_proofs))
        stack.push_async_callback(proofs.close, timeout_s=settings.drain_s)
        opening_prints = open_printing(settings, stores, engine, logger)
        printing = await stack.enter_async_context(opening_prints)
        pools = pool, proofs
        origin = _origin(
            settings, stores, pools, printing, ring, engine, counters, registry, logger
        )
        stack.push_async_callback(origin.care.close)
        cares = (origin.keep_gauges(), origin.sweep(), origin.care.run(), origin.eager.run())
        for care in cares:
            stack.callback(asyncio.create_task(care).cancel)
        yield origin


def _origin(
    settings: Settings,
    stores: Stores,
    pools: tuple[WorkerPool, OnDemand],
    printing: Printing,
    ring: RingFile,
    engine: str,
    counters: Metrics,
    registry: CollectorRegistry,
    logger: Any,
) -> Origin:
    records = stores.records
    pool, proofs = pools
    presets = PresetFiles(settings.presets_path)
    admission = Admission(running_max=settings.workers, waiting_max=settings.queue_max)
    uploads = Admission(
        running_max=settings.uploads_max,
        waiting_max=settings.queue_max,
        full_code="intake.queue_full",
        wait_s=settings.upload_wait_s,
    )
    masters: Coalescer[dict[int, bytes]] = Coalescer(stores.locks)
    focuses: Coalescer[tuple[int, int]] = Coalescer(stores.locks)
    counted = CountedMasters(stores.objects, records)
    ports = RenderPorts(
        *(pool, counted, stores.sources, records, admission, masters, focuses),
        MemoryLevels(settings.level_memory_mb * 1_000_000),
        settings.profiles_path,
        proofs,
    )
    limits = RenderLimits(settings.render_deadline_s, settings.quarantine_after)
    renders = Renders(ports, engine=engine, limits=limits)
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
        subjects=Subjects(records, presets, printing.products),
        hot=HotPictures(settings.memory_cache_mb * 1_000_000),
        derivatives=derivatives,
        coalescer=coalescer,
        admission=admission,
        ration=Ration(settings.cold_renders_per_minute),
        renders=renders,
        responder=Responder(exposes_details=settings.exposes_details),
    )
    eager = Eager(
        EagerParts(
            presets,
            records,
            derivatives,
            Renders(behind(ports), engine=engine, limits=limits),
            stores.locks,
        ),
        engine=engine,
        waiting_max=settings.eager_max,
        count=lambda outcome: counters.eager_pictures.labels(outcome).inc(),
    )
    care = StoreCare(
        records=records,
        sources=stores.sources,
        derivatives=derivatives,
        masters=counted,
        hot=parts.hot,
        evictor=Evictor(
            records,
            stores.objects,
            stores.locks,
            limits=QuotaLimits(settings.quota_mb * 1_000_000, settings.quota_grace_s),
        ),
        metrics=counters,
        logger=logger,
        every_s=settings.quota_every_s,
    )
    intake = Intake(
        IntakeParts(pool, stores.sources, records, renders, stores.locks, uploads, eager.offer),
        caps=settings.caps,
        deadline_s=settings.intake_deadline_s,
    )
    return Origin(
        settings=settings,
        stores=stores,
        pool=pool,
        proofs=proofs,
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
        eager=eager,
        care=care,
        printing=printing,
        metrics=counters,
        registry=registry,
        ring=ring,
        engine=engine,
        logger=logger,
    )


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
