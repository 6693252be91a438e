"""The double's network of caches: one real Varnish, told by its purge verbs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import httpx

from purge.providers.plans import VARNISH_HEADER_BYTES
from purge.providers.varnish import packed

TIMEOUT_S = 10.0
ROOT = "/v1/"
_OF_ONE_PHOTO = re.compile(r"/v1/[^/]+/([a-z2-7]{52})/")
_OF_ONE_SHOP = re.compile(r"/v1/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Purge:
    """What one accepted call asks for; paths and prefixes without scheme and host."""

    is_soft: bool
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    def half(self) -> Purge:
        """Return it with every second target left out."""
        return replace(
            self, tags=self.tags[::2], paths=self.paths[::2], prefixes=self.prefixes[::2]
        )

    def __len__(self) -> int:
        return len(self.tags) + len(self.paths) + len(self.prefixes)


class Network:
    """Purges at a Varnish. base_url: like http://127.0.0.1:8090; secret: its purge secret."""

    def __init__(self, base_url: str, secret: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.AsyncClient(
            base_url=self.base_url,
            headers={"Edgeproof-Purge": secret},
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    async def apply(self, purge: Purge) -> int:
        """Purge and return how many objects Varnish counts; raises httpx.HTTPError."""
        verb = "SOFTPURGE" if purge.is_soft else "PURGE"
        tags = list(purge.tags)
        gone = 0
        for prefix in purge.prefixes:
            tag = tag_of(prefix) if purge.is_soft else None
            if tag is not None:
                tags.append(tag)
            else:
                gone += await self._send("BAN", prefix)
        for text in packed(tags, VARNISH_HEADER_BYTES):
            gone += await self._send(verb, "/", xkey=text)
        for path in purge.paths:
            gone += await self._send(verb, path)
        return gone

    async def _send(self, verb: str, path: str, *, xkey: str | None = None) -> int:
        answer = await self._client.request(verb, path, headers={"xkey": xkey} if xkey else None)
        answer.raise_for_status()
        return int(answer.json()["objects"])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def tag_of(prefix: str) -> str | None:
    """Return the tag that says the same as a prefix of a photo or a shop: a ban cannot be soft."""
    photo, shop = _OF_ONE_PHOTO.fullmatch(prefix), _OF_ONE_SHOP.fullmatch(prefix)
    if photo is not None:
        return f"a-{photo[1]}"
    if shop is not None:
        return f"n-{shop[1]}"
    return "all" if prefix == ROOT else None
