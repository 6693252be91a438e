"""Looks at a product: catalogue pictures of a public tenant, unsigned, by presets."""

from __future__ import annotations

from loadtests.visitor import Page, Session, Visitor

CARDS = 6
HERO_CSS_PX = 480
CARD = ("card", 1)
CARD_BOX = (320, 320)
#: The catalogue's presets file.
PRESETS = f"""\
[[presets]]
name = "{CARD[0]}"
version = {CARD[1]}
ops = "w_{CARD_BOX[0]},h_{CARD_BOX[1]},fit_cover"
"""


def product(visitor: Visitor) -> Session:
    """Ask for a list of products as cards, then for one of them large."""
    catalogue = visitor.shop.catalogue
    first = visitor.chance.randrange(len(catalogue))
    listed = (catalogue[(first + step) % len(catalogue)] for step in range(CARDS))
    yield Page(tuple(visitor.ask(photo, f"t_{CARD[0]}~{CARD[1]}.auto") for photo in listed))
    yield Page((visitor.ask(catalogue[first], f"{visitor.width(HERO_CSS_PX)}.auto"),))
