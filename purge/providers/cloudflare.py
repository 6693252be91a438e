"""Cloudflare by its official client: purge for hard, invalidate for soft.

Traps of the client (version 5.9), each with its answer here: it tries again twice by default; it
takes an e-mail address or API key of its own environment variables before the token that it is
given, so those are taken away; what it raises for a time-out is a kind of connection error; it
believes any document, so the envelope is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import httpx
from cloudflare import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncCloudflare,
)
from pydantic import BaseModel, Field, ValidationError

from purge.errors import ProviderBusy, ProviderRefused, ProviderUnavailable
from purge.providers.words import told, wait_s, whole
from purge.values import Acceptance, Batch, Budget, Kind, Limits, Mode

CREDENTIALS, NOT_FOUND, TOO_MANY, CLIENT, SERVER = (401, 403), 404, 429, 400, 500
#: Codes of the envelope that come with a 400 (no route, or a malformed Authorization).
NO_ROUTE, BAD_HEADERS = 7003, 6003


class Result(BaseModel):
    """What was made: the zone that takes the purge."""

    id: str = Field(min_length=1)


class Envelope(BaseModel):
    """An answer that says yes."""

    success: Literal[True]
    result: Result


@dataclass(frozen=True, slots=True)
class CloudflareZone:
    """One zone. hosts: whose URLs and prefixes are meant; none, and both go as tags."""

    name: str
    account: str
    depth: int
    limits: Limits
    zone: str
    token: str = field(repr=False)
    hosts: tuple[str, ...] = ()
    base_url: str = "https://api.cloudflare.com/client/v4"
    timeout_s: float = 10.0


class Cloudflare:
    """The provider of one zone."""

    def __init__(self, config: CloudflareZone) -> None:
        self.name, self.account, self.depth = config.name, config.account, config.depth
        self.limits = config.limits
        self._config = config
        self._http = httpx.AsyncClient(trust_env=False)
        self._client = AsyncCloudflare(
            api_token=config.token,
            base_url=config.base_url,
            max_retries=0,
            timeout=config.timeout_s,
            http_client=self._http,
        )
        self._client.api_key = None
        self._client.api_email = None
        self._client.user_service_key = None

    async def send(self, batch: Batch) -> Acceptance:
        """Purge all texts in one call."""
        cache = self._client.cache.with_raw_response
        verb = cache.invalidate if batch.mode is Mode.SOFT else cache.purge
        try:
            answer = await verb(zone_id=self._config.zone, **self._what(batch))
            envelope = Envelope.model_validate_json(answer.http_response.content)
        except APITimeoutError as error:
            raise ProviderUnavailable(
                "provider.timeout", log=self._say("no answer in time")
            ) from error
        except APIConnectionError as error:
            text = f"no connection: {error.__cause__ or error}"
            raise ProviderUnavailable(log=self._say(text)) from error
        except APIStatusError as error:
            self._fail(error)
        except ValidationError as error:
            raise ProviderUnavailable(
                log=self._say("an answer that is not Cloudflare's")
            ) from error
        ray = answer.headers.get("cf-ray", envelope.result.id)
        return Acceptance((ray,), _budget(answer.headers))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _what(self, batch: Batch) -> dict[str, Any]:
        hosts = self._config.hosts
        if batch.kind is Kind.TAG:
            return {"tags": list(batch.texts)}
        if batch.kind is Kind.URL:
            return {"files": [f"https://{host}{path}" for path in batch.texts for host in hosts]}
        if batch.kind is Kind.PREFIX:
            return {"prefixes": [f"{host}{path}" for path in batch.texts for host in hosts]}
        return {"purge_everything": True}

    def _fail(self, error: APIStatusError) -> NoReturn:
        status, codes = error.status_code, {one.code for one in error.errors or ()}
        said = "; ".join(f"{one.code} {one.message}" for one in error.errors or ())
        text = self._say(f"{status} {said or error.message}")
        if status == TOO_MANY:
            raise ProviderBusy(
                wait_s(error.response.headers.get("retry-after")), log=text
            ) from error
        if status == NOT_FOUND or NO_ROUTE in codes:
            raise ProviderRefused(
                "provider.zone", log=f"{text}; is {self._config.zone} the zone's id?"
            ) from error
        if status in CREDENTIALS or BAD_HEADERS in codes:
            advice = "check the token, its expiry and its permission Cache Purge for this zone"
            raise ProviderRefused("provider.credentials", log=f"{text}; {advice}") from error
        if CLIENT <= status < SERVER:
            raise ProviderRefused(log=text) from error
        raise ProviderUnavailable(log=text) from error

    def _say(self, text: str) -> str:
        return told(f"cloudflare {self.name}: {text}", self._config.token)


def _budget(headers: Mapping[str, str]) -> Budget | None:
    """Read ``Ratelimit: "name";r=CALLS_LEFT;t=SECONDS`` (IETF draft, Cloudflare's API limits)."""
    text = headers.get("ratelimit", "")
    left, reset = re.search(r";\s*r=([0-9]+)", text), re.search(r";\s*t=([0-9]+)", text)
    if left is None:
        return None
    return Budget(whole(left[1]), float(reset[1]) if reset is not None else None)
