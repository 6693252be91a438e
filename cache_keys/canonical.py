"""Steps 7, 8 and 10: one spelling for every size and orientation, and the text of a Transform."""

from __future__ import annotations

from bisect import bisect_left

from cache_keys import policy
from cache_keys.errors import refusal
from cache_keys.leaf import Ops
from cache_keys.transform import Transform

_FULL_CROP = (0, 0, policy.UNIT, policy.UNIT)
_PLACED = ("cover", "contain")


def snap(side_px: int) -> int:
    """Return the smallest rung of the ladder not below a side, or not below TOP."""
    return policy.LADDER[_rung(side_px)]


def _rung(side_px: int) -> int:
    return bisect_left(policy.LADDER, min(side_px, policy.TOP))


def snap_box(width_px: int, height_px: int) -> tuple[int, int]:
    """Return the box on the ladder that has the asked aspect, halves rounded up.

    Raises GrammarError 400 "key.aspect" when even the narrowest rung is higher than TOP.
    """
    for rung in range(_rung(width_px), -1, -1):
        w = policy.LADDER[rung]
        h = (2 * height_px * w + width_px) // (2 * width_px)
        if h <= policy.TOP:
            return w, h
    raise refusal("key.aspect", "h")


def canonical_box(ops: Ops) -> tuple[int | None, int | None]:
    """Return step 7's w and h in px; raises GrammarError 400 "key.aspect"."""
    dpr = ops.get("dpr", 1)
    w, h = ops.get("w"), ops.get("h")
    if w is None:
        return None, None if h is None else snap(h * dpr)
    return (snap(w * dpr), None) if h is None else snap_box(w * dpr, h * dpr)


def canonical_transform(ops: Ops, box: tuple[int | None, int | None], ext: str) -> Transform:
    """Return what the ops of a leaf mean (step 8). box: of canonical_box(); ext: not auto."""
    w, h = box
    turn, flip = ops.get("r"), ops.get("fl")
    crop, fit, g = ops.get("c"), ops.get("fit"), ops.get("g")
    if "t" not in ops:
        turn, flip = one_spelling(turn or 0, flip)
        if crop == _FULL_CROP:
            crop = None
        if fit == "inside" or w is None or h is None:
            fit = None
        if g == "c" or fit not in _PLACED:
            g = None
    return Transform(
        ext,
        ops.get("t"),
        ops.get("d"),
        ops.get("pf"),
        crop,
        turn,
        flip,
        w,
        h,
        fit,
        g,
        ops.get("bg"),
        ops.get("q"),
    )


def one_spelling(turn: int, flip: str | None) -> tuple[int | None, str | None]:
    """Return an orientation as a turn of 90, 180, 270 or None, then ``h`` or None."""
    if flip in {"v", "hv"}:
        turn = (turn + 180) % 360
        flip = "h" if flip == "v" else None
    return turn or None, flip


def leaf_text(transform: Transform) -> str:
    """Write a Transform as the last segment of a canonical path: ``ops.ext``."""
    ops = ",".join(
        [
            f"{name}_{value if value.__class__ is not tuple else _joined(name, value)}"
            for name, value in zip(policy.ORDER, _values(transform), strict=True)
            if value is not None
        ]
    )
    return f"{ops}.{transform.ext}"


def _values(transform: Transform) -> tuple[object, ...]:
    """Return the values of a Transform in the order of policy.ORDER."""
    return (
        transform.preset,
        transform.design,
        transform.proof,
        transform.crop,
        transform.turn,
        transform.flip,
        transform.w,
        transform.h,
        transform.fit,
        transform.g,
        transform.bg,
        transform.q,
    )


def _joined(name: str, value: tuple[object, ...]) -> str:
    if name == "pf":
        product, version, with_paper = value
        return f"{product}~{version}~paper" if with_paper else f"{product}~{version}"
    return ("~" if name == "t" else "_").join(map(str, value))
