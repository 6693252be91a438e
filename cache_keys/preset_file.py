"""A tenant's presets file (JSON or TOML): its presets, or what is wrong and where."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from cache_keys import policy
from cache_keys.design_schema import COLOUR, FONTS, WANTED_COLOUR
from cache_keys.design_text import read_text
from cache_keys.document import Node, parse_json
from cache_keys.errors import GrammarError
from cache_keys.leaf import Ops, read_ops
from cache_keys.presets import TILE, Preset, Watermark
from cache_keys.transform import Transform

FILE_BYTES_MAX = 1_048_576  # some thousand presets
PRESETS_MAX = 1_000
VERSION_MAX = 9_999
WATERMARK_CHARACTERS_MAX = 60
TILE_TURN_DEG = -30  # rising: what people know from proofs
NOT_IN_PRESETS = ("t", "d", "pf", "dpr")
#: What ``.auto`` may become (cache_keys.accept).
AUTO_EXTS = ("avif", "webp", "jpg")
NAME = re.compile(policy.NAME)

Presets = Mapping[tuple[str, int], Preset]


def parse_presets(body: bytes, suffix: str) -> Presets:
    """Return the presets of one file by (name, version). suffix: ".json" or ".toml".

    Raises DesignError 422 ``preset.*`` with a JSON pointer into the file (TOML counts alike).
    """
    fields = _root(body, suffix).fields(("presets",))
    presets: dict[tuple[str, int], Preset] = {}
    for node in fields.need("presets").items(0, PRESETS_MAX):
        preset = _preset(node)
        if (preset.name, preset.version) in presets:
            node.refuse("repeated", f"{preset.name}~{preset.version} is in the file twice.")
        presets[preset.name, preset.version] = preset
    return presets


def _root(body: bytes, suffix: str) -> Node:
    if suffix == ".json":
        return parse_json(body, "preset", FILE_BYTES_MAX)
    root = Node("preset", "", None)
    if len(body) > FILE_BYTES_MAX:
        root.refuse("too_large", f"The document is larger than {FILE_BYTES_MAX} bytes.")
    try:
        return Node("preset", "", tomllib.loads(body.decode("utf-8")))
    except RecursionError:
        root.refuse("depth", "The document is nested too deep.")
    except ValueError as error:
        root.refuse("toml", f"The document is not TOML in UTF-8: {error}.")


def _preset(node: Node) -> Preset:
    fields = node.fields(("name", "version", "ops", "watermark", "eager"))
    name_node = fields.need("name")
    name = name_node.match(NAME, "A name is 1 to 20 of a-z, 0-9 and -, first no -.")
    if name == policy.EDGE_PRESET:
        name_node.refuse("value", "The name edge is taken by the edge master.")
    return Preset(
        name=name,
        version=fields.need("version").integer(1, VERSION_MAX),
        ops=_transform(fields.get("ops")),
        watermark=_watermark(fields.get("watermark")),
        eager=_eager(fields.get("eager")),
    )


def _transform(node: Node | None) -> Transform:
    """Read ops as GRAMMAR step 6 does; the box stays as written, nothing is snapped."""
    ops = _ops(node) if node is not None and node.text() else {}
    return Transform(
        ext="",
        crop=ops.get("c"),
        turn=ops.get("r"),
        flip=ops.get("fl"),
        w=ops.get("w"),
        h=ops.get("h"),
        fit=ops.get("fit"),
        g=ops.get("g"),
        bg=ops.get("bg"),
        q=ops.get("q"),
    )


def _ops(node: Node) -> Ops:
    try:
        ops = read_ops(node.text())
    except GrammarError as error:
        node.refuse("ops", f"{error.public} ({error.code}, {error.field})")
    for name in NOT_IN_PRESETS:
        if name in ops:
            node.refuse("ops", f"A preset has no {name}.")
    return ops


def _watermark(node: Node | None) -> Watermark | None:
    if node is None:
        return None
    names = ("text", "font", "colour", "opacity", "size", "place", "turn_deg")
    fields = node.fields(names)
    text_node = fields.need("text")
    text = read_text(text_node, WATERMARK_CHARACTERS_MAX, 1)
    if not text:
        text_node.refuse("value", "A watermark needs a text.")
    place = fields.one_of("place", (TILE, *policy.COMPASS), TILE)
    return Watermark(
        text=text,
        font=fields.one_of("font", FONTS, "noto-sans-bold"),
        colour=fields.match("colour", COLOUR, WANTED_COLOUR, "ffffff"),
        opacity=fields.integer("opacity", 1, 1_000, 350),
        size=fields.integer("size", 10, 500, 60),
        place=place,
        turn_deg=fields.integer("turn_deg", -90, 90, TILE_TURN_DEG if place == TILE else 0),
    )


def _eager(node: Node | None) -> tuple[str, ...]:
    """Read a list of formats, or true: those that ``.auto`` may become."""
    if node is None or node.value is False:
        return ()
    if node.value is True:
        return AUTO_EXTS
    wanted = {part.one_of(policy.EXTS) for part in node.items(0, len(policy.EXTS))}
    return tuple(ext for ext in policy.EXTS if ext in wanted)
