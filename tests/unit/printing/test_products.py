"""The book of products: what ships is whole, and no version changes after its use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from origin.errors import BadDocument, NotFound
from origin.printing.products import Products, lint, shipped_folder, write_lock
from origin.printing.profiles import Profiles

SHIPPED = Products()


def copied(folder: Path, name: str = "postcard-a6~1") -> Path:
    path = folder / f"{name}.json"
    path.write_bytes((shipped_folder() / "postcard-a6~1.json").read_bytes())
    return path


def edited(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_at_least_ten_shapes_ship_and_are_locked() -> None:
    verdict = lint(shipped_folder())
    assert (verdict.problems, verdict.added) == ((), ())
    assert len(SHIPPED.all()) >= 11


@pytest.mark.parametrize("product", SHIPPED.all(), ids=lambda product: product.reference)
def test_a_shipped_product_names_a_profile_that_is_there_and_is_that_one(product) -> None:  # type: ignore[no-untyped-def] # the parameter is the library's
    profile = Profiles().by_name(product.colour.profile)
    assert profile.content(product.colour.profile_sha256)
    assert profile.space == {"srgb": "rgb", "cmyk": "cmyk"}[product.colour.space]


@pytest.mark.parametrize("product", SHIPPED.all(), ids=lambda product: product.reference)
def test_a_shipped_product_says_of_each_figure_where_it_is_from(product) -> None:  # type: ignore[no-untyped-def] # the parameter is the library's
    wanted = {"trim_um", "bleed_um", "safe_um", "dpi", "colour"}
    if product.colour.space == "cmyk":
        wanted.add("colour.ink_limit_percent")
    if product.bleed_fill != "stretch":
        wanted.add("bleed_fill")
    fields = [field for field, _, _ in product.basis]
    assert wanted <= set(fields)
    assert len(fields) == len(set(fields)), "one word on each"


def test_a_bare_name_is_the_newest_version(tmp_path: Path) -> None:
    edited(copied(tmp_path, "postcard-a6~12"), version=12)
    assert Products(tmp_path).by_reference("postcard-a6").version == 12
    assert Products(tmp_path).by_reference("postcard-a6~1").version == 1


@pytest.mark.parametrize("reference", ["nothing", "postcard-a6~7", "postcard-a6~x", ""])
def test_an_unknown_product_is_not_found(reference: str) -> None:
    with pytest.raises(NotFound, match=r"product\.unknown"):
        SHIPPED.by_reference(reference)


def test_a_file_must_be_named_for_what_it_holds(tmp_path: Path) -> None:
    copied(tmp_path, "card~1")
    with pytest.raises(BadDocument) as refused:
        Products(tmp_path)
    assert "postcard-a6~1.json" in refused.value.public


def test_a_shop_cannot_shadow_a_shipped_version(tmp_path: Path) -> None:
    copied(tmp_path)
    with pytest.raises(BadDocument, match=r"product\.document"):
        Products(tmp_path)


def test_an_edited_version_is_refused_and_told_its_next_number(tmp_path: Path) -> None:
    path = copied(tmp_path)
    write_lock(tmp_path, lint(tmp_path).lock)
    edited(path, bleed_um=3_000)
    assert "postcard-a6~2" in lint(tmp_path).problems[0]


def test_spaces_and_the_order_of_names_may_change(tmp_path: Path) -> None:
    path = copied(tmp_path)
    write_lock(tmp_path, lint(tmp_path).lock)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(document.items()))))
    assert lint(tmp_path).problems == ()
