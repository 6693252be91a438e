"""Step 6: read the leaf of a path, ops and ext, or say which rule it breaks first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cache_keys import policy
from cache_keys.errors import refusal

# Values by op name, as read: the border where text becomes values, so Any until Transform.
Ops = dict[str, Any]

_CROP = re.compile(policy.OPS["c"])
_HASH = re.compile(policy.HASH)
_POINT = re.compile(f"({policy.N})_({policy.N})")
_PRESET = re.compile(f"({policy.NAME})~({policy.VER})")
_PROOF = re.compile(f"({policy.NAME})~({policy.VER})(~paper)?")
_SIDE = re.compile(policy.SIDE)
_COLOUR = re.compile(policy.OPS["bg"])
_URL_EXTS = frozenset((*policy.EXTS, policy.AUTO))
_GEOMETRY = ("c", "r", "fl", "g")


def read_leaf(leaf: str) -> tuple[Ops, str]:
    """Return the ops of a leaf and its ext (``auto`` too).

    Raises GrammarError 400: the first of key.ext, key.op, key.value, key.repeated, key.many, then
    key.no_size, key.dpr_without_size, key.design_owns_geometry.
    """
    text, dot, ext = leaf.rpartition(".")
    if not dot or ext not in _URL_EXTS:
        raise refusal("key.ext", "ext")
    ops = read_ops(text)
    if "w" not in ops and "h" not in ops:
        if "t" not in ops:
            raise refusal("key.no_size")
        if "dpr" in ops:
            raise refusal("key.dpr_without_size", "dpr")
    if "d" in ops:
        for name in _GEOMETRY:
            if name in ops:
                raise refusal("key.design_owns_geometry", name)
    return ops, ext


def read_ops(text: str) -> Ops:
    """Return the values of ``name_value,name_value``.

    Raises GrammarError 400: the first of key.op, key.value, key.repeated, key.many.
    """
    ops: Ops = {}
    wrong = repeated = None
    parts = text.split(",")
    for part in parts:
        name, split, value = part.partition("_")
        read = _READERS.get(name)
        if read is None or not split:
            raise refusal("key.op", name[:20])
        read_value = read(value)
        if read_value is None:
            wrong = wrong or name
        if name in ops:
            repeated = repeated or name
        ops[name] = read_value
    if wrong or (len(parts) > 1 and "t" in ops and _has_edge_preset(parts)):
        raise refusal("key.value", wrong or "t")
    if repeated:
        raise refusal("key.repeated", repeated)
    if len(parts) > policy.OPS_MAX:
        raise refusal("key.many")
    return ops


def _has_edge_preset(parts: list[str]) -> bool:
    # Looked for in every part, not in the ops read: a repeated t must not hide it.
    return any(part.startswith(f"t_{policy.EDGE_PRESET}~") for part in parts)


def _preset(text: str) -> tuple[str, int] | None:
    match = _PRESET.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def _design(text: str) -> str | None:
    return text if _HASH.fullmatch(text) else None


def _proof(text: str) -> tuple[str, int, bool] | None:
    match = _PROOF.fullmatch(text)
    return (match[1], int(match[2]), match[3] is not None) if match else None


def _crop(text: str) -> tuple[int, int, int, int] | None:
    if not _CROP.fullmatch(text):
        return None
    x, y, w, h = map(int, text.split("_"))
    fits = w >= 1 and h >= 1 and x + w <= policy.UNIT and y + h <= policy.UNIT
    return (x, y, w, h) if fits else None


def _side(text: str) -> int | None:
    if not _SIDE.fullmatch(text):
        return None
    side = int(text)
    return side if side <= policy.TOP else None


def _gravity(text: str) -> str | tuple[int, int] | None:
    if text in _GRAVITIES:
        return text
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    x, y = int(match[1]), int(match[2])
    return (x, y) if x <= policy.UNIT and y <= policy.UNIT else None


def _colour(text: str) -> str | None:
    return text if _COLOUR.fullmatch(text) else None


def _same(words: str) -> Mapping[str, str]:
    return {word: word for word in words.split("|")}


_GRAVITIES = frozenset((*policy.COMPASS, *policy.FOUND_POINTS))
_QUALITIES = {str(q): q for q in range(30, 96, 5)}

_READERS: dict[str, Callable[[str], object]] = {
    "t": _preset,
    "d": _design,
    "pf": _proof,
    "c": _crop,
    "r": {"90": 90, "180": 180, "270": 270}.get,
    "fl": _same(policy.OPS["fl"]).get,
    "w": _side,
    "h": _side,
    "fit": _same(policy.OPS["fit"]).get,
    "g": _gravity,
    "bg": _colour,
    "q": _QUALITIES.get,
    "dpr": {"1": 1, "2": 2, "3": 3}.get,
}
