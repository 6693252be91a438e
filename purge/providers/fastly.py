"""Fastly by its official client, which is synchronous: it runs in threads of its own.

Traps of the client (version 15), each with its answer here: ``purge_tag`` drops what follows a
``#`` and does not encode ``/``, so keys always go in the body of a batch; urllib3 tries a lost
connection again three times by default, so that is turned off; purge-all cannot be soft and hits
what is not ours, so everything is the tag ``all``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import time
from typing import Any, NoReturn

from fastly import ApiClient, Configuration
from fastly.api.purge_api import PurgeApi
from fastly.exceptions import ApiException, OpenApiException
from fastly.model.purge_response import PurgeResponse
from urllib3 import Retry
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as NoAnswer

from purge.errors import ProviderBusy, ProviderRefused, ProviderUnavailable
from purge.providers.words import told, wait_s, whole
from purge.values import Acceptance, Batch, Budget, Kind, Limits, Mode

#: As many as urllib3 keeps connections by default; one account has one rate limit anyway.
THREADS = 4
#: Each key of a batch has an id of its own; the first ones lead its support to the call.
IDS_MAX = 4
CREDENTIALS, NOT_FOUND, TOO_MANY, CLIENT, SERVER = (401, 403), 404, 429, 400, 500


@dataclass(frozen=True, slots=True)
class FastlyService:
    """One service. hosts: whose URLs a purge by URL means; none, and URLs go as tags."""

    name: str
    account: str
    depth: int
    limits: Limits
    service: str
    token: str = field(repr=False)
    hosts: tuple[str, ...] = ()
    base_url: str = "https://api.fastly.com"
    timeout_s: float = 10.0


class Fastly:
    """The provider of one service."""

    def __init__(self, config: FastlyService) -> None:
        self.name, self.account, self.depth = config.name, config.account, config.depth
        self.limits = config.limits
        self._config = config
        settings = Configuration(host=config.base_url, api_key={"token": config.token})
        settings.retries = Retry(0, redirect=False)
        self._client = ApiClient(settings)
        self._api = PurgeApi(self._client)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"fastly-{config.name}")

    async def send(self, batch: Batch) -> Acceptance:
        """Purge keys in one call, or each URL at each host."""
        flags = {"fastly_soft_purge": 1} if batch.mode is Mode.SOFT else {}
        if batch.kind is Kind.TAG:
            keys = PurgeResponse(surrogate_keys=list(batch.texts))
            call = partial(
                self._api.bulk_purge_tag, self._config.service, purge_response=keys, **flags
            )
            return await self._call(call, batch.texts)
        assert batch.kind is Kind.URL, "the plan sends prefixes and everything as tags"
        found = Acceptance()
        for path in batch.texts:
            for host in self._config.hosts:
                call = partial(self._api.purge_single_url, f"{host}{path}", **flags)
                one = await self._call(call, ("id",))
                found = Acceptance((*found.ids, *one.ids), one.budget)
        return found

    async def close(self) -> None:
        """Wait for what is under way, then close."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._client.rest_client.pool_manager.clear()

    async def _call(self, call: Callable[..., Any], named: Collection[str]) -> Acceptance:
        """Make a call; its answer must name all of ``named``, or it is not a yes."""
        loop = asyncio.get_running_loop()
        bound = partial(call, _return_http_data_only=False, _request_timeout=self._config.timeout_s)
        try:
            body, _, headers = await loop.run_in_executor(self._threads, bound)
        except ApiException as error:
            self._fail(error)
        except HTTPError as error:
            raise self._lost(error) from error
        except (OpenApiException, UnicodeDecodeError) as error:
            raise ProviderUnavailable(log=self._say("an answer that is not Fastly's")) from error
        values = body.to_dict()
        if not set(named) <= set(values):
            raise ProviderUnavailable(log=self._say("an answer that names less than was asked for"))
        ids = tuple(dict.fromkeys(str(values[name]) for name in named))
        return Acceptance(ids[:IDS_MAX], _budget(headers))

    def _lost(self, error: HTTPError) -> ProviderUnavailable:
        reason = getattr(error, "reason", error)
        if isinstance(reason, NoAnswer) and not isinstance(reason, NewConnectionError):
            return ProviderUnavailable("provider.timeout", log=self._say("no answer in time"))
        return ProviderUnavailable(log=self._say(f"no connection: {reason}"))

    def _fail(self, error: ApiException) -> NoReturn:
        status = int(error.status or 0)
        text = self._say(f"{status} {error.body or error.reason}")
        if status == TOO_MANY:
            raise ProviderBusy(_wait_s(error.headers or {}), log=text) from error
        if status in CREDENTIALS:
            advice = "check the token, its expiry and its scope purge_select"
            raise ProviderRefused("provider.credentials", log=f"{text}; {advice}") from error
        if status == NOT_FOUND:
            raise ProviderRefused(
                "provider.zone", log=f"{text}; is {self._config.service} the service?"
            ) from error
        if CLIENT <= status < SERVER:
            raise ProviderRefused(log=text) from error
        raise ProviderUnavailable(log=text) from error

    def _say(self, text: str) -> str:
        return told(f"fastly {self.name}: {text}", self._config.token)


def _budget(headers: Mapping[str, str]) -> Budget:
    remaining = whole(headers.get("Fastly-RateLimit-Remaining"))
    reset = whole(headers.get("Fastly-RateLimit-Reset"))
    return Budget(remaining, None if reset is None else max(0.0, reset - time()))


def _wait_s(headers: Mapping[str, str]) -> float:
    if headers.get("Retry-After") is not None:
        return wait_s(headers.get("Retry-After"))
    return wait_s(headers.get("Fastly-RateLimit-Reset"), now_s=time())
