"""Prints against previews, both through the real URLs: the print is what the preview showed.

``PRINTS=200 pytest tests/system/test_prints_registration.py`` is the long run.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pikepdf
import pytest

from origin.decode.libvips import pyvips
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.profiles import Profiles
from tests.images.difference import delta_e, likeness
from tests.images.photos import photo_jpeg
from tests.images.registration import TIMES, Reals, Score, failures, summary, tile_errors
from tests.system.printing import printed
from tests.system.server import Server

COUNT = int(os.environ.get("PRINTS", "6"))
#: Small pages in CI; every third is a press product, whose preview is its soft proof.
PRODUCTS = ("photo-10x15~1", "mug-wrap~1", "postcard-a6~1")
SIDES_PX = ((4001, 2667), (2203, 1471), (1999, 3001))
WIDTHS_PX = (320, 480, 640)

pytestmark = pytest.mark.timeout(1_800 if COUNT > 6 else 300)


@dataclass(frozen=True)
class Asked:
    """A random part of a photo in a product's shape."""

    photo: int
    product: Product
    document: dict[str, Any]
    width_px: int
    is_landscape: bool


def random_asked(seed: int) -> Asked:
    rng = np.random.default_rng(seed)
    product = Products().by_reference(PRODUCTS[seed % len(PRODUCTS)])
    photo = int(rng.integers(len(SIDES_PX)))
    turn = int(rng.choice([0, 90, 180, 270]))
    tilt = int(rng.integers(-45_000, 45_001)) if seed % 2 else 0
    is_landscape = product.trim_um[0] >= product.trim_um[1]
    if product.orientation == "either" and rng.random() < 0.5:
        is_landscape = not is_landscape
    trim = product.trim_for(is_landscape)
    crop = _crop(rng, SIDES_PX[photo], trim if turn in (0, 180) else trim[::-1], tilt)
    flip = {"flip": "h"} if rng.random() < 0.5 else {}
    one = {"asset": "", "crop": crop, "turn": turn, "tilt_mdeg": tilt, **flip}
    document = {"photos": [one], "sheet_mm": [side // 1_000 for side in trim]}
    return Asked(photo, product, document, int(rng.choice(WIDTHS_PX)), is_landscape)


def _crop(
    rng: np.random.Generator, sides: tuple[int, int], shape: tuple[int, int], tilt: int
) -> list[int]:
    """Return a crop of that shape in source px whose tilted corners lie in the photo."""
    sine, cosine = abs(math.sin(math.radians(tilt / 1e3))), math.cos(math.radians(tilt / 1e3))
    width, height = sides
    aspect = shape[0] / shape[1]
    most = min(
        width / (cosine + sine / aspect), height / (sine + cosine / aspect), width, height * aspect
    )
    a = most * rng.uniform(0.75, 0.97)
    b = a / aspect
    reach_x, reach_y = cosine * a + sine * b, sine * a + cosine * b
    x = rng.uniform(reach_x / 2, width - reach_x / 2) - a / 2
    y = rng.uniform(reach_y / 2, height - reach_y / 2) - b / 2
    return [round(1e5 * part) for part in (x / width, y / height, a / width, b / height)]


def on_preview_grid(page: pyvips.Image, asked: Asked, size_px: tuple[int, int]) -> Reals:
    """Return the page's trim averaged onto the preview's px, ten samples a side."""
    trim, bleed = asked.product.trim_for(asked.is_landscape), asked.product.bleed_um
    width, height = size_px
    grid = pyvips.Image.xyz(width * TIMES, height * TIMES).cast("float")
    at = []
    for axis, (side, px, out) in enumerate(
        zip(trim, (page.width, page.height), size_px, strict=True)
    ):
        per_um = px / (side + 2 * bleed)
        at.append((grid[axis] + 0.5) * (side * per_um / (out * TIMES)) + (bleed * per_um - 0.5))
    fine = page.mapim(
        at[0].bandjoin(at[1]), interpolate=pyvips.Interpolate.new("bicubic"), extend="copy"
    )
    return np.asarray(fine.cast("float").shrink(TIMES, TIMES).numpy(), dtype=np.float64)


def on_display(content: bytes, product: Product) -> pyvips.Image:
    """Return a print file's page as sRGB, as its soft proof would show it."""
    if product.colour.space == "srgb":
        return pyvips.Image.jpegload_buffer(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        jpeg = bytes(pdf.pages[0].Resources.XObject.Page.read_raw_bytes())
    profile = Profiles().by_name(product.colour.profile)
    return pyvips.Image.jpegload_buffer(jpeg).icc_transform(
        "srgb",
        input_profile=str(profile.path),
        intent="relative",
        black_point_compensation=False,
        depth=8,
    )


def score(wanted: Reals, found: Reals) -> Score:
    delta = delta_e(wanted, found)
    grey = wanted.mean(axis=2), found.mean(axis=2)
    return Score(
        tile_errors(*grey), float(delta.mean()), float(np.percentile(delta, 99)), likeness(*grey)
    )


def test_prints_register_with_their_previews(
    running_server: Server, record_property: Callable[[str, object], None]
) -> None:
    assets = [running_server.asset(photo_jpeg(*sides, seed)) for seed, sides in enumerate(SIDES_PX)]
    scores = []
    for seed in range(COUNT):
        asked = random_asked(seed)
        asset = assets[asked.photo]
        asked.document["photos"][0]["asset"] = asset
        posted = running_server.design(asked.document)
        assert posted.status_code == 201, posted.text
        design = posted.json()["design"]
        reference = asked.product.reference
        _, content = printed(running_server, asset=asset, design=design, product=reference)
        proof = f"pf_{reference}," if asked.product.colour.space == "cmyk" else ""
        leaf = f"d_{design},{proof}w_{asked.width_px}.png"
        answer = running_server.get(asset, leaf)
        assert answer.status_code == 200, answer.text
        preview = pyvips.Image.pngload_buffer(answer.content)
        page = on_display(content, asked.product)
        wanted = on_preview_grid(page, asked, (preview.width, preview.height))
        scores.append(score(wanted, preview.numpy()[..., :3].astype(np.float64)))
    record_property("registration", summary(scores))
    assert failures(scores) == [], summary(scores)
