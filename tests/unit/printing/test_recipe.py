"""A recipe is one canonical document: it reads back, names all, and every field counts."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from cache_keys.design_look import DesignLook, Filters, PhotoLook
from origin.errors import BadDocument
from origin.printing.recipe import Recipe, read_recipe, recipe_id, recipe_json, sheet_of
from origin.values import ProfileStatus
from tests.images import prints
from tests.images.photos import photo_jpeg

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(600, 400, 1))
    look = DesignLook(PhotoLook(prints.ASSET, None, 180, 0, "h", Filters(sepia=500)))
    return prints.recipe_of(path, prints.product(trim_um=(60_000, 40_000)), look)


def test_a_recipe_reads_back_as_it_was_written(recipe: Recipe) -> None:
    assert read_recipe(recipe_json(recipe)) == recipe


def test_the_document_is_canonical_and_has_only_texts_and_integers(recipe: Recipe) -> None:
    document = recipe_json(recipe)
    assert rfc8785.dumps(json.loads(document)) == document
    assert "." not in "".join(text for text in document.decode().split('"')[::2]), (
        "no number has a fraction"
    )
    assert b"null" not in document


CHANGES: dict[str, Any] = {
    "engine": "other",
    "asset": "b" * 52,
    "source_digest": "0" * 64,
    "look": DesignLook(PhotoLook(prints.ASSET, None, 0, 0, "h", Filters(sepia=500))),
    "product": "photo-10x15~2",
    "title": "Other",
    "slot": "back",
    "dated_s": 1,
    "trim_um": (60_001, 40_000),
    "bleed_um": 1,
    "safe_um": 1,
    "dpi": 301,
    "page_px": (1, 1),
    "bleed_fill": "mirror",
    "fill_colour": "000000",
    "file_format": "tiff",
    "jpeg_quality": 94,
    "subsampling": "4:2:0",
    "resampling": "other",
}


@pytest.mark.parametrize("name", [field.name for field in fields(Recipe) if field.name != "schema"])
def test_every_field_is_in_the_id(recipe: Recipe, name: str) -> None:
    nested: dict[str, Any] = {
        "photo": replace(recipe.photo, orientation=3),
        "input_profile": replace(recipe.input_profile, status=ProfileStatus.REJECTED),
        "colour": replace(recipe.colour, has_bpc=False),
    }
    other = replace(recipe, **{name: {**CHANGES, **nested}[name]})
    assert recipe_id(KEY, recipe_json(other)) != recipe_id(KEY, recipe_json(recipe))


def test_the_id_is_the_tenants_own(recipe: Recipe) -> None:
    document = recipe_json(recipe)
    assert len(recipe_id(KEY, document)) == 52
    assert recipe_id(KEY, document) != recipe_id(bytes(32), document)


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda body: body | {"schema": 2}, id="another schema"),
        pytest.param(lambda body: body | {"more": 1}, id="an unknown field"),
        pytest.param(lambda body: {k: v for k, v in body.items() if k != "dpi"}, id="a lost field"),
        pytest.param(lambda body: body | {"photo": 3}, id="another type"),
        pytest.param(lambda body: body | {"input_profile": {"status": "guessed"}}, id="a status"),
        pytest.param(lambda body: body | {"look": {}}, id="no design"),
        pytest.param(lambda _: [], id="no object"),
    ],
)
def test_any_other_document_is_refused(recipe: Recipe, break_it: object) -> None:
    assert callable(break_it)
    body = break_it(json.loads(recipe_json(recipe)))
    with pytest.raises(BadDocument) as caught:
        read_recipe(rfc8785.dumps(body))
    assert caught.value.code == "print.recipe"


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"\xff", b'{"schema":1}', b"[" * 100_000],
    ids=["nothing", "cut off", "no text", "no fields", "too deep"],
)
def test_bytes_that_are_no_recipe_are_refused(document: bytes) -> None:
    with pytest.raises(BadDocument) as caught:
        read_recipe(document)
    assert caught.value.code == "print.recipe"


def test_a_recipe_in_another_spelling_is_refused(recipe: Recipe) -> None:
    with pytest.raises(BadDocument):
        read_recipe(recipe_json(recipe) + b"\n")


@pytest.mark.parametrize(
    ("crop", "turn", "wanted"),
    [
        (None, 0, (152_000, 102_000)),
        (None, 90, (102_000, 152_000)),
        ((0, 0, 50_000, 100_000), 0, (102_000, 152_000)),
        ((0, 0, 50_000, 100_000), 270, (152_000, 102_000)),
    ],
)
def test_the_sheet_lies_as_the_picture_does(
    tmp_path: Path,
    crop: tuple[int, int, int, int] | None,
    turn: int,
    wanted: tuple[int, int],
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_jpeg(600, 400, 1))
    look = DesignLook(PhotoLook(prints.ASSET, crop, turn, 0, ""))
    assert sheet_of(prints.product(), look, prints.photo_of(path)) == wanted


def test_the_designs_own_sheet_decides_how_the_product_lies(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_jpeg(600, 400, 1))
    look = DesignLook(PhotoLook(prints.ASSET, None, 0, 0, ""), sheet_um=(102_000, 152_000))
    assert sheet_of(prints.product(), look, prints.photo_of(path)) == (102_000, 152_000)
