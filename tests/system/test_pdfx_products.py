"""Every product that gives a PDF, made from a photo, as qpdf and Ghostscript see it.

At 72 px per inch, since boxes, plates and structure do not depend on it; EDGEPROOF_PDFX_WHOLE=1
makes them at the product's own.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.flow.preflight_jobs import covering
from origin.printing.page import render_page
from origin.printing.pdfx_rules.run import RULES, broken_rules
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.recipe import Recipe
from tests.images import prints
from tests.images.photos import photo_jpeg
from tests.system.test_pdfx_tools import PLATES, tool

IS_WHOLE: Final = os.environ.get("EDGEPROOF_PDFX_WHOLE") == "1"
DPI: Final = 72
POINTS_PER_UM: Final = 72 / 25_400
PDFS: Final = [one for one in Products().all() if one.file_format == "pdfx4"]
SHAPES: Final = [(1_500, 1_000), (1_000, 1_500)]
SAME_PLATE: Final = 0.99
"""Correlation of a plate with our own ink: measured 0.997 and more; with another ink
0.93 at most."""


@dataclass(frozen=True)
class Made:
    product: Product
    recipe: Recipe
    path: Path
    inks: NDArray[np.uint8]


@pytest.fixture(
    scope="module",
    params=[(one, sides) for one in PDFS for sides in SHAPES],
    ids=lambda param: f"{param[0].reference} of {param[1][0]}x{param[1][1]}",
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    product, sides = request.param
    folder = tmp_path_factory.mktemp("pdf")
    photo = folder / "photo.jpg"
    photo.write_bytes(photo_jpeg(*sides, 7))
    dpi = product.dpi_target if IS_WHOLE else DPI
    small = replace(product, dpi_target=dpi, dpi_floor=1)
    bare = DesignLook(PhotoLook(prints.ASSET))
    crop = covering(prints.photo_of(photo), bare, small)
    recipe = prints.recipe_of(photo, small, DesignLook(PhotoLook(prints.ASSET, crop)))
    path = folder / "page.pdf"
    path.write_bytes(render_page(recipe, photo, prints.PROFILES, "k" * 52).content)
    return Made(product, recipe, path, prints.page_pixels(photo, recipe))


def boxes(path: Path) -> dict[str, list[float]]:
    """Return the boxes of the one page, as qpdf reads them."""
    command = [tool("qpdf", "qpdf"), "--json", "--json-key=qpdf", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    objects = json.loads(done.stdout)["qpdf"][1]
    values = [entry.get("value") for entry in objects.values()]
    (page,) = [one for one in values if isinstance(one, dict) and one.get("/Type") == "/Page"]
    return {name: page[f"/{name}"] for name in ("MediaBox", "BleedBox", "TrimBox")}


def plates(path: Path, dpi: int) -> dict[str, NDArray[np.uint8]]:
    """Return the separations that Ghostscript makes, 255 being full ink."""
    out = path.parent / "plate.tif"
    command = [tool("gs", "ghostscript"), "-q", "-dSAFER", "-dNOPAUSE", "-dBATCH", f"-r{dpi}"]
    command += ["-sDEVICE=tiffsep", f"-sOutputFile={out}", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    found = {}
    for one in path.parent.glob("plate(*.tif"):
        film = cv2.imread(str(one), cv2.IMREAD_GRAYSCALE)
        assert film is not None
        found[one.name[6:-5]] = np.asarray(255 - film, np.uint8)
    return found


def test_there_are_such_products_and_rules_for_them() -> None:
    assert {one.reference for one in PDFS} >= {"postcard-a6~1", "card-a5~1", "page-a4~1"}
    assert len(RULES) >= 25


def test_it_keeps_every_rule_and_qpdf_finds_nothing_wrong(made: Made) -> None:
    assert broken_rules(made.path.read_bytes(), made.recipe) == ()
    command = [tool("qpdf", "qpdf"), "--check", str(made.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No syntax or stream encoding errors found" in done.stdout


def test_its_boxes_are_the_products_lengths_within_a_hundredth_of_a_point(made: Made) -> None:
    """Lengths of the document itself, turned as the photo is where the product allows it."""
    width, height = made.product.trim_um
    is_landscape = made.inks.shape[1] > made.inks.shape[0]
    if made.product.orientation == "either" and (width > height) != is_landscape:
        width, height = height, width
    bleed = made.product.bleed_um
    found = boxes(made.path)
    sheet = [0.0, 0.0, width + 2 * bleed, height + 2 * bleed]
    trim = [bleed, bleed, bleed + width, bleed + height]
    for name, lengths in (("MediaBox", sheet), ("BleedBox", sheet), ("TrimBox", trim)):
        assert found[name] == pytest.approx([um * POINTS_PER_UM for um in lengths], abs=0.01), name


def test_its_separations_are_our_four_plates_and_no_others(made: Made) -> None:
    found = plates(made.path, made.recipe.dpi)
    assert set(found) == set(PLATES)
    for number, name in enumerate(PLATES):
        plate = found[name]
        ink = cv2.resize(
            made.inks[..., number], plate.shape[::-1], interpolation=cv2.INTER_AREA
        ).astype(float)
        likeness = np.corrcoef(ink.ravel(), plate.ravel().astype(float))[0, 1]
        assert likeness >= SAME_PLATE, f"{name}: {likeness:.3f}"
        assert plate.mean() == pytest.approx(ink.mean(), abs=0.5), name
