"""``edgeproof demo``, which ``make run`` starts: sample photos, a shop, a gallery on loopback."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.commands.edge import EDGE_PORT, Kind
from edgeproof.console import CommandFailed, ExitCode, out, remark

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from edgeproof.settings import Settings
    from edgeproof.wiring import Origin

#: Presets of the demo shop, written once; edit the file and see.
DEMO_PRESETS = """\
# One shop's presets. A changed version needs a new number: `edgeproof presets lint` watches.
[[presets]]
name = "thumb"
version = 1
ops = "w_320,h_320,fit_cover,g_smart"

[[presets]]
name = "card"
version = 1
ops = "w_640,h_427,fit_contain,bg_f4f1ea"

[[presets]]
name = "sample"
version = 1
ops = "w_960"
watermark = { text = "PROOF", opacity = 300 }
"""


#: Of so many photos a signed URL is printed; the gallery has them all.
URLS_MAX = 12
LEAF = "w_1280.auto"
EPILOG = "Example: edgeproof demo --photos ~/Pictures"


def demo(
    photos: Annotated[
        Path | None, typer.Option(help="A folder of your own photos, shown beside the samples.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two small sample photos instead of the seven.")
    ] = False,
    edge: Annotated[
        Kind | None, typer.Option(help="Show the pictures through this edge, on loopback too.")
    ] = None,
    edge_port: Annotated[int, typer.Option(help="Loopback port of the edge.")] = EDGE_PORT,
) -> None:
    """Make a demo shop with sample photos, serve it and print clickable URLs.

    Everything is in the data folder (EDGEPROOF_DATA_DIR, default ./data); delete it to begin anew.
    """
    from edgeproof import demo_purge, settings
    from edgeproof.local_edge import behind_edge

    # The terminal is for a person here: one line per request would bury the addresses.
    loaded = settings.load().model_copy(
        update={
            "exposes_details": True,
            "log_level": "warning",
            "cold_renders_per_minute": 100_000,  # the crop tool asks as fast as one drags
        }
    )
    check_binds(loaded)
    if edge is not None:
        loaded = behind_edge(loaded, edge, edge_port)
    own = own_files(photos)
    samples = make_samples(loaded, is_quick=quick)
    asyncio.run(prepare(loaded, [*samples, *own]))
    demo_purge.forget(loaded)
    if edge == "varnish":
        with demo_purge.purgeable(loaded, edge_port) as purged:
            run(purged, edge, edge_port)
    else:
        run(loaded, edge, edge_port)


def run(loaded: Settings, edge: Kind | None, edge_port: int) -> None:
    """Serve the gallery, and the edge before it, until Ctrl-C."""
    from edgeproof.local_edge import edge_tenants, running_edge
    from edgeproof.serve import serve

    with ExitStack() as stack:
        if edge is not None:
            tenants = asyncio.run(edge_tenants(loaded))
            stack.enter_context(running_edge(loaded, edge, edge_port, tenants))
            out(f"\n  The pictures come through {edge} on {loaded.base_url}")
        if edge == "varnish":
            out("  `edgeproof purge` and `edgeproof erase` in another terminal reach it.")
        out(f"\n  Gallery  http://{loaded.private_bind}/gallery/")
        out("  Ctrl-C stops it.\n")
        sys.stdout.flush()
        serve(loaded, gallery_routes)


def check_binds(loaded: Settings) -> None:
    """Refuse, before the long work, an address that is taken or that others could reach."""
    from edgeproof.gallery.guard import LOOPBACK_NAMES
    from edgeproof.serve import bind

    if loaded.private_bind.rpartition(":")[0] not in LOOPBACK_NAMES:
        raise CommandFailed(
            f"the demo signs for whoever asks, so EDGEPROOF_PRIVATE_BIND={loaded.private_bind} "
            "must be a loopback address",
            ExitCode.USAGE,
        )
    for name in ("public_bind", "private_bind"):
        try:
            bind(getattr(loaded, name)).close()
        except CommandFailed as failure:
            cause = failure.__cause__
            if not isinstance(cause, OSError) or cause.errno != errno.EADDRINUSE:
                raise
            raise CommandFailed(
                f"{getattr(loaded, name)} is in use. Is a demo running already? "
                f"EDGEPROOF_{name.upper()}=127.0.0.1:PORT takes another port."
            ) from cause


def own_files(photos: Path | None) -> list[Path]:
    """Return the visitor's own files; CommandFailed names a folder that does not exist."""
    from edgeproof.commands.assets import walk

    if photos is None:
        return []
    if not photos.expanduser().exists():
        raise CommandFailed(f"there is no folder {photos}", ExitCode.USAGE)
    files = list(walk([photos.expanduser()]))
    if not files:
        remark(f"{photos} has no files")
    return files


def make_samples(loaded: Settings, *, is_quick: bool) -> list[Path]:
    """Return the sample photos, made in a process of their own unless they are there."""
    folder = loaded.data_dir / "samples"
    flags = ["--quick"] if is_quick else []
    command = [sys.executable, "-m", "edgeproof.samples", str(folder), *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode != 0:
        raise CommandFailed("without sample photos there is no demo")
    return [Path(line) for line in done.stdout.splitlines()]


async def prepare(loaded: Settings, files: Sequence[Path]) -> None:
    """Make the shop, take the photos in and say what became of each."""
    from prometheus_client import CollectorRegistry

    from edgeproof import logs
    from edgeproof.gallery_service import DEMO, DemoGallery
    from edgeproof.wiring import open_origin

    logs.configure("warning")
    write_presets(loaded)
    async with open_origin(loaded, CollectorRegistry()) as origin:
        await ensure_tenant(origin, DEMO)
        results = await DemoGallery(origin).add_files(files)
        report(origin, results)


def report(origin: Origin, results: Sequence[dict[str, object]]) -> None:
    """Print a signed URL for each of the first photos, and why each refused file was refused."""
    from edgeproof.gallery_service import DEMO

    taken = list({result["asset"]: result for result in results if result["ok"]}.values())
    out("\nPhotos, each with a signed preview\n")
    for result in taken[:URLS_MAX]:
        out(f"  {Path(str(result['file'])).name}  {result['width']} x {result['height']} px")
        out(f"  {origin.sign(DEMO, str(result['asset']), LEAF)}\n")
    if len(taken) > URLS_MAX:
        out(f"  and {len(taken) - URLS_MAX} more in the gallery\n")
    refused = [result for result in results if not result["ok"]]
    if refused:
        out("Refused\n")
    for result in refused:
        out(f"  {result['file']}: {result['reason']} ({result['code']})")


async def ensure_tenant(origin: Origin, name: str) -> None:
    """Add the shop unless it is there."""
    import secrets

    from origin.values import Tenant

    if await origin.stores.records.tenant(name) is None:
        await origin.stores.records.add_tenant(
            Tenant(name, secrets.token_bytes(32), is_public=False, is_suspended=False)
        )


def write_presets(loaded: Settings) -> None:
    """Write the demo shop's presets unless there are some."""
    path = loaded.presets_path / "demo.toml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DEMO_PRESETS, "utf-8")


def gallery_routes(origin: Origin) -> list[BaseRoute]:
    """Return the gallery's routes for the private listener."""
    from edgeproof.gallery.routes import routes
    from edgeproof.gallery_service import OWNER, DemoGallery
    from edgeproof.proof_page.desk import ProofDesk
    from edgeproof.proof_page.routes import routes as proof_routes

    return [*proof_routes(ProofDesk(origin, OWNER)), *routes(DemoGallery(origin))]
