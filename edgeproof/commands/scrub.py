"""``edgeproof scrub``: read all that is stored again and compare it with its digests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark, remarks
from edgeproof.sizes import read_bytes, said_bytes

if TYPE_CHECKING:
    from edgeproof.settings import Settings
    from origin.adapters.scrub import Finding, Scrubbed

EPILOG = """
Examples:

  edgeproof scrub                       all shops; may run beside the server

  edgeproof scrub acme --rate 20MB      one shop, at most 20 MB a second

  edgeproof scrub --json | jq -r 'select(.kind=="source") | .name'

A damaged master or preview is removed and made again when it is asked for. A damaged source is
named and marked (`edgeproof assets list` says damaged): take the same photo in again to mend it.

Exit codes: 0 all sound, 3 damage that is repaired, 1 a source is damaged or missing, or something
could not be read.
"""


@dataclass(slots=True)
class Total:
    """What all photos together came to."""

    photos: int = 0
    objects: int = 0
    bytes_read: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    is_lasting: bool = False

    def add(self, scrubbed: Scrubbed) -> None:
        """Count one photo."""
        self.photos += 1
        self.objects += scrubbed.objects
        self.bytes_read += scrubbed.bytes_read
        for finding in scrubbed.findings:
            self.findings[f"{finding.kind} {finding.problem}"] += 1
            self.is_lasting |= finding.kind == "source" or finding.problem == "unreadable"

    @property
    def exit_code(self) -> ExitCode:
        """Return what the command ends with."""
        if self.is_lasting:
            return ExitCode.FAILED
        return ExitCode.PARTLY if self.findings else ExitCode.DONE


def scrub(
    tenants: Annotated[
        list[str] | None, typer.Argument(help="Shops; default: all of them.")
    ] = None,
    *,
    rate: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Read at most so much a second, like 20MB.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Hash every source, master and preview again; remove what is damaged and can be made again."""
    from edgeproof.settings import load

    bytes_per_s = 0 if rate is None else read_bytes(rate)
    total = asyncio.run(_scrub(load(), tenants or [], bytes_per_s, as_json=as_json))
    said = "  ".join(f"{what}: {count}" for what, count in sorted(total.findings.items()))
    read = f"{total.photos} photos, {total.objects} objects, {said_bytes(total.bytes_read)} read"
    remark(f"{read}; {said or 'all sound'}")
    if total.exit_code != ExitCode.DONE:
        raise typer.Exit(total.exit_code)


async def _scrub(
    settings: Settings, wanted: Sequence[str], bytes_per_s: int, *, as_json: bool
) -> Total:
    from edgeproof.wiring import open_stores
    from origin.adapters.scrub import Pace, Scrub

    total, damaged = Total(), set[str]()
    # What counts is what the store has, not a copy of it on this host.
    honest = settings.model_copy(update={"source_copies_mb": 0})
    opening = open_stores(honest, on_damage=damaged.add, is_new_allowed=False)
    async with opening as stores:
        counts = await stores.records.photo_counts()
        known = [tenant.name for tenant in await stores.records.tenants()]
        unknown = sorted(set(wanted) - set(known))
        if unknown:
            raise CommandFailed(f"there is no tenant {unknown[0]}", ExitCode.USAGE)
        shops = [name for name in known if not wanted or name in wanted]
        pace = Pace(bytes_per_s)
        work = Scrub(stores.objects, stores.sources, stores.records, damaged, pace=pace)
        with _progress() as progress:
            bar = progress.add_task("scrub", total=sum(counts.get(name, 0) for name in shops))
            for shop in shops:
                async for scrubbed in work.shop(shop):
                    total.add(scrubbed)
                    progress.advance(bar)
                    for finding in scrubbed.findings:
                        _tell(finding, as_json=as_json)
    return total


def _tell(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        out_json(asdict(finding))
    else:
        reason = f"  {finding.reason}" if finding.reason else ""
        out(f"{finding.problem:<10} {finding.kind:<10} {finding.done:<8} {finding.name}{reason}")
    if finding.kind == "source":
        remark(f"SOURCE {finding.problem.upper()}: {finding.name}; only its owner has it now")


def _progress() -> Progress:
    """Return a bar on stderr that shows only on a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("photos"),
        TimeRemainingColumn(),
        console=remarks,
        disable=not remarks.is_terminal,
        transient=True,
    )
