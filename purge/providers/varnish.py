"""Varnish over HTTP, by the verbs of edge/varnish/cache.vcl; all instances must agree."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from purge.errors import ProviderError, ProviderRefused, ProviderUnavailable
from purge.providers.words import told
from purge.values import Acceptance, Batch, Kind, Limits, Mode

DONE, NO_METHOD, SERVER = 200, 405, 500
ALL = "all"
#: Requests of one batch that are under way at one instance at once.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class VarnishGroup:
    """Instances that are purged together. instances: base URLs, like http://10.0.0.5:80."""

    name: str
    account: str
    depth: int
    limits: Limits
    instances: tuple[str, ...]
    secret: str = field(repr=False)
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Verb:
    """One request to each instance."""

    method: str
    path: str
    xkey: str = ""


class Varnish:
    """The provider of one group of instances."""

    def __init__(self, config: VarnishGroup) -> None:
        self.name, self.account, self.depth = config.name, config.account, config.depth
        self.limits = config.limits
        self._config = config
        self._client = httpx.AsyncClient(
            headers={"Edgeproof-Purge": config.secret},
            timeout=config.timeout_s,
            trust_env=False,
        )

    async def send(self, batch: Batch) -> Acceptance:
        """Purge at every instance; one that does not agree fails the batch, the others did it."""
        verbs = verbs_of(batch, self.limits.header_bytes_max)
        outcomes = await asyncio.gather(
            *(self._purge_at(instance, verbs) for instance in self._config.instances),
            return_exceptions=True,
        )
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in failures:
            if not isinstance(failure, ProviderError):
                raise failure
        if failures:
            raise self._summary([one for one in failures if isinstance(one, ProviderError)])
        return Acceptance(tuple(str(outcome) for outcome in outcomes))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _purge_at(self, instance: str, verbs: Sequence[Verb]) -> str:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(verb: Verb) -> int:
            async with turn:
                return await self._ask(instance, verb)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(verb)) for verb in verbs]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the first ended the others
        objects = sum(task.result() for task in tasks)
        return f"{_place(instance)} objects={objects}"

    async def _ask(self, instance: str, verb: Verb) -> int:
        headers = {"xkey": verb.xkey} if verb.xkey else None
        try:
            answer = await self._client.request(
                verb.method, f"{instance.rstrip('/')}{verb.path}", headers=headers
            )
        except httpx.TimeoutException as error:
            text = self._say(instance, "no answer in time")
            raise ProviderUnavailable("provider.timeout", log=text) from error
        except httpx.HTTPError as error:
            raise ProviderUnavailable(log=self._say(instance, f"no connection: {error}")) from error
        return self._read(instance, answer)

    def _read(self, instance: str, answer: httpx.Response) -> int:
        status = answer.status_code
        if status == NO_METHOD:
            text = "405; its secret is another one, or its acl edgeproof_purgers is without us"
            raise ProviderRefused("provider.credentials", log=self._say(instance, text))
        if status >= SERVER:
            raise ProviderUnavailable(log=self._say(instance, f"{status} {answer.text}"))
        done = re.fullmatch(r'\{"done":"(?:purged|banned)","objects":([0-9]+)\}', answer.text)
        if status != DONE or done is None:
            text = f"{status} and not the answer of edgeproof's VCL: {answer.text}"
            raise ProviderRefused(log=self._say(instance, text))
        return int(done[1])

    def _summary(self, failures: Sequence[ProviderError]) -> ProviderError:
        """Return one error for all: what may pass by itself counts before what does not."""
        first = min(failures, key=lambda failure: isinstance(failure, ProviderRefused))
        count = len(self._config.instances)
        places = f"{len(failures)} of {count} instances: " if count > 1 else ""
        log = places + "; ".join(failure.log for failure in failures)
        if isinstance(first, ProviderRefused):
            return ProviderRefused(first.code, log=log)
        return ProviderUnavailable(first.code, log=log)

    def _say(self, instance: str, text: str) -> str:
        return told(f"varnish {self.name} at {_place(instance)}: {text}", self._config.secret)


def verbs_of(batch: Batch, header_bytes_max: int) -> list[Verb]:
    """Return the requests that purge a batch.

    A ban cannot be soft and would make all of a shop anew: softly, a prefix is the tag of its photo
    or shop.
    """
    method = "SOFTPURGE" if batch.mode is Mode.SOFT else "PURGE"
    if batch.kind is Kind.URL:
        return [Verb(method, path) for path in batch.texts]
    if batch.kind is Kind.PREFIX and batch.mode is Mode.HARD:
        return [Verb("BAN", prefix) for prefix in batch.texts]
    if batch.kind is Kind.PREFIX:
        tags = tuple(dict.fromkeys(_tag_over(prefix) for prefix in batch.texts))
    else:
        tags = batch.texts if batch.kind is Kind.TAG else (ALL,)
    return [Verb(method, "/", line) for line in packed(tags, header_bytes_max)]


def packed(tags: Sequence[str], bytes_max: int) -> list[str]:
    """Return header values that hold each tag once, in order, each value at most so many bytes.

    0: no limit. A tag that is longer by itself stands alone.
    """
    lines: list[str] = []
    for tag in tags:
        if lines and (not bytes_max or len(lines[-1]) + 1 + len(tag) <= bytes_max):
            lines[-1] += f" {tag}"
        else:
            lines.append(tag)
    return lines


def _tag_over(prefix: str) -> str:
    """Return the tag of what a prefix names, or of the next wider thing."""
    _, _, *parts = prefix.split("/")
    if len(parts) > 2 and parts[1]:
        return f"a-{parts[1]}"
    return f"n-{parts[0]}" if len(parts) > 1 and parts[0] else ALL


def _place(instance: str) -> str:
    return instance.partition("://")[2].rstrip("/")
