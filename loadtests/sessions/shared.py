"""A link that was shared in a chat: one robot for the card, then many people within a second."""

from __future__ import annotations

import random

from loadtests.visitor import Page, Session, Visitor

VIEWERS = 20
#: What chat programs show beside a link.
CARD = "w_1200,h_630,fit_cover.jpg"
SHOWN_CSS_PX = 400


def shared(visitor: Visitor) -> Session:
    """Ask for the card, then for one photo from twenty browsers at the same moment."""
    photo = visitor.chance.choice(visitor.album()[:2])
    yield Page((visitor.ask(photo, CARD),))
    viewers = [
        Visitor(visitor.shop, random.Random(visitor.chance.random()), visitor.now)  # noqa: S311
        for _ in range(VIEWERS)
    ]
    yield Page(
        tuple(viewer.ask(photo, f"{viewer.width(SHOWN_CSS_PX)}.auto") for viewer in viewers),
        is_burst=True,
    )
