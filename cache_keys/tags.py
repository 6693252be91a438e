"""The tags of an answer: what a purge can name, from the canonical path and the engine alone."""

from __future__ import annotations

from cache_keys import policy
from cache_keys.ids import checked_engine

ALL = "all"


def asset_tag(asset: str) -> str:
    """Return the tag of everything made from one photo."""
    return f"a-{asset}"


def design_tag(design: str) -> str:
    """Return the tag of everything made for one design."""
    return f"d-{design}"


def preset_tag(tenant: str, name: str, version: int) -> str:
    """Return the tag of everything made by one version of a tenant's preset."""
    return f"t-{tenant}.{name}~{version}"


def tenant_tag(tenant: str) -> str:
    """Return the tag of everything of one shop."""
    return f"n-{tenant}"


def engine_tag(engine: str) -> str:
    """Return the tag of everything an engine made; raises ValueError for a wrong form."""
    return f"e-{checked_engine(engine)}"


def tags_of(path: str, engine: str) -> tuple[str, ...]:
    """Return the tags of a canonical path under /v1/, at most 16 and each of ``policy.TAG``.

    Raises ValueError when the engine is not of the form of engine strings.
    """
    tenant, asset, leaf = path.removeprefix(policy.ROOT).split("/")
    tags = [asset_tag(asset)]
    for op in leaf.rpartition(".")[0].split(","):
        if op.startswith("d_"):
            tags.append(f"d-{op[2:]}")
        elif op.startswith("t_"):
            tags.append(f"t-{tenant}.{op[2:]}")
    return (*tags, tenant_tag(tenant), engine_tag(engine), ALL)
