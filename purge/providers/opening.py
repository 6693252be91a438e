"""Makes the configured providers, and lists them with their secrets hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from purge.configuration import (
    CloudflareTable,
    FastlyTable,
    ProviderTable,
    PurgeConfiguration,
    SecretTable,
    VarnishTable,
    secret_of,
)
from purge.errors import BadConfiguration
from purge.ports import Provider
from purge.providers import plans
from purge.providers.dry_run import DryRun
from purge.values import Kind, Limits

#: Of a provider that counts nothing, for the plan's batches.
TAGS_PER_CALL = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One provider for people. scope: zone, service or instances; secret: where it comes from."""

    name: str
    kind: str
    account: str
    depth: int
    scope: str
    hosts: tuple[str, ...]
    limits: Limits
    secret: str


def limits_of(table: ProviderTable) -> Limits:
    """Return what a configured provider takes: its vendor's plan, or what the file says instead."""
    if isinstance(table, FastlyTable):
        urls = {Kind.URL: plans.FASTLY_URLS_PER_CALL} if table.hosts else {}
        per_batch = {Kind.TAG: table.keys_per_call} | urls
        found = Limits(per_batch, plans.FASTLY_RATE_PER_S, plans.FASTLY_BURST)
    elif isinstance(table, CloudflareTable):
        plan = plans.CLOUDFLARE[table.plan]
        per_batch = {Kind.TAG: plan.operations_per_call, Kind.ALL: 1}
        if table.hosts:
            per_batch |= {
                Kind.URL: plan.urls_per_call // len(table.hosts),
                Kind.PREFIX: plan.operations_per_call // len(table.hosts),
            }
        found = Limits(per_batch, plan.rate_per_s, plan.calls_at_once)
    else:
        count = plans.VARNISH_URLS_PER_CALL
        per_batch = {Kind.TAG: TAGS_PER_CALL, Kind.URL: count, Kind.PREFIX: count}
        size = table.header_bytes if isinstance(table, VarnishTable) else 0
        found = Limits(per_batch, plans.VARNISH_RATE_PER_S, plans.VARNISH_BURST, size)
    rate_per_s, burst = table.rate_per_s or found.rate_per_s, table.burst or found.burst
    return Limits(found.per_batch, rate_per_s, burst, found.header_bytes_max)


def open_providers(
    configuration: PurgeConfiguration, variables: Mapping[str, str]
) -> Sequence[Provider]:
    """Return the providers, innermost first; the caller closes them.

    variables: the process' environment. Raises BadConfiguration when a secret is not there, before
    any is made. The vendors' clients are imported here: they take half a second.
    """
    secrets = {
        table.name: secret_of(table, *_place(table), variables)
        for table in configuration.providers
        if _place(table) != (None, None)
    }
    return [_open(table, secrets.get(table.name, "")) for table in configuration.providers]


def list_providers(
    configuration: PurgeConfiguration, variables: Mapping[str, str]
) -> Sequence[Listed]:
    """Return what is configured, innermost first. Never raises for a missing secret: it says so."""
    return [
        Listed(
            table.name,
            _kind(table),
            table.account or table.name,
            table.depth,
            _scope(table),
            getattr(table, "hosts", ()),
            limits_of(table),
            _secret_state(table, variables),
        )
        for table in configuration.providers
    ]


def _open(table: ProviderTable, secret: str) -> Provider:
    limits, account = limits_of(table), table.account or table.name
    start = (table.name, account, table.depth, limits)
    if isinstance(table, FastlyTable):
        from purge.providers.fastly import Fastly, FastlyService

        return Fastly(
            FastlyService(
                *start, table.service, secret, table.hosts, table.base_url, table.timeout_s
            )
        )
    if isinstance(table, CloudflareTable):
        from purge.providers.cloudflare import Cloudflare, CloudflareZone

        return Cloudflare(
            CloudflareZone(*start, table.zone, secret, table.hosts, table.base_url, table.timeout_s)
        )
    if isinstance(table, VarnishTable):
        from purge.providers.varnish import Varnish, VarnishGroup

        return Varnish(VarnishGroup(*start, table.instances, secret, table.timeout_s))
    return DryRun(table.name, limits, depth=table.depth)


def _place(table: ProviderTable) -> tuple[str | None, Path | None]:
    """Return the variable or the file of a provider's secret; neither, and it needs none."""
    if isinstance(table, SecretTable):
        return table.token_env, table.token_file
    if isinstance(table, VarnishTable):
        return table.variable, table.secret_file
    return None, None


def _secret_state(table: ProviderTable, variables: Mapping[str, str]) -> str:
    variable, file = _place(table)
    if variable is None and file is None:
        return "none needed"
    place = f"variable {variable}" if variable else f"file {file}"
    try:
        secret_of(table, variable, file, variables)
    except BadConfiguration:
        return f"{place}: missing"
    return f"{place}: set"


def _kind(table: ProviderTable) -> str:
    return type(table).__name__.removesuffix("Table").replace("DryRun", "dry_run").lower()


def _scope(table: ProviderTable) -> str:
    if isinstance(table, FastlyTable):
        return table.service
    if isinstance(table, CloudflareTable):
        return table.zone_name or table.zone
    return " ".join(table.instances) if isinstance(table, VarnishTable) else table.name
