"""Anything that a client may send, from plain text to almost right."""

from __future__ import annotations

from hypothesis import strategies as st

from cache_keys import Transform, policy

NOW = 1_767_225_600
ASSET = "a" * 51 + "q"
hashes = st.builds(
    str.__add__,
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=51, max_size=51),
    st.sampled_from("aq"),
)
names = st.from_regex(policy.NAME, fullmatch=True)
tenants = st.from_regex(policy.TENANT, fullmatch=True)
versions = st.integers(1, 9999)
units = st.integers(0, policy.UNIT)
rungs = st.sampled_from(policy.LADDER)


@st.composite
def crops(draw: st.DrawFn) -> tuple[int, int, int, int]:
    w, h = draw(st.integers(1, policy.UNIT)), draw(st.integers(1, policy.UNIT))
    return draw(st.integers(0, policy.UNIT - w)), draw(st.integers(0, policy.UNIT - h)), w, h


presets = st.tuples(names.filter(lambda name: name != policy.EDGE_PRESET), versions)
proofs = st.tuples(names, versions, st.booleans())
gravities = st.sampled_from((*policy.COMPASS, *policy.FOUND_POINTS)) | st.tuples(units, units)


@st.composite
def transforms(draw: st.DrawFn) -> Transform:
    """Any value that a canonical path can have."""
    preset = draw(st.none() | presets)
    design = draw(st.none() | hashes)
    w, h = draw(
        st.tuples(rungs, st.none() | st.integers(1, policy.TOP))
        | st.tuples(st.none(), rungs if preset is None else st.none() | rungs)
    )
    has_box = w is not None and h is not None
    fits = st.none() | st.sampled_from(policy.FITS)
    fit = draw(fits if preset else fits.filter(lambda name: name != "inside"))
    fit = fit if preset or has_box else None
    g = draw(st.none() | gravities)
    crop = draw(st.none() | crops())
    turn = draw(st.sampled_from((None, 90, 180, 270)))
    flip = draw(st.sampled_from((None, "h", "v", "hv") if preset else (None, "h")))
    if preset is None and (g == "c" or fit not in {"cover", "contain"}):
        g = None
    if preset is None and crop == (0, 0, policy.UNIT, policy.UNIT):
        crop = None
    if design is not None:
        crop = turn = flip = g = None
    return Transform(
        ext=draw(st.sampled_from(policy.EXTS)),
        preset=preset,
        design=design,
        proof=draw(st.none() | proofs),
        crop=crop,
        turn=turn,
        flip=flip,
        w=w,
        h=h,
        fit=fit,
        g=g,
        bg=draw(st.none() | st.from_regex("[0-9a-f]{6}", fullmatch=True)),
        q=draw(st.none() | st.sampled_from(range(30, 96, 5))),
    )


def _joined(numbers: tuple[int, ...]) -> str:
    return "_".join(map(str, numbers))


sides = st.integers(1, policy.TOP).map(str)
op_values = {name: st.from_regex(pattern, fullmatch=True) for name, pattern in policy.OPS.items()}
op_values |= {"w": sides, "h": sides, "c": crops().map(_joined)}
op_values["g"] = st.sampled_from((*policy.COMPASS, *policy.FOUND_POINTS)) | st.tuples(
    units, units
).map(_joined)


@st.composite
def leaves(draw: st.DrawFn) -> str:
    """A leaf in any order that is mostly allowed: sized, and a design without geometry."""
    names = draw(st.lists(st.sampled_from(list(policy.OPS)), max_size=7, unique=True))
    if not {"t", "w", "h"} & set(names):
        names.append("w")
    if "d" in names:
        names = [name for name in names if name not in {"c", "r", "fl", "g"}]
    ops = ",".join(f"{name}_{draw(op_values[name])}" for name in names)
    return f"{ops}.{draw(st.sampled_from((*policy.EXTS, policy.AUTO)))}"


almost_leaves = (
    leaves() | st.text("abcdefghqrtw0123456789_.,~-/", max_size=60) | st.text(max_size=40)
)
