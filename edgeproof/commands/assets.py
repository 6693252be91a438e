"""``edgeproof assets``: take photos in from files, list what is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark, remarks

if TYPE_CHECKING:
    from edgeproof.wiring import Origin
    from origin.flow.intake import Upload
    from origin.values import Asset

app = typer.Typer(help="Take photos in, list them.", no_args_is_help=True)

#: Files are read in pieces of this size.
PIECE_BYTES = 1 << 20

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command(
    "add", epilog="Example: edgeproof assets add wedding/*.jpg --tenant acme --owner c-1042"
)
def add(
    files: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.")],
    tenant: Annotated[str, typer.Option(help="The shop.")],
    owner: Annotated[str, typer.Option(help="The shop's own number for the customer.")],
    project: Annotated[str | None, typer.Option(help="What the photos are for.")] = None,
    json: AsJson = False,
) -> None:
    """Take photos in; the same bytes again are the same asset with one more owner.

    Exit code 0 when all were taken, 3 when some were refused, 1 when all were.
    """
    results = asyncio.run(_add(list(walk(files)), tenant, owner, project))
    for result in results:
        if json:
            out_json(result)
        elif result["ok"]:
            mark = "new" if result["new"] else "known"
            out(f"{result['asset']}  {mark}  {result['file']}")
        else:
            out(f"refused  {result['code']}  {result['file']}  {result['reason']}")
    taken = sum(1 for result in results if result["ok"])
    if taken < len(results):
        raise typer.Exit(ExitCode.PARTLY if taken else ExitCode.FAILED)


def walk(paths: list[Path]) -> Iterator[Path]:
    """Yield files, folders opened, hidden ones left out; CommandFailed names what is missing."""
    for path in paths:
        if path.is_dir():
            yield from sorted(child for child in path.rglob("[!.]*") if child.is_file())
        elif path.is_file():
            yield path
        else:
            raise CommandFailed(f"there is no file {path}", ExitCode.USAGE)


async def _add(
    files: list[Path], tenant: str, owner: str, project: str | None
) -> list[dict[str, object]]:
    from prometheus_client import CollectorRegistry

    from edgeproof import logs, settings
    from edgeproof.wiring import open_origin
    from origin.flow.intake import REFERENCE, Upload

    loaded = settings.load()
    logs.configure("warning")
    if not loaded.data_dir.is_dir():
        raise CommandFailed(f"there is no data folder {loaded.data_dir}", ExitCode.USAGE)
    if not REFERENCE.fullmatch(owner) or (project and not REFERENCE.fullmatch(project)):
        sentence = "an owner or project is the shop's own number: A-Z a-z 0-9 . _ : -, at most 64"
        raise CommandFailed(sentence, ExitCode.USAGE)
    async with open_origin(loaded, CollectorRegistry()) as origin:
        found = await origin.stores.records.tenant(tenant)
        if found is None:
            raise CommandFailed(
                f"there is no tenant {tenant}; add it: edgeproof tenants add {tenant}"
            )
        results = await add_files(origin, files, Upload(found, owner, project))
        if origin.eager.waiting:
            remark("making the eager presets ahead")
        await origin.eager.finish()
        return results


async def add_files(origin: Origin, files: list[Path], upload: Upload) -> list[dict[str, object]]:
    """Take files in, as many at once as there are workers, with a progress bar on a terminal."""
    from rich.progress import Progress

    places = asyncio.Semaphore(origin.settings.workers)
    with Progress(console=remarks, disable=not remarks.is_terminal) as progress:
        bar = progress.add_task("photos", total=len(files))

        async def one(file: Path) -> dict[str, object]:
            async with places:
                result = await add_file(origin, file, upload)
            progress.advance(bar)
            return result

        return await asyncio.gather(*(one(file) for file in files))


async def add_file(origin: Origin, file: Path, upload: Upload) -> dict[str, object]:
    """Take one file in; a refusal is a result, not an error."""
    from origin.errors import OriginError

    try:
        taken = await origin.intake.take(upload, pieces(file))
    except OriginError as refused:
        return {"file": str(file), "ok": False, "code": refused.code, "reason": refused.public}
    asset = taken.asset
    return {
        "file": str(file),
        "ok": True,
        "new": taken.is_new,
        "asset": asset.asset,
        "width": asset.photo.width_px,
        "height": asset.photo.height_px,
        "warnings": list(asset.warnings),
    }


async def pieces(file: Path) -> AsyncIterator[bytes]:
    """Read a file piece by piece, off the event loop."""
    with file.open("rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE_BYTES):
            yield piece


@app.command("list", epilog="Example: edgeproof assets list --tenant acme --json")
def list_(
    tenant: Annotated[str, typer.Option(help="The shop.")],
    json: AsJson = False,
) -> None:
    """List the photos of a shop."""
    for asset in asyncio.run(_list(tenant)):
        if json:
            out_json(asset)
        else:
            size = f"{asset['width']}x{asset['height']}"
            out(f"{asset['asset']}  {size}  {asset['format']}  {asset['state']}")


def state_of(asset: Asset) -> str:
    """Return what a list says of a photo: its end, its damage or its retention class."""
    if asset.is_erased:
        return "erased"
    return "damaged" if asset.source_damaged_at_s is not None else asset.retention


async def _list(tenant: str) -> list[dict[str, object]]:
    from edgeproof import settings
    from edgeproof.wiring import open_stores

    found: list[dict[str, object]] = []
    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        if await stores.records.tenant(tenant) is None:
            raise CommandFailed(f"there is no tenant {tenant}")
        after = ""
        while page := await stores.records.assets(tenant, after=after):
            after = page[-1].asset
            found += [
                {
                    "asset": asset.asset,
                    "width": asset.photo.width_px,
                    "height": asset.photo.height_px,
                    "format": asset.photo.format,
                    "bytes": asset.size_bytes,
                    "state": state_of(asset),
                    "warnings": list(asset.warnings),
                }
                for asset in page
            ]
    if not found:
        remark(f"{tenant} has no photos")
    return found
