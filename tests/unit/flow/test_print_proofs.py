"""Soft proofs as previews: which product, from which raster, in which size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from origin.decode.libvips import pyvips
from origin.headers import Answer
from tests.images.photos import photo_jpeg
from tests.unit.flow.house import House, house

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def shop(tmp_path: Path) -> House:
    return await house(tmp_path)


@pytest.fixture
async def asset(shop: House) -> str:
    return (await shop.take(photo_jpeg(900, 640, 3))).asset.asset


def pixels(answer: Answer) -> NDArray[np.float64]:
    assert answer.status == 200, answer.body
    return pyvips.Image.pngload_buffer(answer.body).numpy().astype(np.float64)


async def test_a_press_proof_has_the_previews_size_and_the_presss_colours(
    shop: House, asset: str
) -> None:
    plain = pixels(await shop.ask(asset, "w_320.png"))
    proof = pixels(await shop.ask(asset, "pf_postcard-a6~1,w_320.png"))
    paper = pixels(await shop.ask(asset, "pf_postcard-a6~1~paper,w_320.png"))
    assert plain.shape == proof.shape == paper.shape
    assert 0.3 < np.abs(plain - proof).mean() < 20
    assert paper.mean() < proof.mean(), "paper is darker than a display's white"


async def test_a_proof_for_an_srgb_product_looks_as_the_preview(shop: House, asset: str) -> None:
    crop = "c_10000_10000_60000_60000,w_320.png"
    plain = pixels(await shop.ask(asset, crop))
    proof = pixels(await shop.ask(asset, f"pf_photo-10x15~1,{crop}"))
    assert np.abs(plain - proof).mean() < 1


async def test_a_proof_is_made_from_the_source_and_needs_no_master(shop: House, asset: str) -> None:
    shop.workers.jobs.clear()
    answer = await shop.ask(asset, "pf_card-a5~1,w_320.jpg")
    assert (answer.status, shop.workers.jobs) == (200, ["render_proof"])


@pytest.mark.parametrize("product", ["card-a5~2", "nothing~1", "nothing~1~paper"])
async def test_an_unknown_product_is_404(shop: House, asset: str, product: str) -> None:
    answer = await shop.ask(asset, f"pf_{product},w_320.jpg")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "product.unknown")


async def test_a_quarantined_photo_has_no_proof(shop: House, asset: str) -> None:
    await shop.records.count_failure("acme", asset, quarantine_at=1)
    answer = await shop.ask(asset, "pf_card-a5~1,w_320.jpg")
    assert (answer.status, json.loads(answer.body)["code"]) == (422, "photo.quarantined")
