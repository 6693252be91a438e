"""Products: the least that a print needs to know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cache_keys import DesignError
from origin.printing.product import Product, read_product

POSTCARD: dict[str, Any] = {
    "name": "postcard",
    "version": 2,
    "trim_um": [148_000, 105_000],
    "bleed_um": 3_000,
    "safe_um": 4_000,
}


def read(**changes: object) -> Product:
    return read_product(json.dumps({**POSTCARD, **changes}).encode())


def test_a_product_is_read() -> None:
    assert read() == Product("postcard", 2, (148_000, 105_000), 3_000, 4_000)
    assert read().page_um == (154_000, 111_000)


def test_lengths_may_be_in_mm_or_inches() -> None:
    in_mm = {"trim_um": None, "trim_mm": [148, 105], "bleed_um": None, "bleed_mm": 3}
    assert read(**in_mm) == read()
    assert read(trim_um=None, trim_in=[6, 4]).trim_um == (152_400, 101_600)


def test_bleed_and_safe_area_are_none_unless_given() -> None:
    product = read(bleed_um=None, safe_um=None)
    assert (product.bleed_um, product.safe_um) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": None}, "product.missing_field", "/name"),
        ({"name": "Post"}, "product.value", "/name"),
        ({"version": 0}, "product.value", "/version"),
        ({"version": 1.5}, "product.type", "/version"),
        ({"trim_um": None}, "product.missing_field", "/trim_um"),
        ({"trim_um": [1, 2, 3]}, "product.value", "/trim_um"),
        ({"trim_um": [148_000, 9_999]}, "product.value", "/trim_um/1"),
        ({"trim_mm": [148, 105]}, "product.repeated_field", "/trim_mm"),
        ({"bleed_um": -1}, "product.value", "/bleed_um"),
        ({"bleed_um": 100_001}, "product.value", "/bleed_um"),
        ({"safe_um": 52_500}, "product.safe", ""),
        ({"dpi": 300}, "product.unknown_field", "/dpi"),
    ],
)
def test_a_bad_product_is_refused(changes: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(DesignError) as refused:
        read(**changes)
    assert (refused.value.code, refused.value.field) == (code, field)
