"""``edgeproof health`` and ``edgeproof doctor``: is it up, and what is wrong with this host."""

from __future__ import annotations

import asyncio
import json as json_
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Annotated, Any

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json

#: How long a health question may take, in seconds.
ASK_S = 5.0

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def health(json: AsJson = False) -> None:
    """Ask the running server on this host whether it is ready; exit code 1 when it is not.

    Example: edgeproof health --json
    """
    from edgeproof import settings

    url = f"http://{settings.load().private_bind}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=ASK_S) as answer:
            document = json_.load(answer)
    except urllib.error.HTTPError as error:
        document = json_.load(error)
    except (OSError, ValueError) as error:
        raise CommandFailed(f"no server answers at {url}: {error}") from error
    if json:
        out_json(document)
    else:
        for name, problem in document["problems"].items():
            out(f"{name}: {problem}")
        out("ready" if document["ready"] else "not ready")
    if not document["ready"]:
        raise typer.Exit(ExitCode.FAILED)


def doctor(json: AsJson = False) -> None:
    """Try every part on this host, one after the other, and say what is wrong and how to mend it.

    Example: edgeproof doctor
    """
    findings = asyncio.run(_examine())
    for finding in findings:
        if json:
            out_json(finding)
        else:
            out(f"{'ok  ' if finding['ok'] else 'FAIL'}  {finding['part']}: {finding['found']}")
    if not all(finding["ok"] for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


async def _examine() -> list[dict[str, object]]:
    from edgeproof import settings

    loaded = settings.load()
    findings: list[dict[str, object]] = []

    async def examine(part: str, look: Callable[[Any], Any]) -> None:
        from cache_keys.errors import Refusal
        from origin.errors import OriginError

        try:
            found = await look(loaded)
            findings.append({"part": part, "ok": True, "found": str(found)})
        except (CommandFailed, OriginError, Refusal, OSError) as error:
            findings.append({"part": part, "ok": False, "found": str(error)})

    await examine("keys", _keys)
    await examine("edge secrets", _secrets)
    await examine("presets", _presets)
    await examine("store and records", _stores)
    await examine("workers and engine", _engine)
    await examine("sandbox of the workers", _sandbox)
    return findings


async def _keys(loaded: Any) -> str:
    from edgeproof.wiring import open_ring

    return f"{len(open_ring(loaded)())} key(s) in {loaded.ring_path}"


async def _secrets(loaded: Any) -> str:
    from edgeproof.wiring import edge_secrets

    return f"{len(edge_secrets(loaded))} live"


async def _presets(loaded: Any) -> str:
    from edgeproof.presets import check_files

    return f"{check_files(loaded.presets_path)} file(s) in {loaded.presets_path}"


async def _stores(loaded: Any) -> str:
    from edgeproof.wiring import open_stores

    async with open_stores(loaded, is_store_tried=True) as stores:
        await stores.database.ping()
        tenants = await stores.records.tenants()
        return f"{stores.where}; {loaded.data_dir} is writable; {len(tenants)} tenant(s)"


async def _engine(loaded: Any) -> str:
    from edgeproof.pools import engine_of, open_pool

    async with open_pool(loaded) as pool:
        return await engine_of(pool, loaded)


async def _sandbox(loaded: Any) -> str:
    from edgeproof.pools import open_pool

    async with open_pool(loaded) as pool:
        confined = pool.confined
    held = [name for name, is_on in confined.layers().items() if is_on]
    lacking = f"; missing: {'; '.join(confined.missing)}" if confined.missing else ""
    return f"{loaded.sandbox}: {', '.join(held) or 'nothing holds'}{lacking}"
