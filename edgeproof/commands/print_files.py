"""``edgeproof print``: make a print file, make it again and compare, say why it is as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remarks

if TYPE_CHECKING:
    from edgeproof.print_run import Told
    from origin.prints import PrintRecord, PrintStep

app = typer.Typer(help="Make print files, verify and explain them.", no_args_is_help=True)

TenantName = Annotated[str, typer.Option("--tenant", help="The shop.")]
AnyTenant = Annotated[str | None, typer.Option("--tenant", help="The shop; default: any.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
PrintId = Annotated[str, typer.Argument(metavar="ID", help="The print's id.")]


@app.command(
    "render",
    epilog="Example: edgeproof print render --tenant acme --asset k3q7...a --design m2xp...q "
    "--product card-a5~1 -o card.pdf  \nExit codes: 0 done, 1 refused, paused or failed, 2 usage.",
)
def render(
    tenant: TenantName,
    asset: Annotated[str, typer.Option(help="The photo's id.")],
    product: Annotated[str, typer.Option(help="The product: card-a5~1; bare: its newest version.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    design: Annotated[str | None, typer.Option(help="The design's id; default: the photo.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="Whose the print is; default: all who have the photo.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Make the print file of a photo and design; an equal order gives the same bytes at once."""
    from edgeproof.print_run import render as run
    from origin.flow.prints import Order

    if output.is_dir() or not output.absolute().parent.is_dir():
        raise CommandFailed(f"{output} is no file that can be written", ExitCode.USAGE)
    with _shown() as told:
        record = asyncio.run(run(tenant, Order(asset, product, design, owner), output, told))
    assert record.file is not None, "it is done"
    if json:
        out_json({**_document(record), "output": str(output)})
    else:
        file = record.file
        out(f"{output}  {file.media_type}  {file.width_px}x{file.height_px}  {file.size_bytes}")
        out(f"print   {record.print_id}")
        out(f"sha256  {file.sha256}")


@app.command(
    "verify",
    epilog="Example: edgeproof print verify card.pdf  \nExit codes: 0 the same bytes, 1 other "
    "bytes, 4 it cannot be made again here (another engine, an unknown file).",
)
def verify(
    target: Annotated[str, typer.Argument(metavar="FILE|ID", help="A print file, or its id.")],
    tenant: AnyTenant = None,
    json: AsJson = False,
) -> None:
    """Make a print again from its recipe and compare the digests."""
    from edgeproof.print_run import verify as run

    verified = asyncio.run(run(tenant, target))
    verdict = "same" if verified.is_same else "differs"
    if json:
        out_json(
            {
                "print": verified.print_id,
                "tenant": verified.tenant,
                "verdict": verdict,
                "sha256": verified.wanted,
                "made_again_sha256": verified.found,
            }
        )
    else:
        out(f"{verdict}  print {verified.print_id} of {verified.tenant}")
        out(f"sha256      {verified.wanted}")
        out(f"made again  {verified.found}")
    if not verified.is_same:
        raise typer.Exit(ExitCode.FAILED)


@app.command("explain", epilog="Example: edgeproof print explain m2xp...q --tenant acme")
def explain(
    target: Annotated[str, typer.Argument(metavar="FILE|ID", help="A print file, or its id.")],
    tenant: AnyTenant = None,
    json: AsJson = False,
) -> None:
    """Say every decision of a print in words: geometry, dpi, colour, ink, bleed, checks."""
    record, sections = asyncio.run(_explain(tenant, target))
    if json:
        out_json({**_document(record), "explanation": dict(sections)})
        return
    for heading, sentences in sections:
        out(heading)
        for sentence in sentences:
            out(f"  {sentence}")


@app.command(
    "status",
    epilog="Examples: `edgeproof print status --tenant acme` · "
    "`edgeproof print status m2xp...q --tenant acme --json`",
)
def status(
    tenant: TenantName,
    print_id: Annotated[str | None, typer.Argument(metavar="ID", help="One print.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    json: AsJson = False,
) -> None:
    """Say where a print is, or list the newest ones."""
    for record in asyncio.run(_status(tenant, print_id, limit)):
        if json:
            out_json(_document(record))
        else:
            at = datetime.fromtimestamp(record.created_at_s, UTC).strftime("%Y-%m-%d %H:%M")
            why = f"  {record.code}: {record.words}" if record.code else ""
            out(f"{record.print_id}  {at}  {record.product}  {record.state.value}{why}")


@app.command("resume", epilog="Example: edgeproof print resume m2xp...q --tenant acme")
def resume(print_id: PrintId, tenant: TenantName, json: AsJson = False) -> None:
    """Put a paused or refused print back into the queue; a running server makes it."""
    from edgeproof.print_run import resumed

    record = asyncio.run(resumed(tenant, print_id))
    out_json(_document(record)) if json else out(f"{record.print_id}  {record.state.value}")


async def _explain(tenant: str | None, target: str) -> tuple[PrintRecord, list[tuple[str, Any]]]:
    from edgeproof.print_run import checks_of, found, opened
    from edgeproof.print_words import explain as words
    from origin.printing.recipe import read_recipe

    async with opened() as lane:
        record, _ = await found(lane, tenant, target)
        checks = await checks_of(lane, record)
        return record, list(words(read_recipe(record.recipe), checks))


async def _status(tenant: str, print_id: str | None, limit: int) -> list[PrintRecord]:
    from edgeproof import settings
    from edgeproof.print_run import known_tenant
    from edgeproof.wiring import open_stores
    from origin.errors import NotFound

    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        await known_tenant(stores, tenant)
        if print_id is None:
            return list(await stores.records.newest_prints(tenant, limit=limit))
        record = await stores.records.print_record(tenant, print_id)
        if record is None:
            raise NotFound("print.unknown")
        return [record]


def _document(record: PrintRecord) -> dict[str, object]:
    from origin.routes.prints import document_of

    return {"tenant": record.tenant, **document_of(record, None)}


@contextmanager
def _shown() -> Iterator[Told]:
    """Show the step and the time, on a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from origin.prints import PROGRESS_PERCENT

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=remarks, disable=not remarks.is_terminal) as progress:
        bar = progress.add_task("waiting", total=100)

        def told(step: PrintStep) -> None:
            progress.update(bar, completed=PROGRESS_PERCENT[step], description=step.value)

        yield told
