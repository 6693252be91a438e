"""One visitor: a browser, a screen, habits; and how a wish becomes a signed URL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from cache_keys.asking import ask as read_ask
from cache_keys.keyring import Ring
from cache_keys.request import read_target
from cache_keys.signer import rounded_exp, sign, signing_kid
from loadtests.browsers import Browser, draw_browser
from loadtests.shop import TENANT, Photo, Shop

DPR_SHARES: Final = {1: 0.30, 2: 0.45, 3: 0.25}
JUNK_SHARE: Final = 0.10
BAD_SIGNATURE_SHARE: Final = 0.01
OFF_LADDER_SHARE: Final = 0.02
DAY_S: Final = 86_400
#: What advertising and analytics put behind other people's URLs.
JUNK: Final = ("utm_source=mail", "fbclid=IwAR0x", "gclid=CjwKC", "v=2", "_=1767225600", "ref=home")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. target: path and query as sent. key: the canonical path that it means.

    status: what must be answered: 200, or 403 where the signature was broken on purpose.
    """

    target: str
    accept: str
    key: str
    status: int


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser asks for at once, and who looks on: several visitors in a burst."""

    asks: tuple[Ask, ...]
    is_burst: bool = False


Session = Iterator[Page]


class Visitor:
    """Draws a visitor's browser, screen and habits from ``chance`` and asks for pictures as it."""

    def __init__(self, shop: Shop, chance: random.Random, now: int) -> None:
        self.shop = shop
        self.chance = chance
        self.now = now
        self._browser: Browser = draw_browser(chance)
        self._dpr = chance.choices(list(DPR_SHARES), list(DPR_SHARES.values()))[0]
        # The page was made today, or it has been open since yesterday: another signature.
        self._life_s = chance.choice((1, 2)) * DAY_S

    def album(self) -> list[Photo]:
        """Return the album that this visitor was sent a link of."""
        return self.chance.choices(self.shop.albums, self.shop.weights)[0]

    def width(self, css_px: int) -> str:
        """Return the ops for a width in CSS px on this visitor's screen."""
        if self.chance.random() < OFF_LADDER_SHARE:
            css_px -= self.chance.randint(1, css_px // 10)
        return f"w_{css_px}" if self._dpr == 1 else f"w_{css_px},dpr_{self._dpr}"

    def ask_well(self, photo: Photo, leaf: str, *, scope: str = "") -> Ask:
        """Return the request for a picture, signed unless the tenant is public."""
        target = path = f"/v1/{photo.tenant}/{photo.asset}/{leaf}"
        if photo.tenant == TENANT:
            target = signed(path, self.shop.ring, self.now, self._life_s, scope)
        key = canonical_path(path, self._browser.accept)
        return Ask(target, self._browser.accept, key, int(HTTPStatus.OK))

    def ask(self, photo: Photo, leaf: str, *, scope: str = "") -> Ask:
        """Return the request as the world sends it: some with junk, few with a wrong signature."""
        asked = self.ask_well(photo, leaf, scope=scope)
        if photo.tenant == TENANT and self.chance.random() < BAD_SIGNATURE_SHARE:
            target = broken(asked.target)
            asked = replace(asked, target=target, status=int(HTTPStatus.FORBIDDEN))
        if self.chance.random() < JUNK_SHARE:
            joint = "&" if "?" in asked.target else "?"
            asked = replace(asked, target=f"{asked.target}{joint}{self.chance.choice(JUNK)}")
        return asked


def broken(target: str) -> str:
    """Return a signed target whose signature is wrong in one character."""
    head, _, rest = target.partition("sig=")
    return f"{head}sig={'1' if rest[0] == '0' else '0'}{rest[1:]}"


@lru_cache(maxsize=200_000)
def canonical_path(path: str, accept: str) -> str:
    """Return what a path means to a browser, by cache_keys itself."""
    return read_ask(read_target(path.encode()), [accept.encode()]).canonical_path


def signed(path: str, ring: Ring, now: int, life_s: int, scope: str) -> str:
    """Return path and query, signed for a life rounded up to the day."""
    target = read_target(path.encode())
    kid = signing_kid(ring, target.tenant, now)
    return sign(target, ring, kid, rounded_exp(now, life_s), now=now, scope=scope)
