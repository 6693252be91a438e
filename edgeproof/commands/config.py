"""``edgeproof config``: the settings in force."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from edgeproof.console import out, out_json, remark

app = typer.Typer(help="Show and check the settings.", no_args_is_help=True)


@app.command("show")
def show(json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Print every setting with its value and meaning; secrets are hidden."""
    from edgeproof import settings

    values = settings.load().model_dump(mode="json")
    if json:
        out_json(values)
        return
    for name, field in settings.Settings.model_fields.items():
        out(f"EDGEPROOF_{name.upper()}={values[name]}")
        out(f"    {field.description or ''}")


@app.command("check")
def check() -> None:
    """Check settings, keys, preset files, purge providers and the store; print the engine."""
    import asyncio

    from edgeproof import settings
    from edgeproof.presets import check_files
    from edgeproof.purging import check_providers
    from edgeproof.wiring import edge_secrets, open_ring
    from origin.adapters.records.engines import with_driver
    from origin.flow.jobs import describe_engine

    loaded = settings.load()
    with_driver(loaded.records_url)
    edge_secrets(loaded)
    ring = open_ring(loaded)()
    check_files(loaded.presets_path)
    check_providers(loaded)
    store = asyncio.run(_store(loaded))
    remark(f"settings are good; {store}; {len(ring)} key(s) in the ring; data in {loaded.data_dir}")
    out(describe_engine())


async def _store(loaded: Any) -> str:
    from edgeproof.storing import open_store

    if loaded.s3_address is None:
        return f"files in {loaded.data_dir}"
    async with open_store(loaded, on_damage=lambda _: None, is_tried=True) as store:
        return store.where
