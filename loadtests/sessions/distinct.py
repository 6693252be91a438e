"""Pictures that nobody asked for before: each a crop of its own, so that each is rendered."""

from __future__ import annotations

import random

from loadtests.visitor import Ask, Visitor

SIZE = "w_640"
#: Crops begin anywhere in the first fifth and are three quarters wide: 400 million of them a photo.
OFFSET_MAX = 20_000
SIDES = "75000_75000"


def distinct(visitor: Visitor, chance: random.Random) -> Ask:
    """Return a correctly signed request for a crop that is not asked for twice."""
    photo = chance.choice([photo for album in visitor.shop.albums for photo in album])
    left, top = chance.randint(1, OFFSET_MAX), chance.randint(1, OFFSET_MAX)
    return visitor.ask_well(photo, f"c_{left}_{top}_{SIDES},{SIZE}.jpg")
