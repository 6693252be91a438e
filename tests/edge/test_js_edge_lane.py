"""The edge lane's arithmetic against the origin's own plan, and its pixels against its pictures."""

from __future__ import annotations

import io
import json
import random
import subprocess
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from cache_keys import Refusal, ask, make_proof, read_target
from cache_keys.lane import Lane
from cache_keys.presets import Look, layer
from origin.render import geometry
from origin.render.levels import LEVELS, level_size
from origin.render.plan import Plan, plan
from origin.values import Photo, ProfileStatus
from tests.conftest import ROOT
from tests.edge.js_worker import environment, node
from tests.images.photos import photo_jpeg
from tests.system.server import server

pytestmark = pytest.mark.xdist_group("edge-lane")
ASSET = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"
SIDES = [(2001, 1501), (6000, 4000), (4000, 6000), (640, 480), (1, 1), (65_500, 40), (2560, 2560)]
COMPASS = ["c", "n", "e", "s", "w", "ne", "nw", "se", "sw"]


Compared = list[tuple[str, Photo, dict[str, Any] | None, Plan]]


def photo_of(width_px: int, height_px: int, *, has_alpha: bool = False) -> Photo:
    return Photo(
        "jpeg", width_px, height_px, 1, 1, 3, 8, "srgb", has_alpha, ProfileStatus.ASSUMED, None
    )


def leaf(dice: random.Random) -> str:
    """Return the ops of some picture of the edge lane."""
    ops = {"w": dice.randint(1, 2560)} if dice.random() < 0.8 else {}
    if not ops or dice.random() < 0.7:
        ops["h"] = dice.randint(1, 2560)
    texts = [f"{name}_{value}" for name, value in ops.items()]
    if dice.random() < 0.6:
        texts.append(f"fit_{dice.choice(['inside', 'cover', 'contain', 'fill'])}")
    if dice.random() < 0.5:
        x, y = dice.randint(0, 99_999), dice.randint(0, 99_999)
        texts.append(f"c_{x}_{y}_{dice.randint(1, 100_000 - x)}_{dice.randint(1, 100_000 - y)}")
    if dice.random() < 0.5:
        texts.append(f"r_{dice.choice([90, 180, 270])}")
    if dice.random() < 0.5:
        texts.append(f"fl_{dice.choice(['h', 'v', 'hv'])}")
    if dice.random() < 0.6:
        point = f"{dice.randint(0, 100_000)}_{dice.randint(0, 100_000)}"
        texts.append(f"g_{dice.choice([*COMPASS, point, point])}")
    return f"{','.join(texts)}.{dice.choice(['jpg', 'webp', 'avif', 'png'])}"


def resizes(asked: list[tuple[str, Photo]]) -> list[dict[str, Any] | None]:
    """Return what the JavaScript core asks the resizer for."""
    lines = [
        json.dumps(
            {
                "path": path,
                "info": {"width": p.width_px, "height": p.height_px, "has_alpha": p.has_alpha},
            }
        )
        for path, p in asked
    ]
    ran = subprocess.run(
        [node(), str(ROOT / "tests/edge/js/resizes.js")],
        input="\n".join(lines),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def planned(path: str, photo: Photo) -> Plan:
    """Return the origin's plan of the same path."""
    asked = ask(read_target(path.encode()), [])
    assert asked.lane is Lane.EDGE
    assert asked.transform is not None
    look: Look = layer(None, asked.transform, None)
    return plan(photo, look)


def rectangle(made: Plan) -> tuple[float, ...]:
    """Return the part of the source that a plan shows: left, top, right, bottom in px."""
    size = Fraction(made.view.width_px), Fraction(made.view.height_px)
    start = made.view.offset
    step = geometry.apply(made.view.matrix, size)
    corners = [start, (start[0] + step[0], start[1] + step[1])]
    across, down = zip(*corners, strict=True)
    return tuple(map(float, (min(across), min(down), max(across), max(down))))


@pytest.fixture(scope="module")
def compared() -> Compared:
    dice = random.Random(20261122)
    asked: list[tuple[str, Photo]] = []
    while len(asked) < 4000:
        path = f"/v1/acme/{ASSET}/{leaf(dice)}"
        try:
            canonical = ask(read_target(path.encode()), []).canonical_path
        except Refusal:
            continue
        asked.append((canonical, photo_of(*dice.choice(SIDES))))
    found = resizes(asked)
    return [
        (path, photo, resize, planned(path, photo))
        for (path, photo), resize in zip(asked, found, strict=True)
    ]


def test_the_size_is_the_origins_to_the_pixel(compared: Compared) -> None:
    count = 0
    for path, _, resize, plan_ in compared:
        if resize is not None:
            count += 1
            assert (resize["width"], resize["height"]) == plan_.size_px, path
    assert count > 800


def test_the_part_shown_is_the_origins_within_half_a_pixel_of_the_master(
    compared: Compared,
) -> None:
    for path, photo, resize, plan_ in compared:
        if resize is None:
            continue
        sides = photo.width_px, photo.height_px
        mw, mh = level_size(sides, LEVELS[0])
        left, top, right, bottom = rectangle(plan_)
        trim = resize["trim"] or {"left": 0, "top": 0, "width": mw, "height": mh}
        expected = [left * mw / sides[0], top * mh / sides[1]]
        expected += [right * mw / sides[0], bottom * mh / sides[1]]
        actual = [trim["left"], trim["top"], trim["left"] + trim["width"]]
        actual.append(trim["top"] + trim["height"])
        # A part thinner than a pixel is given one: it moves by up to a whole one.
        slack = [1.001 if trim[s] == 1 else 0.501 for s in ("width", "height")] * 2
        for a, b, most in zip(actual, expected, slack, strict=True):
            assert abs(a - b) <= most, (path, sides, actual, expected)
        assert 0 <= trim["left"] < trim["left"] + trim["width"] <= mw
        assert 0 <= trim["top"] < trim["top"] + trim["height"] <= mh


def test_what_is_left_to_the_origin_is_what_it_makes_from_more_than_the_master(
    compared: Compared,
) -> None:
    for path, _, resize, plan_ in compared:
        is_large_avif = path.endswith(".avif") and max(plan_.size_px) > 1200
        is_left = plan_.canvas is not None or is_large_avif or plan_.level is None
        assert (resize is None) == is_left, (path, plan_.size_px, plan_.level)


def test_a_photo_with_transparency_is_left_to_the_origin() -> None:
    clear = photo_of(2001, 1501, has_alpha=True)
    assert resizes([(f"/v1/acme/{ASSET}/w_640.webp", clear)]) == [None]


LOOKS = [
    "w_320.png",
    "w_320,r_90.png",
    "w_320,r_270,fl_h.png",
    "w_320,r_180,fl_v.png",
    "w_320,fl_h.png",
    "w_320,h_160,fit_cover,g_nw.png",
    "w_160,h_320,fit_cover,g_e,r_90,fl_h.png",
    "w_320,h_160,fit_cover,g_20000_80000,r_270,fl_h.png",
    "w_160,h_320,fit_cover,g_90000_10000,r_90.png",
    "w_320,h_320,fit_fill,c_10000_20000_60000_50000.png",
    "w_240,h_320,fit_cover,c_10000_20000_60000_50000,r_90,fl_h,g_s.png",
]
"""Turns, flips, crops and windows in every combination that the order of steps could confuse."""


def test_the_resizers_steps_in_its_own_order_give_the_origins_picture(tmp_path: Path) -> None:
    secret = "5e" * 32
    edge_secrets = json.dumps({"e1": secret})
    with server(tmp_path, edge_secrets=edge_secrets, hosts="127.0.0.1") as origin:
        asset = origin.asset(photo_jpeg(3000, 2000, 7))
        path = origin.path(asset, "t_edge~1.jpg")
        host = f"127.0.0.1:{origin.public_port}"
        proof = make_proof("e1", secret.encode(), "GET", host, path, now=int(time.time()))
        answer = origin.http.get(origin.public_url + path, headers={"edgeproof-edge": proof})
        master = Image.open(io.BytesIO(answer.content)).convert("RGB")
        wanted = [origin.get(asset, look).content for look in LOOKS]
    asked = [(f"/v1/acme/{asset}/{look}", photo_of(3000, 2000)) for look in LOOKS]
    for look, resize, png in zip(LOOKS, resizes(asked), wanted, strict=True):
        assert resize is not None
        expected = Image.open(io.BytesIO(png)).convert("RGB")
        made = resized(master, resize)
        assert made.size == expected.size, look
        others = [ImageOps.mirror(made), ImageOps.flip(made), made.rotate(180)]
        assert difference(made, expected) < 4, look
        assert min(difference(other, expected) for other in others) > 8, look


def resized(master: Image.Image, resize: dict[str, Any]) -> Image.Image:
    """Do what Cloudflare documents: trim, flip, rotate clockwise, then exactly the size."""
    trim = resize["trim"]
    if trim is not None:
        right, bottom = trim["left"] + trim["width"], trim["top"] + trim["height"]
        master = master.crop((trim["left"], trim["top"], right, bottom))
    if resize["flip"] is not None:
        master = ImageOps.mirror(master) if resize["flip"] == "h" else ImageOps.flip(master)
    turned = master.rotate(-resize["rotate"], expand=True)
    return turned.resize((resize["width"], resize["height"]), Image.Resampling.BICUBIC)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean distance of two pictures in levels of 0..255."""
    pixels = (np.asarray(picture, dtype=np.int16) for picture in (one, other))
    return float(np.abs(next(pixels) - next(pixels)).mean())
