"""Presets: the vectors of layering and reading, TOML, and the lock."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import pytest

from cache_keys import DesignError, GrammarError, ask, read_target
from cache_keys.design_look import DesignLook, PhotoLook
from cache_keys.preset_file import FILE_BYTES_MAX, parse_presets
from cache_keys.preset_lock import lint, lock_text, parse_lock, preset_digest
from cache_keys.presets import Look, Preset, layer
from cache_keys.transform import Transform

VECTORS: dict[str, Any] = json.loads(
    (files("cache_keys") / "vectors" / "presets.json").read_bytes()
)
ASSET = "a" * 52
DESIGN = DesignLook(PhotoLook(ASSET, crop=(1, 2, 3, 4), turn=90, tilt_mdeg=5, flip="h"))


def sentence(row: dict[str, Any]) -> str:
    return str(row["id"])


def presets_of(*rows: dict[str, Any]) -> dict[tuple[str, int], Preset]:
    return dict(parse_presets(json.dumps({"presets": rows}).encode(), ".json"))


def transform_of(leaf: str) -> Transform:
    transform = ask(read_target(f"/v1/acme/{ASSET}/{leaf}".encode()), (), is_edge=False).transform
    assert transform is not None
    return transform


def look_of(row: dict[str, Any]) -> Look:
    preset = presets_of(row["preset"])["card", 3]
    transform = transform_of(row["leaf"])
    return layer(preset, transform, DESIGN if transform.design else None)


@pytest.mark.parametrize("row", [row for row in VECTORS["layered"] if "look" in row], ids=sentence)
def test_a_url_lies_over_its_preset(row: dict[str, Any]) -> None:
    plain: dict[str, Any] = asdict(Look(ext="")) | {"design": False}
    if row["look"].get("design"):
        plain |= {"crop": [1, 2, 3, 4], "turn": 90, "flip": "h"}
    look = look_of(row)
    got = asdict(look) | {"design": look.design is not None, "ext": ""}
    assert json.loads(json.dumps(got)) == plain | row["look"]
    assert look.ext == row["leaf"].rpartition(".")[2]


@pytest.mark.parametrize("row", [row for row in VECTORS["layered"] if "code" in row], ids=sentence)
def test_a_layer_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(GrammarError) as refused:
        look_of(row)
    assert (refused.value.status, refused.value.code) == (400, row["code"])


@pytest.mark.parametrize("row", VECTORS["refused"], ids=sentence)
def test_a_bad_file_is_refused_with_code_and_field(row: dict[str, Any]) -> None:
    with pytest.raises(DesignError) as refused:
        parse_presets(row["file"].encode(), ".json")
    assert (refused.value.code, refused.value.field) == (row["code"], row["field"])


def test_without_a_preset_the_url_is_the_look() -> None:
    look = layer(
        None, transform_of("w_320,h_200,fit_cover,g_ne,fl_v,c_1_2_3_4,q_50,bg_0a0b0c.png"), None
    )
    assert look == Look(
        "png", 320, 200, "cover", "ne", (1, 2, 3, 4), 180, "h", "0a0b0c", 50, None, None
    )


def test_a_design_gives_the_look_its_geometry() -> None:
    look = layer(None, Transform("jpg", design=ASSET, w=320), DESIGN)
    assert (look.crop, look.turn, look.flip, look.design) == ((1, 2, 3, 4), 90, "h", DESIGN)


def test_toml_and_json_say_the_same() -> None:
    toml = b"""
[[presets]]
name = "card"
version = 3
ops = "w_300,fit_cover,h_200"
eager = ["webp", "avif", "webp"]
[presets.watermark]
text = "PROOF"
size = 80
"""
    row = {"name": "card", "version": 3, "ops": "w_300,h_200,fit_cover", "eager": ["avif", "webp"]}
    assert parse_presets(toml, ".toml") == presets_of(
        row | {"watermark": {"text": "PROOF", "size": 80}}
    )


@pytest.mark.parametrize(
    ("file", "code", "field"),
    [
        (b"[[presets]", "preset.toml", ""),
        (b"presets = 'x'\n\xff", "preset.toml", ""),
        (b"presets = 3", "preset.type", "/presets"),
        (b"[[presets]]\nname='a'\nversion=1.0", "preset.type", "/presets/0/version"),
        (b"[[presets]]\nname='a'\nversion=2026-01-01", "preset.type", "/presets/0/version"),
        (b"a=" + b"[" * 5_000 + b"]" * 5_000, "preset.depth", ""),
        (b"#" * (FILE_BYTES_MAX + 1), "preset.too_large", ""),
    ],
)
def test_bad_toml_is_refused(file: bytes, code: str, field: str) -> None:
    with pytest.raises(DesignError) as refused:
        parse_presets(file, ".toml")
    assert (refused.value.code, refused.value.field) == (code, field)


CARD = {"name": "card", "version": 1, "ops": "w_300,q_80"}


def test_a_new_version_is_added_to_the_lock() -> None:
    verdict = lint({}, presets_of(CARD))
    assert (verdict.problems, verdict.added, list(verdict.lock)) == ((), ("card~1",), ["card~1"])


@pytest.mark.parametrize(
    "edit",
    [
        {"ops": "w_301,q_80"},
        {"ops": "w_300"},
        {"ops": "w_300,q_80,fit_cover"},
        {"watermark": {"text": "A"}},
    ],
    ids=str,
)
def test_an_edited_version_needs_a_new_number(edit: dict[str, Any]) -> None:
    lock = lint({}, presets_of(CARD)).lock
    (problem,) = lint(lock, presets_of(CARD | edit)).problems
    assert problem.preset == "card~1"
    assert "card~2" in problem.sentence
    assert not lint(lock, presets_of(CARD, CARD | edit | {"version": 2})).problems


@pytest.mark.parametrize(
    "field", ["text", "font", "colour", "opacity", "size", "place", "turn_deg"]
)
def test_an_edited_watermark_needs_a_new_number(field: str) -> None:
    mark = {"text": "A", "font": "noto-sans", "colour": "000000", "opacity": 5, "size": 50}
    mark |= {"place": "n", "turn_deg": 1}
    other = {"text": "B", "font": "noto-serif", "colour": "000001", "opacity": 6, "size": 51}
    other |= {"place": "s", "turn_deg": 2}
    lock = lint({}, presets_of(CARD | {"watermark": mark})).lock
    edited = presets_of(CARD | {"watermark": mark | {field: other[field]}})
    assert [problem.preset for problem in lint(lock, edited).problems] == ["card~1"]


def test_what_changes_no_pixel_is_no_edit() -> None:
    lock = lint({}, presets_of(CARD)).lock
    same = CARD | {"ops": "q_80,w_300", "eager": ["webp", "jpg"]}
    assert lint(lock, presets_of(same)) == lint(lock, presets_of(CARD))


def test_avif_made_ahead_changes_pixels_and_so_is_a_new_version() -> None:
    """It is encoded with more care, whoever makes it: one key, the same bytes."""
    lock = lint({}, presets_of(CARD)).lock
    assert [p.preset for p in lint(lock, presets_of(CARD | {"eager": True})).problems] == ["card~1"]


@pytest.mark.parametrize(
    ("leaf", "is_thorough"),
    [
        ("t_card~1.avif", True),
        ("t_card~1.webp", False),
        ("t_card~1,w_640.avif", False),
        ("t_card~1,q_80.avif", False),
        (f"t_card~1,d_{ASSET}.avif", False),
        ("w_300.avif", False),
    ],
)
def test_only_the_bare_preset_is_what_is_made_ahead(leaf: str, *, is_thorough: bool) -> None:
    preset = presets_of(CARD | {"eager": ["avif"]})["card", 1]
    transform = transform_of(leaf)
    look = layer(
        preset if transform.preset else None, transform, DESIGN if transform.design else None
    )
    assert look.is_thorough is is_thorough


@pytest.mark.parametrize(
    ("eager", "formats"),
    [
        (True, ("avif", "webp", "jpg")),
        (False, ()),
        ([], ()),
        (["png", "avif"], ("avif", "png")),
    ],
)
def test_eager_names_formats_or_all_that_auto_may_become(
    eager: object, formats: tuple[str, ...]
) -> None:
    assert presets_of(CARD | {"eager": eager})["card", 1].eager == formats


def test_the_number_of_a_removed_version_is_not_free_again() -> None:
    both = lint({}, presets_of(CARD, CARD | {"version": 2, "ops": "w_400"})).lock
    assert not lint(both, presets_of(CARD)).problems
    (problem,) = lint(both, presets_of(CARD, CARD | {"version": 2, "ops": "w_500"})).problems
    assert "card~3" in problem.sentence


def test_a_number_below_the_highest_is_refused() -> None:
    lock = lint({}, presets_of(CARD | {"version": 5})).lock
    (problem,) = lint(lock, presets_of(CARD | {"version": 4})).problems
    assert problem.preset == "card~4"


def test_a_lock_is_written_sorted_and_read_back() -> None:
    rows = [CARD | {"version": v, "ops": f"w_{v}"} for v in (10, 9)]
    lock = lint({}, presets_of(*rows, CARD | {"name": "badge"})).lock
    text = lock_text(lock)
    assert parse_lock(text.encode()) == lock
    assert [line.split('"')[1] for line in text.splitlines() if "~" in line] == [
        "badge~1",
        "card~9",
        "card~10",
    ]


@pytest.mark.parametrize(
    ("file", "code", "field"),
    [
        (b"", "lock.json", ""),
        (b"{}", "lock.missing_field", "/presets"),
        (b'{"presets":[]}', "lock.type", "/presets"),
        (b'{"presets":{"card":"x"}}', "lock.unknown_field", "/presets/card"),
        (b'{"presets":{"card~1":"x"}}', "lock.value", "/presets"),
        (
            b'{"presets":{"card~1":"' + b"0" * 64 + b'","card~1":null}}',
            "lock.repeated_field",
            "/presets",
        ),
    ],
)
def test_a_bad_lock_is_refused(file: bytes, code: str, field: str) -> None:
    with pytest.raises(DesignError) as refused:
        parse_lock(file)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_digest_does_not_hang_on_the_name() -> None:
    one, other = presets_of(CARD, CARD | {"name": "other", "version": 7}).values()
    assert preset_digest(one) == preset_digest(other)
