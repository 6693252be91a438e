"""Where each provider is and what it is told, opened as the program does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from purge.configuration import PurgeConfiguration
from purge.errors import ProviderError
from purge.ports import Provider
from purge.providers.opening import open_providers
from purge.values import Batch, Kind, Mode
from tests.edge.cdn import HOST, SECRET, Cdn

KINDS = ("fastly", "cloudflare", "varnish", "dry_run")
VENDORS = ("fastly", "cloudflare")
REAL = ("fastly", "cloudflare", "varnish")

real = pytest.mark.parametrize("kind", REAL, indirect=True)
vendors = pytest.mark.parametrize("kind", VENDORS, indirect=True)


@dataclass(frozen=True)
class Place:
    """What a provider is told: where it is, and with which secret."""

    base_url: str
    secret: str
    scope: str = ""
    timeout_s: float = 20.0


def place_of(kind: str, cdn: Cdn) -> Place:
    if kind == "fastly":
        return Place(cdn.double_url, cdn.accounts.fastly_token, cdn.accounts.fastly_service)
    if kind == "cloudflare":
        accounts = cdn.accounts
        return Place(
            f"{cdn.double_url}/client/v4", accounts.cloudflare_token, accounts.cloudflare_zone
        )
    return Place(cdn.edge_url, SECRET)


def table_of(kind: str, place: Place) -> Mapping[str, object]:
    """Return the TOML table of a provider."""
    start = {"name": f"the-{kind.replace('_', '-')}", "timeout_s": place.timeout_s}
    token = {"token_env": "TOKEN", "hosts": [HOST], "base_url": place.base_url}
    match kind:
        case "fastly":
            return {**start, **token, "service": place.scope}
        case "cloudflare":
            return {**start, **token, "zone": place.scope, "plan": "enterprise"}
        case "varnish":
            return {**start, "instances": [place.base_url], "secret_env": "TOKEN"}
        case _:
            return start


def opened(kind: str, place: Place) -> Provider:
    """Open a provider as the program does: from its configuration."""
    configuration = PurgeConfiguration.model_validate({kind: [table_of(kind, place)]})
    (provider,) = open_providers(configuration, {"TOKEN": place.secret})
    return provider


def one(kind: Kind, *texts: str, mode: Mode = Mode.HARD) -> Batch:
    return Batch(kind, mode, texts)


async def refusal_of(kind: str, place: Place) -> ProviderError:
    """Send to a place that does not take it, and return the error."""
    provider = opened(kind, place)
    with pytest.raises(ProviderError) as caught:
        await provider.send(one(Kind.TAG, "all"))
    await provider.close()
    return caught.value
