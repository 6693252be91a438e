"""How many objects the real edges keep for many spellings of few pictures, and for real boxes.

A hundred spellings of ten pictures in a run of all tests; EDGE_PROOF=big is the whole: ten thousand
of a hundred pictures.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from cache_keys.asking import ask
from cache_keys.request import read_target
from edgeproof.console import out
from loadtests.browsers import BROWSERS
from tests.edge.fronts import KINDS, asset, front, signed

IS_BIG = os.environ.get("EDGE_PROOF") == "big"
PICTURES, SPELLINGS = (100, 10_000) if IS_BIG else (10, 600)
#: The rung of 640 px takes every width from 481 up.
RUNG, LOWER = 640, 480
#: CSS px and device px per CSS px of what people hold: phones, tablets, laptops, screens.
DEVICES = (
    (360, 3), (375, 2), (375, 3), (390, 3), (393, 3), (402, 3), (412, 3), (414, 2), (430, 3),
    (440, 3), (600, 2), (744, 2), (768, 2), (820, 2), (834, 2), (1024, 1), (1024, 2), (1180, 2),
    (1280, 1), (1280, 2), (1366, 1), (1440, 2), (1512, 2), (1536, 1), (1680, 1), (1728, 2),
    (1920, 1), (2560, 1),
)  # fmt: skip
#: Page: aspect of its cards, gap and padding in CSS px, widest content, columns from a viewport on.
LAYOUTS = {
    "album, squares": ((1, 1), 8, 8, 2560, {0: 3, 600: 4, 1024: 6}),
    "album, landscape": ((3, 2), 16, 16, 1440, {0: 2, 768: 3, 1280: 4}),
    "shop, cards of 4:3": ((4, 3), 24, 24, 1280, {0: 1, 600: 2, 1024: 4}),
    "shop, portrait prints": ((2, 3), 16, 16, 1280, {0: 2, 768: 4, 1280: 5}),
    "posts of 4:5": ((4, 5), 4, 0, 1080, {0: 3}),
    "hero of 16:9": ((16, 9), 0, 0, 2560, {0: 1}),
    "article, wide of 3:2": ((3, 2), 0, 20, 720, {0: 1}),
    "calendar of 5:4": ((5, 4), 12, 16, 1200, {0: 2, 820: 3}),
}


def spelling(chance: random.Random, number: int) -> str:
    """Return one of the many ways to ask for a picture on the rung of 640 px."""
    dpr = chance.choice((1, 2))
    width = chance.randint(LOWER // dpr + 1, RUNG // dpr)
    ops = [f"w_{width}", f"q_{50 + 10 * (number % 4)}", "fl_v", "r_180"]
    if dpr > 1 or chance.random() < 0.5:
        ops.append(f"dpr_{dpr}")
    ops += [op for op in ("fit_inside", "g_c", "c_0_0_100000_100000") if chance.random() < 0.5]
    chance.shuffle(ops)
    path = f"/v1/acme/{asset(number)}/{','.join(ops)}.auto"
    scope = chance.choice(("", "asset"))
    return f"{signed(path, days=chance.randint(1, 6), scope=scope)}{junk(chance)}"


def junk(chance: random.Random) -> str:
    name = chance.choice(("utm_source", "fbclid", "_", "SIG", "exp%3d", ""))
    return f"&{name}={chance.randint(0, 999)}" if chance.random() < 0.7 else ""


def test_forty_browsers_get_the_format_that_their_accept_names() -> None:
    assert len(BROWSERS) == 40
    assert len({browser.name for browser in BROWSERS}) == 40
    for browser in BROWSERS:
        target = read_target(f"/v1/acme/{asset(0)}/w_640.auto".encode())
        path = ask(target, [browser.accept.encode()]).canonical_path
        assert path.endswith(f".{browser.ext}"), browser.name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.xdist_group("fragmentation")
def test_every_spelling_of_a_picture_is_one_of_three_objects(kind: str, tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    with front(kind, tmp_path) as edge:
        for number in range(SPELLINGS):
            fields = {"Accept": chance.choice(BROWSERS).accept}
            status, _, body = edge.ask(spelling(chance, number % PICTURES), fields)
            assert status == 200, body
        paths = edge.backend.paths()
    assert len(paths) <= 3 * PICTURES
    assert max(Counter(paths).values()) == 1, "an object that is there is never fetched again"
    per_picture = Counter(path.split("/")[3] for path in paths)
    assert len(per_picture) == PICTURES
    assert max(per_picture.values()) == 3, "the browsers do ask for three formats"


def leaves(layout: str, *, is_css: bool) -> set[str]:
    """Return what one page asks for on every device: boxes in CSS px with dpr, or in device px."""
    (across, down), gap, padding, content_px, columns_from = LAYOUTS[layout]
    found = set()
    for viewport, dpr in DEVICES:
        columns = [count for least, count in columns_from.items() if viewport >= least][-1]
        inner = min(viewport, content_px) - 2 * padding - (columns - 1) * gap
        width = inner // columns if is_css else inner * dpr // columns
        height = (2 * width * down + across) // (2 * across)
        if max(width, height) <= 2560:
            found.add(f"w_{width},h_{height}{f',dpr_{dpr}' * is_css},fit_cover.webp")
    return found


def heights_by_rung(asked: set[str]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for leaf in asked:
        transform = ask(read_target(f"/v1/acme/{asset(0)}/{leaf}".encode()), []).transform
        assert transform is not None
        assert transform.w is not None
        assert transform.h is not None
        found.setdefault(transform.w, set()).add(transform.h)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_boxes_of_a_page_in_device_px_are_at_most_three_objects_per_rung_and_format(
    layout: str,
) -> None:
    asked = leaves(layout, is_css=False)
    heights = heights_by_rung(asked)
    objects = sum(len(found) for found in heights.values())
    # Shown by pytest -rP: what docs/load.md says about boxes.
    out(f"{layout}: {len(asked)} boxes, {objects} objects a format on {len(heights)} rungs")
    assert len(asked) >= 10
    assert max(len(found) for found in heights.values()) <= 3, heights


@pytest.mark.parametrize("layout", LAYOUTS)
def test_boxes_rounded_before_dpr_are_at_most_two_more(layout: str) -> None:
    """A height rounded in CSS px is up to dpr / 2 device px off: that is another picture."""
    asked = leaves(layout, is_css=True)
    heights = heights_by_rung(asked)
    objects = sum(len(found) for found in heights.values())
    out(f"{layout}, dpr: {len(asked)} boxes, {objects} objects a format, {len(heights)} rungs")
    assert max(len(found) for found in heights.values()) <= 5, heights
