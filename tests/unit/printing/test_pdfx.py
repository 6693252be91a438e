"""The PDF/X-4 file of a page: the JPEG as it was, boxes by the product, nothing by chance."""

from __future__ import annotations

import hashlib
import io
import pickle
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Name, Pdf

from origin.errors import RenderFailed
from origin.printing.pdfx import as_pdf, points, wrap
from origin.printing.pdfx_rules.boxes import wanted_boxes
from origin.printing.pdfx_rules.run import broken_rules, require
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.profiles import Profiles
from tests.unit.printing.pdf_pages import (
    BLEED_UM,
    PRINT_ID,
    TRIM_UM,
    card_pdf,
    page_jpeg,
    profile_bytes,
    recipe,
)

RUNS, AT_ONCE = 20, 4


@pytest.mark.parametrize("profile", ["coated-fogra39", "coated-gracol2006"])
def test_a_finished_file_keeps_every_rule(profile: str) -> None:
    assert broken_rules(card_pdf(profile)) == ()


def test_the_jpeg_goes_in_as_it_is() -> None:
    jpeg = page_jpeg(recipe())
    with Pdf.open(io.BytesIO(wrap(jpeg, recipe(), profile_bytes(recipe()), PRINT_ID))) as pdf:
        picture = pdf.pages[0].obj.Resources.XObject.Page
        assert picture.read_raw_bytes() == jpeg
        assert picture.Filter == Name.DCTDecode


def test_a_page_comes_back_as_the_file_of_it() -> None:
    of = recipe()
    assert as_pdf(page_jpeg(of), of, profile_bytes(of), PRINT_ID) == card_pdf()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"page_px": (100, 99)}, "picture.jpeg", id="other px than the JPEG has"),
        pytest.param(
            {"colour": replace(recipe().colour, profile_sha256="0" * 64)},
            "intent.product",
            id="another profile than the product pins",
        ),
    ],
)
def test_a_file_that_is_not_what_was_asked_for_never_leaves(
    changed: dict[str, object], code: str
) -> None:
    of = recipe()
    wrong = replace(of, **changed)  # type: ignore[arg-type] # rows
    with pytest.raises(RenderFailed) as refused:
        as_pdf(page_jpeg(of), wrong, profile_bytes(of), PRINT_ID)
    assert refused.value.code == "print.read_back"
    assert code in refused.value.log


def test_a_pdf_of_another_page_never_leaves() -> None:
    of = recipe()
    other = np.zeros((of.page_px[1], of.page_px[0], 4), np.uint8)
    file = wrap(page_jpeg(of, other), of, profile_bytes(of), PRINT_ID)
    with pytest.raises(RenderFailed, match=r"print\.read_back"):
        require(file, of, page_jpeg(of))


def test_a_display_profile_is_no_output_intent() -> None:
    of = recipe("srgb", "srgb")
    with pytest.raises(RenderFailed) as refused:
        as_pdf(page_jpeg(of), of, profile_bytes(of), PRINT_ID)
    assert "intent.class: class mntr" in refused.value.log


@pytest.mark.parametrize("product", Products().all(), ids=lambda one: one.reference)
def test_boxes_are_the_lengths_of_the_product_within_a_hundredth_of_a_point(
    product: Product,
) -> None:
    of = replace(recipe(), trim_um=product.trim_um, bleed_um=product.bleed_um)
    jpeg = page_jpeg(recipe())  # boxes come from lengths, never from px
    with Pdf.open(io.BytesIO(wrap(jpeg, of, profile_bytes(of), PRINT_ID))) as pdf:
        page = pdf.pages[0].obj
        bleed = Fraction(product.bleed_um * 72, 25_400)
        width, height = (Fraction(side * 72, 25_400) for side in product.trim_um)
        wanted = (bleed, bleed, bleed + width, bleed + height)
        found = [Fraction(str(side)) for side in page.TrimBox]
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < Fraction(1, 100)
        sheet = (Fraction(0), Fraction(0), width + 2 * bleed, height + 2 * bleed)
        for box in (page.MediaBox, page.BleedBox):
            exact = [Fraction(str(side)) for side in box]
            assert max(abs(a - b) for a, b in zip(exact, sheet, strict=True)) < Fraction(1, 100)


def test_the_rule_of_boxes_knows_the_lengths_too() -> None:
    boxes = wanted_boxes(recipe())
    assert boxes["/TrimBox"][0] == pytest.approx(Decimal(BLEED_UM) * 72 / 25_400)
    assert boxes["/TrimBox"][2] == pytest.approx(Decimal(BLEED_UM + TRIM_UM[0]) * 72 / 25_400)


@given(st.integers(1, 5_400_000))
def test_points_are_exact_and_written_without_an_exponent(length_um: int) -> None:
    found = points(length_um)
    assert abs(Fraction(found) - Fraction(length_um * 72, 25_400)) <= Fraction(1, 20_000)
    assert "E" not in str(found)


def test_dates_and_names_are_the_recipes_and_agree() -> None:
    with Pdf.open(io.BytesIO(card_pdf())) as pdf:
        assert str(pdf.docinfo["/CreationDate"]) == "D:20231114221320Z"
        told = pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False)
        assert told["xmp:CreateDate"] == "2023-11-14T22:13:20Z"
        assert told["dc:title"] == "A card & a <title>"
        assert told["xmpMM:DocumentID"] == f"edgeproof:{PRINT_ID}"


def test_another_print_has_another_id() -> None:
    of = recipe()
    jpeg = page_jpeg(of)
    files = [wrap(jpeg, of, profile_bytes(of), name * 26) for name in "ab"]
    ids = []
    for file in files:
        with Pdf.open(io.BytesIO(file)) as pdf:
            ids.append([bytes(part) for part in pdf.trailer.ID])
    assert ids[0] != ids[1]


def test_the_profile_in_the_file_is_the_pinned_one() -> None:
    with Pdf.open(io.BytesIO(card_pdf())) as pdf:
        profile = pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes()
    assert hashlib.sha256(profile).hexdigest() == Profiles().by_name("coated-fogra39").sha256


def test_twenty_processes_write_the_same_bytes() -> None:
    """The JPEG is made once: that rasters are the same is proven where they are made."""
    script = (
        "import sys, pickle, hashlib; from origin.printing.pdfx import wrap; "
        "file = wrap(*pickle.load(sys.stdin.buffer)); print(hashlib.sha256(file).hexdigest())"
    )
    of = recipe()
    asked = pickle.dumps((page_jpeg(of), of, profile_bytes(of), PRINT_ID))
    digests = set()
    for batch in range(0, RUNS, AT_ONCE):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[3],
                env={"PYTHONHASHSEED": str(batch + n), "TZ": f"UTC{n - 2:+d}", "PYTHONPATH": "."},
            )
            for n in range(AT_ONCE)
        ]
        digests |= {process.communicate(asked)[0] for process in running}
    assert digests == {hashlib.sha256(card_pdf()).hexdigest().encode() + b"\n"}
