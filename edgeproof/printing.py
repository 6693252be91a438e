"""Wires the print lane: products, a pool of its own that starts with the first print, links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from edgeproof.console import CommandFailed, ExitCode
from edgeproof.keyfiles import RingFile, make_ring
from edgeproof.settings import Settings
from origin.adapters.on_demand import OnDemand
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.flow.jobs import describe_engine, warm
from origin.flow.print_archive import PrintFiles
from origin.flow.print_jobs import load
from origin.flow.print_work import PrintLimits, PrintWork, WorkParts
from origin.flow.prints import PrintParts, Prints
from origin.printing.products import Products
from origin.prints import PrintLane
from origin.routes.prints import PrintApi, PrintLinks

if TYPE_CHECKING:
    from edgeproof.wiring import Stores

#: The largest print file, MiB: A TIFF of a 50 x 70 cm poster at 300 dpi in four plates is 195.
ANSWER_MB = 768


def _print_workers(settings: Settings) -> WorkerPool:
    """Return the processes that make print files, not started yet."""
    return WorkerPool(
        workers=settings.print_fast_workers + settings.print_careful_workers,
        limits=WorkerLimits(
            memory_mb=settings.print_memory_mb, sandbox=settings.sandbox, answer_mb=ANSWER_MB
        ),
        jobs_max=settings.worker_max_jobs,
        load=load,
        warm=warm,
    )


@dataclass(frozen=True, slots=True)
class Printing:
    """The print lane of a running origin."""

    products: Products
    pool: OnDemand
    prints: Prints
    work: PrintWork
    files: PrintFiles
    links: PrintLinks | None
    engine: str

    def api(self, stores: Stores, logger: Any) -> PrintApi:
        """Return what the routes call."""
        return PrintApi(
            tenants=stores.records,
            tokens=stores.records,
            prints=self.prints,
            files=self.files,
            links=self.links,
            wake=self.work.wake,
            logger=logger,
        )


@asynccontextmanager
async def open_printing(
    settings: Settings, stores: Stores, engine: str | None, logger: Any
) -> AsyncIterator[Printing]:
    """Open the print lane; at the end what is under way waits for the next maker.

    engine: what makes the pixels here, None to ask a worker.
    """
    products = Products(settings.products_dir)
    pool = OnDemand(lambda: _print_workers(settings))
    files = PrintFiles(stores.records, stores.objects)
    parts = PrintParts(stores.records, stores.sources, pool, products, settings.profiles_path)
    making = WorkParts(stores.records, stores.sources, files, pool, settings.profiles_path, logger)
    try:
        if engine is None:
            engine = await pool.run(describe_engine, deadline_s=settings.print_deadline_s)
        engine = print_engine(engine)
        yield Printing(
            products=products,
            pool=pool,
            prints=Prints(
                parts,
                engine=engine,
                deadline_s=settings.print_deadline_s,
                fast_px_max=int(settings.print_fast_mp * 1_000_000),
            ),
            work=PrintWork(making, engine=engine, limits=limits_of(settings)),
            files=files,
            links=print_links(settings),
            engine=engine,
        )
    finally:
        await pool.close(timeout_s=0)  # what is under way waits for the next maker


def print_engine(engine: str) -> str:
    """Return what makes print files here: the pixels' engine, and pikepdf, which writes the PDFs.

    Another version of it may write other bytes around the same page; previews do not care.
    """
    return f"{engine}-q{version('pikepdf')}"


@asynccontextmanager
async def making(printing: Printing) -> AsyncIterator[None]:
    """Make prints beside the block."""
    task = asyncio.create_task(printing.work.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def limits_of(settings: Settings) -> PrintLimits:
    """Return how prints are made on this host."""
    return PrintLimits(
        lanes={
            PrintLane.FAST: settings.print_fast_workers,
            PrintLane.CAREFUL: settings.print_careful_workers,
        },
        turns=settings.print_turns,
        lease_s=settings.print_lease_s,
        poll_s=settings.print_poll_s,
        deadline_s=settings.print_deadline_s,
        preflight=settings.preflight_limits,
    )


def print_links(settings: Settings) -> PrintLinks | None:
    """Return the maker of links; None where production has no ring for them.

    Raises CommandFailed when the ring shares a secret with the previews'.
    """
    path = settings.print_ring_path
    if settings.mode == "dev" and settings.print_ring is None:
        make_ring(path, "p1")
    if settings.print_ring is None and not path.is_file():
        return None
    ring = RingFile(path)
    previews = RingFile(settings.ring_path)
    shared = {key.master for key in ring().values()} & {key.master for key in previews().values()}
    if shared:
        sentence = f"{path} holds a key of the preview ring; make one with `edgeproof keys new`"
        raise CommandFailed(sentence, ExitCode.USAGE)
    return PrintLinks(ring, settings.print_base_url, settings.print_link_life_s)
