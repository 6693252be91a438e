"""Designs: the vectors, and what the reader gives back."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
import rfc8785

from cache_keys import DesignError, design_id
from cache_keys.design import read_design
from cache_keys.design_look import Caption, DesignLook, Filters, Frame, PhotoLook
from cache_keys.document import BODY_BYTES_MAX

VECTORS: dict[str, Any] = json.loads((files("cache_keys") / "vectors" / "design.json").read_bytes())
ASSET = json.loads(VECTORS["canonical"][0]["body"])["photos"][0]["asset"]


def sentence(row: dict[str, Any]) -> str:
    return str(row["id"])


def body_of(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["body_hex"]) if "body_hex" in row else row["body"].encode()


def design(**fields: object) -> bytes:
    return json.dumps({"photos": [{"asset": ASSET}], **fields}).encode()


@pytest.mark.parametrize("row", VECTORS["canonical"], ids=sentence)
def test_a_design_has_its_canonical_json_and_id(row: dict[str, Any]) -> None:
    read = read_design(body_of(row))
    assert read.canonical.decode() == row["canonical"]
    assert design_id(bytes.fromhex(VECTORS["id_key"]), read.canonical) == row["design"]


@pytest.mark.parametrize("row", VECTORS["equal"], ids=sentence)
def test_equal_meaning_is_equal_bytes(row: dict[str, Any]) -> None:
    one, other = read_design(row["a"].encode()), read_design(row["b"].encode())
    assert one.canonical == other.canonical
    assert one.look == other.look


@pytest.mark.parametrize("row", VECTORS["different"], ids=sentence)
def test_other_pixels_are_other_bytes(row: dict[str, Any]) -> None:
    one, other = read_design(row["a"].encode()), read_design(row["b"].encode())
    assert one.canonical != other.canonical
    assert one.look != other.look


@pytest.mark.parametrize("row", VECTORS["refused"], ids=sentence)
def test_a_bad_design_is_refused_with_code_and_field(row: dict[str, Any]) -> None:
    with pytest.raises(DesignError) as refused:
        read_design(body_of(row))
    assert (refused.value.code, refused.value.field) == (row["code"], row["field"])
    assert refused.value.status == 422


def test_every_sentence_of_the_vectors_is_there_once() -> None:
    sentences = [
        row["id"] for group in VECTORS.values() if isinstance(group, list) for row in group
    ]
    assert len(sentences) == len(set(sentences)) > 190


def test_reading_the_canonical_json_again_changes_nothing() -> None:
    for row in VECTORS["canonical"]:
        read = read_design(row["canonical"].encode())
        assert read.canonical.decode() == row["canonical"]


def test_every_field_arrives_in_the_look() -> None:
    photo = {
        "asset": ASSET,
        "crop": [1, 2, 3, 4],
        "turn": 270,
        "tilt_mdeg": -7,
        "flip": "h",
        "filters": {"grey": 1, "sepia": 2, "brightness": -3, "contrast": 4, "saturation": -5},
    }
    frame = {"style": "polaroid", "width_um": 4_000, "foot_um": 9_000, "colour": "aabbcc"}
    caption = {
        "text": "one\ntwo",
        "font": "noto-serif-bold",
        "size_um": 2_000,
        "colour": "010203",
        "place": "frame",
        "align": "right",
        "margin_um": 500,
    }
    body = design(
        photos=[photo], sheet_um=[90_000, 70_000], frame=frame, caption=caption, locale="sr"
    )
    assert read_design(body).look == DesignLook(
        photo=PhotoLook(ASSET, (1, 2, 3, 4), 270, -7, "h", Filters(1, 2, -3, 4, -5)),
        sheet_um=(90_000, 70_000),
        frame=Frame("polaroid", 4_000, 9_000, 0, 0, "aabbcc", ""),
        caption=Caption("one\ntwo", "noto-serif-bold", 2_000, "010203", "frame", "right", 500),
        locale="sr",
    )


def test_finish_and_product_stand_beside_the_look() -> None:
    read = read_design(design(finish="satin", product="mug~12"))
    assert (read.finish, read.product) == ("satin", "mug~12")
    assert read.look == read_design(design()).look


def test_the_canonical_json_is_rfc_8785() -> None:
    for row in VECTORS["canonical"]:
        assert rfc8785.dumps(json.loads(row["canonical"])).decode() == row["canonical"]


@pytest.mark.parametrize("size", [BODY_BYTES_MAX, BODY_BYTES_MAX + 1])
def test_a_body_may_be_64_kib_and_no_more(size: int) -> None:
    body = design().ljust(size)
    if size <= BODY_BYTES_MAX:
        assert read_design(body).look == read_design(design()).look
        return
    with pytest.raises(DesignError) as refused:
        read_design(body)
    assert refused.value.code == "design.too_large"


def test_nesting_without_end_is_refused_not_a_crash() -> None:
    with pytest.raises(DesignError) as refused:
        read_design(b"[" * 60_000)
    assert refused.value.code == "design.depth"


def test_a_refusal_never_repeats_the_caption() -> None:
    body = design(sheet_mm=[100, 100], caption={"text": "Secret Name\x07"})
    with pytest.raises(DesignError) as refused:
        read_design(body)
    assert "Secret" not in str(refused.value)


def test_the_largest_design_stays_below_the_canonical_limit() -> None:
    caption = {"text": "\N{SNOWMAN}" * 200, "font": "noto-serif-bold", "size_um": 499_999}
    frame = {"style": "mat", "width_um": 499_999, "foot_um": 499_999, "line_um": 49_999}
    body = design(sheet_um=[4_999_999, 4_999_999], caption=caption, frame=frame, locale="sr")
    assert len(read_design(body).canonical) < 1_500
