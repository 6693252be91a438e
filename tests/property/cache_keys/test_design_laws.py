"""Laws of designs: order-free, stable, one id for one meaning, another for every other pixel."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from cache_keys import DesignError
from cache_keys.design import CanonicalDesign, read_design
from cache_keys.design_schema import ALIGNS, FINISHES, FONTS, LENGTHS_UM, STYLES

ASSETS = st.sampled_from(["a" * 52, "b" * 51 + "q", "z2" * 25 + "7a"])
COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"{n:06x}")
Json = dict[str, Any]


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Any of the fields, in any order, some of them null."""
    optional = {name: st.none() | values for name, values in fields.items()}
    return st.fixed_dictionaries({}, optional=optional).flatmap(
        lambda found: st.permutations(list(found.items())).map(dict)
    )


@st.composite
def crops(draw: st.DrawFn) -> list[int]:
    x, y = draw(st.integers(0, 99_999)), draw(st.integers(0, 99_999))
    return [x, y, draw(st.integers(1, 100_000 - x)), draw(st.integers(1, 100_000 - y))]


PARTS = st.integers(-1_000, 1_000)
FILTERS = some(
    grey=st.integers(0, 1_000),
    sepia=st.integers(0, 1_000),
    brightness=PARTS,
    contrast=PARTS,
    saturation=PARTS,
)
PHOTOS = st.builds(
    lambda asset, rest: {"asset": asset, **rest},
    ASSETS,
    some(
        crop=crops(),
        turn=st.sampled_from([0, 90, 180, 270]),
        tilt_mdeg=st.integers(-45_000, 45_000),
        flip=st.sampled_from(["h", "v", "hv"]),
        filters=FILTERS,
    ),
)


@st.composite
def frames(draw: st.DrawFn) -> Json:
    name = draw(st.sampled_from(list(STYLES)))
    lengths = {f"{n}_um": st.integers(LENGTHS_UM[n][0], 20_000) for n in STYLES[name].lengths_um}
    colours = dict.fromkeys(STYLES[name].colours, COLOURS)
    return {"style": name, **draw(some(**lengths, **colours))}


CAPTIONS = st.builds(
    lambda text, rest: {"text": text, **rest},
    st.text("aé\u0301 \nЖ&<\u200d", max_size=6),
    some(
        font=st.sampled_from(FONTS),
        size_um=st.integers(1_000, 9_000),
        colour=COLOURS,
        place=st.sampled_from(["top", "middle", "bottom"]),
        align=st.sampled_from(ALIGNS),
        margin_um=st.integers(0, 9_000),
    ),
)
SHEETS = st.lists(st.integers(100_000, 200_000), min_size=2, max_size=2)
DESIGNS = st.builds(
    lambda photo, sheet, rest: {"photos": [photo], "sheet_um": sheet, **rest},
    PHOTOS,
    SHEETS,
    some(
        frame=frames(),
        caption=CAPTIONS,
        locale=st.sampled_from(["de", "sr", "en", "pt-BR"]),
        finish=st.sampled_from(FINISHES),
    ),
)


def read(design: Json) -> CanonicalDesign:
    return read_design(json.dumps(design).encode())


def shuffled(value: Any, order: Any) -> Any:
    """The same document with every object's fields in another order."""
    if isinstance(value, dict):
        names = sorted(value)
        order.shuffle(names)
        return {name: shuffled(value[name], order) for name in names}
    return [shuffled(part, order) for part in value] if isinstance(value, list) else value


@given(DESIGNS, st.randoms(use_true_random=False))
def test_the_order_of_fields_never_matters(design: Json, order: Any) -> None:
    assert read(shuffled(design, order)) == read(design)


@given(DESIGNS)
def test_a_canonical_design_is_its_own_canonical_design(design: Json) -> None:
    once = read(design)
    again = read_design(once.canonical)
    assert (again.look, again.canonical) == (once.look, once.canonical)


@given(DESIGNS, DESIGNS)
def test_bytes_are_equal_exactly_when_looks_are(one: Json, other: Json) -> None:
    left, right = read(one), read(other)
    assert (left.canonical == right.canonical) == (left.look == right.look)


@given(DESIGNS, DESIGNS, st.data())
def test_one_field_taken_from_another_design_shows_in_the_bytes(
    one: Json, other: Json, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(["photos", "sheet_um", "frame", "caption", "locale"]))
    mixed = {**one, name: other.get(name)}
    left, right = read(one), read(mixed)
    is_same_look = left.look == right.look
    assert (left.canonical == right.canonical) == is_same_look


@given(DESIGNS, st.sampled_from(["grey", "sepia", "brightness", "contrast", "saturation"]))
def test_a_step_of_any_filter_is_another_design(design: Json, name: str) -> None:
    photo = design["photos"][0]
    filters = photo.get("filters") or {}
    value = filters.get(name) or 0
    step = {**filters, name: value - 1 if value > 0 else value + 1}
    stepped = {**design, "photos": [{**photo, "filters": step}]}
    assert read(stepped).canonical != read(design).canonical


@given(DESIGNS, st.integers(-45_000, 45_000))
def test_another_tilt_is_another_design(design: Json, tilt: int) -> None:
    photo = design["photos"][0]
    assume((photo.get("tilt_mdeg") or 0) != tilt)
    tilted = {**design, "photos": [{**photo, "tilt_mdeg": tilt}]}
    assert read(tilted).canonical != read(design).canonical


@given(DESIGNS)
def test_defaults_written_out_change_nothing(design: Json) -> None:
    photo = design["photos"][0]
    said = {"crop": [0, 0, 100_000, 100_000], "turn": 0, "tilt_mdeg": 0, "filters": {"grey": 0}}
    spelled = {**design, "photos": [{**said, **{n: v for n, v in photo.items() if v is not None}}]}
    assert read(spelled) == read(design)


def refusal_of(body: bytes) -> DesignError | None:
    try:
        read_design(body)
    except DesignError as refused:
        return refused
    return None


def accepted_or_refused(body: bytes) -> None:
    refused = refusal_of(body)
    if refused is None:
        design = read_design(body)
        assert read_design(design.canonical).look == design.look
        return
    assert refused.status == 422
    assert refused.code.startswith("design.")
    f"{refused} {refused.field}".encode()  # nothing of a lone surrogate is repeated


@given(st.binary(max_size=200))
@example(b"\xff")
@example(b'{"a":1' + b"0" * 5_000 + b"}")
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    accepted_or_refused(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts),
    max_leaves=8,
)


@given(DESIGNS, st.data())
def test_a_design_with_one_value_replaced_is_read_or_refused(
    design: Json, data: st.DataObject
) -> None:
    places = [design, design["photos"][0]]
    places += [part for part in (design.get("frame"), design.get("caption")) if part]
    place = data.draw(st.sampled_from(places))
    names = st.sampled_from(sorted(place)) | st.text(max_size=5)
    place[data.draw(names)] = data.draw(JSON)
    accepted_or_refused(json.dumps(design).encode("utf-8"))


@given(DESIGNS, st.data())
def test_a_design_with_bytes_damaged_is_read_or_refused(design: Json, data: st.DataObject) -> None:
    body = bytearray(json.dumps(design).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    accepted_or_refused(bytes(body))
