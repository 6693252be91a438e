"""The mix of sessions: the n-th one is a function of seed, n and shop alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from loadtests.sessions.editor import editor
from loadtests.sessions.gallery import gallery
from loadtests.sessions.product import product
from loadtests.sessions.shared import shared
from loadtests.shop import Shop
from loadtests.visitor import Session, Visitor

KINDS: Final[dict[str, Callable[[Visitor], Session]]] = {
    "gallery": gallery,
    "editor": editor,
    "product": product,
    "shared": shared,
}
#: Share of each kind among the sessions.
MIX: Final = {"gallery": 0.60, "editor": 0.25, "product": 0.10, "shared": 0.05}


def session(shop: Shop, seed: int, number: int, now: int) -> tuple[str, Session]:
    """Return kind and pages of one session. now: Unix seconds, for the signatures only."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret
    kind = chance.choices(list(MIX), list(MIX.values()))[0]
    return kind, KINDS[kind](Visitor(shop, chance, now))
