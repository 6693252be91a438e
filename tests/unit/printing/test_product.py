"""Products: one strict document per version, with every figure in its range."""

from __future__ import annotations

import json
from typing import Any

import pytest

from origin.errors import BadDocument
from origin.printing.product import Product, read_product

POSTCARD: dict[str, Any] = {
    "schema": 1,
    "name": "postcard",
    "version": 2,
    "title": "Postcard",
    "trim_um": [148_000, 105_000],
    "bleed_um": 3_000,
    "safe_um": 4_000,
    "orientation": "either",
    "dpi": {"target": 300, "floor": 150},
    "colour": {
        "space": "cmyk",
        "profile": "coated-fogra39",
        "profile_sha256": "0" * 64,
        "output_condition": "FOGRA39",
        "ink_limit_percent": 330,
    },
    "file": {"format": "pdfx4"},
    "basis": [{"field": "trim_um", "kind": "sourced", "words": "ISO 216"}],
}
SRGB = {
    "space": "srgb",
    "profile": "srgb",
    "profile_sha256": "0" * 64,
    "output_condition": "sRGB",
}


def read(**changes: object) -> Product:
    document = {**POSTCARD, **changes}
    return read_product(json.dumps({k: v for k, v in document.items() if v is not None}).encode())


def test_a_product_is_read_with_its_defaults() -> None:
    product = read()
    assert product.reference == "postcard~2"
    assert product.page_um == (154_000, 111_000)
    assert (product.colour.intent, product.colour.has_bpc) == ("relative", True)
    assert (product.bleed_fill, product.fill_colour, product.jpeg_quality) == (
        "stretch",
        "ffffff",
        95,
    )


def test_a_sheet_that_may_be_turned_lies_as_the_picture_does() -> None:
    assert read().trim_for(is_landscape=False) == (105_000, 148_000)
    assert read().trim_for(is_landscape=True) == (148_000, 105_000)


def test_a_fixed_sheet_is_never_turned() -> None:
    assert read(orientation="fixed").trim_for(is_landscape=False) == (148_000, 105_000)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"trim_um": [148_000.5, 105_000]}, "/trim_um/0"),
        ({"trim_um": [148_000]}, "/trim_um"),
        ({"trim_um": ["148000", 105_000]}, "/trim_um/0"),
        ({"trim_um": [0, 105_000]}, "/trim_um/0"),
        ({"bleed_um": -1}, "/bleed_um"),
        ({"bleed_um": 100_001}, "/bleed_um"),
        ({"safe_um": None}, "/safe_um"),
        ({"version": 0}, "/version"),
        ({"version": 10_000}, "/version"),
        ({"name": "Postcard"}, "/name"),
        ({"schema": 2}, "/schema"),
        ({"shape": "round"}, "/shape"),
        ({"dpi": {"target": 71, "floor": 71}}, "/dpi/target"),
        ({"colour": {**SRGB, "intent": "vivid"}}, "/colour/intent"),
        ({"fill_colour": "red"}, "/fill_colour"),
        ({"file": {"format": "pdf"}}, "/file/format"),
        ({"basis": []}, "/basis"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_out_of_range_is_refused_where_it_stands(
    changes: dict[str, object], place: str
) -> None:
    with pytest.raises(BadDocument) as refused:
        read(**changes)
    assert (refused.value.code, refused.value.field) == ("product.document", place)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"safe_um": 52_500}, "safe_um leaves nothing"),
        ({"dpi": {"target": 150, "floor": 300}}, "dpi.floor"),
        ({"colour": SRGB}, "cmyk"),
        ({"colour": {**POSTCARD["colour"], "ink_limit_percent": None}}, "ink_limit_percent"),
        ({"file": {"format": "jpeg"}}, "sRGB"),
        ({"colour": SRGB, "file": {"format": "cmyk-jpeg"}}, "cmyk"),
        ({"colour": SRGB, "file": {"format": "pdfx4"}}, "press"),
    ],
    ids=[
        "safe",
        "dpi",
        "ink on rgb",
        "no ink limit",
        "jpeg of cmyk",
        "cmyk jpeg of rgb",
        "rgb pdf",
    ],
)
def test_figures_that_do_not_go_together_are_refused(
    changes: dict[str, object], words: str
) -> None:
    if words == "cmyk" and "file" not in changes:
        changes = {**changes, "file": {"format": "cmyk-jpeg"}}
    with pytest.raises(BadDocument, match=r"product\.document") as refused:
        read(**changes)
    assert words.lower() in refused.value.public.lower()


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadDocument, match=r"product\.document"):
        read_product(b"{")


def test_a_document_of_more_than_64_kb_is_refused_unread() -> None:
    with pytest.raises(BadDocument) as refused:
        read_product(b" " * 65_537)
    assert "64 kB" in refused.value.public
