"""Prints by the real command against previews by the real URLs, for tests and benchmarks."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pikepdf

from origin.decode.libvips import pyvips
from origin.printing.product import Product
from origin.printing.products import Products
from tests.images import print_registration
from tests.images.photos import photo_jpeg
from tests.images.print_registration import Case, Score, compared, on_display
from tests.system.server import TENANT, Server

SIDES_PX: Final = [(4001, 2667), (2203, 1471), (1999, 3001)]
WIDTHS_PX: Final = (320, 480, 640)
"""Rungs of the ladder, so that a preview has the width that was asked for."""


def registered(running: Server, reference: str, seeds: Iterable[int]) -> Iterator[Score]:
    """Print random crops of a product and compare each with its preview."""
    assets = [running.asset(photo_jpeg(*sides, seed)) for seed, sides in enumerate(SIDES_PX)]
    product = Products().by_reference(reference)
    for seed in seeds:
        one = print_registration.case(product, seed, SIDES_PX, WIDTHS_PX)
        yield _score(running, one, assets[one.photo])


def _score(running: Server, one: Case, asset: str) -> Score:
    posted = running.design(document(one, asset))
    assert posted.status_code == 201, posted.text
    design = posted.json()["design"]
    is_press = one.product.colour.space == "cmyk"
    proof = f"pf_{one.product.reference}," if is_press else ""
    answer = running.get(asset, f"d_{design},{proof}w_{one.width_px}.png")
    assert answer.status_code == 200, answer.text
    preview = pyvips.Image.pngload_buffer(answer.content)
    assert preview.width == one.width_px
    page = on_display(printed(running, one.product, asset, design), one.product)
    return compared(one, page, preview.numpy())


def document(one: Case, asset: str) -> dict[str, Any]:
    """Return a case as a design document."""
    look = one.look.photo
    photo: dict[str, Any] = {"asset": asset, "crop": look.crop, "turn": look.turn}
    photo |= {"tilt_mdeg": look.tilt_mdeg} | ({"flip": look.flip} if look.flip else {})
    return {"photos": [photo], "sheet_um": one.trim_um}


def printed(running: Server, product: Product, asset: str, design: str) -> pyvips.Image:
    """Make a print by ``edgeproof print render``; return the px in its file."""
    output = running.data_dir / f"{design}.print"
    running.run(
        *("print", "render", "--tenant", TENANT, "--asset", asset, "--design", design),
        *("--product", product.reference, "-o", str(output)),
    )
    try:
        return px_of(output)
    finally:
        output.unlink()


def px_of(path: Path) -> pyvips.Image:
    """Return the picture in a JPEG, TIFF or print PDF, as it is there."""
    content = path.read_bytes()
    if content.startswith(b"%PDF-"):
        with pikepdf.open(io.BytesIO(content)) as pdf:
            content = bytes(pdf.pages[0].Resources.XObject.Page.read_raw_bytes())
    return pyvips.Image.new_from_buffer(content, "")
