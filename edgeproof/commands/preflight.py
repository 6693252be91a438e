"""``edgeproof preflight``: what a customer or a print house should know before a print."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remarks

if TYPE_CHECKING:
    from cache_keys.design_look import DesignLook
    from edgeproof.settings import Settings
    from origin.adapters.pool import WorkerPool
    from origin.printing.pdfx_rules.finding import Finding
    from origin.printing.product import Product
    from origin.printing.values import Check

EPILOG = """
Examples:

  edgeproof preflight beach.jpg --product poster-50x70     a photo, as much of it as fits

  edgeproof preflight --tenant acme --asset k3q7...a --design m2xp...q --product card-a5

  edgeproof preflight --pdf card.pdf --json                the rules that a print PDF breaks

Exit codes: 0 it can be printed (warnings and notes are advice), 1 it cannot, or the PDF is no
PDF/X-4, 2 usage.
"""


def preflight(
    photo: Annotated[Path | None, typer.Argument(help="A photo that is not in the shop.")] = None,
    *,
    product: Annotated[
        str | None, typer.Option(help="card-a5~1, or card-a5 for its newest.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="The shop.")] = None,
    asset: Annotated[str | None, typer.Option(help="A photo of the shop.")] = None,
    design: Annotated[str | None, typer.Option(help="A design of that photo.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="A print PDF, of whoever made it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Check a photo on a product, or a PDF against PDF/X-4; nothing is made or stored."""
    from edgeproof.settings import load

    if sum(one is not None for one in (photo, asset, pdf)) != 1:
        raise CommandFailed("give a FILE, or --asset, or --pdf", ExitCode.USAGE)
    settings = load()
    if pdf is not None:
        show_findings(asyncio.run(_of_pdf(_file(pdf), settings)), as_json=as_json)
        return
    if product is None:
        raise CommandFailed("give a --product; `edgeproof products list`", ExitCode.USAGE)
    if asset is not None and tenant is None:
        raise CommandFailed("an --asset needs its --tenant", ExitCode.USAGE)
    if photo is not None:
        checks = asyncio.run(_of_file(_file(photo), product, settings))
    else:
        checks = asyncio.run(_of_asset((tenant or "", asset or "", design), product, settings))
    show_checks(checks, as_json=as_json)


def show_checks(checks: tuple[Check, ...], *, as_json: bool) -> None:
    """Write a line per check, the gravest first; exit 1 when one blocks."""
    order = ("block", "warn", "note", "ok")
    for check in sorted(checks, key=lambda one: order.index(one.severity or "ok")):
        if as_json:
            out_json(
                {
                    "code": check.code,
                    "severity": check.severity,
                    "measured": check.measured,
                    "threshold": check.threshold,
                    "unit": check.unit,
                    "words": check.words,
                }
            )
        else:
            figure = f"{check.measured:g} {check.unit} ({check.threshold:g})".replace("  ", " ")
            out(f"{check.severity or 'ok':<6} {check.code:<23} {figure:<24} {check.words}")
    if any(check.severity == "block" for check in checks):
        raise typer.Exit(ExitCode.FAILED)


def show_findings(findings: tuple[Finding, ...], *, as_json: bool) -> None:
    """Write a line per broken rule; exit 1 when one is of the standard."""
    for found in sorted(findings, key=lambda one: not one.is_standard):
        severity = "block" if found.is_standard else "note"
        if as_json:
            out_json(
                {
                    "code": found.code,
                    "severity": severity,
                    "found": found.found,
                    "words": found.words,
                    "source": found.source,
                }
            )
        else:
            out(f"{severity:<6} {found.code:<20} {found.found}: {found.words} [{found.source}]")
    if not findings and not as_json:
        out("ok     every rule is kept")
    if any(found.is_standard for found in findings):
        raise typer.Exit(ExitCode.FAILED)


async def _of_file(photo: Path, reference: str, settings: Settings) -> tuple[Check, ...]:
    async with _pool(settings) as pool:
        return await _checked(pool, settings, photo, _product(reference, settings), None)


async def _of_asset(
    named: tuple[str, str, str | None], reference: str, settings: Settings
) -> tuple[Check, ...]:
    from cache_keys.design import read_design
    from edgeproof.wiring import open_stores
    from origin.errors import NotFound
    from origin.flow.prints import lent_source

    tenant, asset, design = named
    async with open_stores(settings, is_new_allowed=False) as stores:
        found = await stores.records.asset(tenant, asset)
        if found is None or found.is_erased:
            raise NotFound("asset.unknown", f"There is no photo {asset} in {tenant}.")
        look = None
        if design is not None:
            record = await stores.records.design(tenant, design)
            if record is None or record.asset != asset:
                raise NotFound("design.unknown", f"There is no design {design} of that photo.")
            look = read_design(record.look).look
        async with lent_source(stores.sources, found) as source, _pool(settings) as pool:
            return await _checked(pool, settings, source, _product(reference, settings), look)


async def _of_pdf(path: Path, settings: Settings) -> tuple[Finding, ...]:
    from origin.flow.preflight_jobs import check_pdf

    async with _pool(settings) as pool:
        return await pool.run(check_pdf, path, deadline_s=settings.print_deadline_s)


async def _checked(
    pool: WorkerPool, settings: Settings, source: Path, product: Product, look: DesignLook | None
) -> tuple[Check, ...]:
    from origin.flow.preflight_jobs import check_photo
    from origin.flow.prints import added_profile

    return await pool.run(
        check_photo,
        source,
        settings.caps,
        product,
        look,
        added_profile(settings.profiles_path, product.colour.profile),
        settings.preflight_limits,
        deadline_s=settings.print_deadline_s,
    )


@asynccontextmanager
async def _pool(settings: Settings) -> AsyncIterator[WorkerPool]:
    """Start one worker, with a sign of life on a terminal."""
    from origin.adapters.pool import WorkerPool
    from origin.adapters.sandbox import WorkerLimits
    from origin.flow.jobs import warm
    from origin.flow.preflight_jobs import load

    limits = WorkerLimits(memory_mb=settings.worker_memory_mb, sandbox=settings.sandbox)
    pool = WorkerPool(1, limits=limits, load=load, warm=warm)
    with remarks.status("checking"):
        await pool.start()
        try:
            yield pool
        finally:
            await pool.close(timeout_s=0)


def _product(reference: str, settings: Settings) -> Product:
    from origin.printing.products import Products

    return Products(settings.products_dir).by_reference(reference)


def _file(path: Path) -> Path:
    if not path.is_file():
        raise CommandFailed(f"there is no file {path}", ExitCode.USAGE)
    return path
