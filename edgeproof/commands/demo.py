"""``edgeproof demo``: what ``make run`` starts: sample photos, a shop, a gallery on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import out, remark

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


def demo(
    photos: Annotated[
        Path | None, typer.Option(help="A folder of your own photos, shown beside the samples.")
    ] = None,
) -> None:
    """Make a demo shop with sample photos, serve it and print clickable URLs.

    Everything is in the data folder (EDGEPROOF_DATA_DIR, default ./data); delete it to begin anew.
    """
    from edgeproof import settings
    from edgeproof.serve import serve

    # The terminal is for a person here: one line per request would bury the addresses.
    loaded = settings.load().model_copy(update={"exposes_details": True, "log_level": "warning"})
    samples = make_samples(loaded)
    asyncio.run(prepare(loaded, samples, photos))
    out(f"\nThe gallery is at  http://{loaded.private_bind}/gallery/   (Ctrl-C stops it)")
    serve(loaded, gallery_routes)


def make_samples(loaded: Settings) -> Path:
    """Make the sample photos in a process of their own, unless they are there."""
    folder = loaded.data_dir / "samples"
    command = [sys.executable, "-m", "edgeproof.samples", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 - our own module
    return folder


async def prepare(loaded: Settings, samples: Path, photos: Path | None) -> None:
    """Make the shop, take the photos in and print some signed URLs."""
    from prometheus_client import CollectorRegistry

    from edgeproof import logs
    from edgeproof.commands.assets import walk
    from edgeproof.gallery_service import DEMO, DemoGallery
    from edgeproof.wiring import open_origin

    logs.configure("warning")
    write_presets(loaded)
    async with open_origin(loaded, CollectorRegistry()) as origin:
        await ensure_tenant(origin, DEMO)
        gallery = DemoGallery(origin)
        files = list(walk([samples, *([photos] if photos is not None else [])]))
        for result in await gallery.add_folder(files):
            if result["ok"]:
                out(f"{Path(str(result['file'])).name}")
                for leaf in ("w_640.auto", "w_1280,h_1280,fit_cover,g_smart.webp"):
                    out(f"    {origin.sign(DEMO, str(result['asset']), leaf)}")
            else:
                remark(f"refused {result['file']}: {result['reason']} ({result['code']})")


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
    from edgeproof.gallery_service import DemoGallery

    return [*routes(DemoGallery(origin))]
