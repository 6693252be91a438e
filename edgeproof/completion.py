"""What the shell offers for names: shops, presets, providers. Silent when it cannot look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import typer


def _offered(found: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    """Return the names that begin so; a broken installation offers none."""
    from edgeproof.console import CommandFailed
    from origin.errors import OriginError
    from purge.errors import PurgeError

    with suppress(CommandFailed, OriginError, PurgeError, OSError):
        return sorted(name for name in found() if name.startswith(incomplete))
    return []


def tenants(incomplete: str) -> list[str]:
    """Return the shops."""
    return _offered(_tenants, incomplete)


def providers(incomplete: str) -> list[str]:
    """Return the configured providers."""
    return _offered(_providers, incomplete)


def purged(context: typer.Context, incomplete: str) -> list[str]:
    """Return names of what is to be purged: of shops and presets, which are few."""
    if context.info_name == "tenant":
        return tenants(incomplete)
    if context.info_name == "preset":
        tenant = context.params.get("tenant") or ""
        return _offered(lambda: _presets(tenant), incomplete)
    return []


def _tenants() -> Iterable[str]:
    import asyncio

    from edgeproof import settings
    from edgeproof.wiring import open_stores

    async def names() -> list[str]:
        async with open_stores(settings.load(), is_new_allowed=False) as stores:
            return [tenant.name for tenant in await stores.records.tenants()]

    return asyncio.run(names())


def _providers() -> Iterable[str]:
    from edgeproof import settings
    from edgeproof.purging import configuration_of

    return [table.name for table in configuration_of(settings.load()).providers]


def _presets(tenant: str) -> Iterable[str]:
    from edgeproof import settings
    from edgeproof.presets import PresetFiles

    presets = PresetFiles(settings.load().presets_path).of(tenant)
    return [f"{name}~{version}" for name, version in presets]
