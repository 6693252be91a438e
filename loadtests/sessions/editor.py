"""Crops a photo for a product: one scope=asset signature, many sizes and crops of one asset."""

from __future__ import annotations

from loadtests.visitor import Page, Session, Visitor

STAGE_CSS_PX = 400
#: x_y_w_h in 1/100000: what the crop tool offers first, 1:1 and 3:2 of a photo of 4:3.
OFFERED = ("12500_0_75000_100000", "0_5556_100000_88888")
STEPS_MAX = 3
TURNED_SHARE = 0.02


def editor(visitor: Visitor) -> Session:
    """Ask for the photo's facts and the whole of it, then for crops and turns of it."""
    chance = visitor.chance
    photo = chance.choice(visitor.album())
    size = visitor.width(STAGE_CSS_PX)
    yield Page(
        (
            visitor.ask(photo, "info.json", scope="asset"),
            visitor.ask(photo, f"{size}.auto", scope="asset"),
        )
    )
    for _ in range(chance.randint(1, STEPS_MAX)):
        ops = [f"c_{chance.choice(OFFERED)}", size]
        if chance.random() < TURNED_SHARE:
            ops.append("r_90")
        chance.shuffle(ops)  # an editor writes them as they were set
        yield Page((visitor.ask(photo, f"{','.join(ops)}.auto", scope="asset"),))
