"""A second reading of the URL rules, written from the rules and not from the package.

Slow and plain on purpose: allowed values are enumerated, orientations are matrices, sizes are
fractions, and nothing is imported from cache_keys. Answers are texts: what the command line prints.
"""

from __future__ import annotations

import hashlib
import hmac
import string
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

LADDER = [64, 96, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560]
LOWER, DIGITS = string.ascii_lowercase, string.digits
COMPASS = ["c", "n", "e", "s", "w", "ne", "nw", "se", "sw", "smart", "face"]
ORDER = ["t", "d", "pf", "c", "r", "fl", "w", "h", "fit", "g", "bg", "q"]


class No(Exception):
    """The first failure: status and code."""


def only(text: str, letters: str, low: int, high: int) -> bool:
    return low <= len(text) <= high and all(letter in letters for letter in text)


def is_number(text: str, low: int, high: int) -> bool:
    return only(text, DIGITS, 1, 6) and str(int(text)) == text and low <= int(text) <= high


def is_tenant(text: str, longest: int = 32) -> bool:
    return only(text, LOWER + DIGITS + "-", 1, longest) and not text.startswith("-")


def is_hash(text: str) -> bool:
    return only(text, LOWER + "234567", 52, 52) and text[-1] in "aq"


def is_versioned(text: str) -> bool:
    name, _, version = text.partition("~")
    return is_tenant(name, 20) and is_number(version, 1, 9999)


def is_crop(text: str) -> bool:
    numbers = text.split("_")
    if len(numbers) != 4 or not all(is_number(n, 0, 100000) for n in numbers):
        return False
    x, y, w, h = (int(n) for n in numbers)
    return 0 < w <= 100000 - x and 0 < h <= 100000 - y


def is_gravity(text: str) -> bool:
    numbers = text.split("_")
    is_point = len(numbers) == 2 and all(is_number(n, 0, 100000) for n in numbers)
    return is_point or text in COMPASS


ALLOWED: dict[str, Callable[[str], bool]] = {
    "t": is_versioned,
    "d": is_hash,
    "pf": lambda text: is_versioned(text.removesuffix("~paper")),
    "c": is_crop,
    "r": ["90", "180", "270"].__contains__,
    "fl": ["h", "v", "hv"].__contains__,
    "w": lambda text: is_number(text, 1, 2560),
    "h": lambda text: is_number(text, 1, 2560),
    "fit": ["inside", "cover", "contain", "fill"].__contains__,
    "g": is_gravity,
    "bg": lambda text: only(text, DIGITS + "abcdef", 6, 6),
    "q": [str(q) for q in range(30, 100, 5)].__contains__,
    "dpr": ["1", "2", "3"].__contains__,
}


def shape(target: bytes) -> tuple[str, str, str, str, str]:
    """Step 3: path, tenant, asset, leaf, query."""
    text = target.decode("latin-1")
    path, _, query = text.partition("?")
    if len(text) > 2048 or not only(path, LOWER + DIGITS + "/_.,~-", 0, 1024):
        raise No("400 url.bytes")
    if not path.startswith("/v1/"):
        raise No("404 url.unknown")
    segments = path.split("/")[2:]
    if len(segments) != 3 or not segments[2]:
        raise No("400 url.shape")
    if not is_tenant(segments[0]) or not is_hash(segments[1]):
        raise No("400 url.shape")
    return path, segments[0], segments[1], segments[2], query


def leaf_ops(leaf: str) -> tuple[dict[str, str], str]:
    """Step 6."""
    stem, _, ext = leaf.rpartition(".")
    if ext not in ["avif", "webp", "jpg", "png", "auto"] or "." not in leaf:
        raise No("400 key.ext")
    parts = stem.split(",")
    pairs = [[*part.split("_", 1), ""][:2] for part in parts]
    if not all("_" in part for part in parts) or not {n for n, _ in pairs} <= {*ORDER, "dpr"}:
        raise No("400 key.op")
    is_crowded = len(parts) > 1 and any(n == "t" and v.startswith("edge~") for n, v in pairs)
    if is_crowded or not all(ALLOWED[n](v) for n, v in pairs):
        raise No("400 key.value")
    ops = dict((n, v) for n, v in pairs)  # noqa: C402 - pairs are lists
    if len(ops) < len(parts):
        raise No("400 key.repeated")
    if len(parts) > 12:
        raise No("400 key.many")
    if not {"t", "w", "h"} & set(ops):
        raise No("400 key.no_size")
    if "dpr" in ops and not {"w", "h"} & set(ops):
        raise No("400 key.dpr_without_size")
    if "d" in ops and {"c", "r", "fl", "g"} & set(ops):
        raise No("400 key.design_owns_geometry")
    return ops, ext


def half_up(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


def rung(side: int) -> int:
    return min(r for r in LADDER if r >= min(side, 2560))


def sizes(ops: dict[str, str]) -> dict[str, str]:
    """Step 7."""
    ops = dict(ops)
    dpr = int(ops.pop("dpr", "1"))
    if "w" in ops and "h" in ops:
        wide, high = int(ops["w"]) * dpr, int(ops["h"]) * dpr
        fitting = [
            r for r in LADDER if r <= rung(wide) and half_up(Fraction(high, wide) * r) <= 2560
        ]
        if not fitting:
            raise No("400 key.aspect")
        w = max(fitting)
        return ops | {"w": str(w), "h": str(half_up(Fraction(high, wide) * w))}
    return ops | {name: str(rung(int(ops[name]) * dpr)) for name in ("w", "h") if name in ops}


Matrix = tuple[int, int, int, int]


def product(a: Matrix, b: Matrix) -> Matrix:
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


def orientation(ops: dict[str, str]) -> Matrix:
    """What a turn and then a flip do to a point of the picture, y down."""
    matrix: Matrix = (1, 0, 0, 1)
    for _ in range(int(ops.get("r", "0")) // 90):
        matrix = product((0, -1, 1, 0), matrix)
    for letter in ops.get("fl", ""):
        matrix = product((-1, 0, 0, 1) if letter == "h" else (1, 0, 0, -1), matrix)
    return matrix


SPELLINGS = [
    {**turn, **flip}
    for turn in ({}, {"r": "90"}, {"r": "180"}, {"r": "270"})
    for flip in ({}, {"fl": "h"})
]


def left_out(ops: dict[str, str]) -> dict[str, str]:
    """Step 8."""
    if "t" in ops:
        return ops
    (spelling,) = [s for s in SPELLINGS if orientation(s) == orientation(ops)]
    ops = {n: v for n, v in ops.items() if n not in ("r", "fl")} | spelling
    if ops.get("c") == "0_0_100000_100000":
        del ops["c"]
    if ops.get("fit") == "inside" or not {"w", "h"} <= set(ops):
        ops.pop("fit", None)
    if ops.get("g") == "c" or ops.get("fit") not in ("cover", "contain"):
        ops.pop("g", None)
    return ops


def q_of(parameters: list[str]) -> Fraction | None:
    values = [p.partition("=")[2] for p in parameters if p.partition("=")[0] == "q"]
    if not values:
        return Fraction(1)
    whole, _, places = values[0].partition(".")
    if whole not in ("0", "1") or (places and not only(places, DIGITS, 1, 3)):
        return None
    q = Fraction(int(whole + places.ljust(3, "0")), 1000)
    return q if q <= 1 else None


def format_of(accept: list[bytes], ops: dict[str, str]) -> str:
    """Step 9."""
    text = b",".join(accept).decode("latin-1")
    if len(text) > 1024:
        return "jpg"
    text = "".join(
        letter.lower() if letter in string.ascii_uppercase else letter
        for letter in text
        if letter not in " \t"
    )
    said: dict[str, list[Fraction]] = {}
    for element in text.split(","):
        kind, *parameters = element.split(";")
        q = q_of(parameters)
        if q is not None:
            said.setdefault(kind, []).append(q)
    named = [
        name
        for name in ("avif", "webp")
        if any(said.get(f"image/{name}", [])) and 0 not in said[f"image/{name}"]
    ]
    if max(int(ops.get("w", "0")), int(ops.get("h", "0"))) > 1600 and "avif" in named:
        named.remove("avif")
    return [*named, "jpg"][0]


def canon(target: bytes, accept: list[bytes], *, is_edge: bool = False) -> str:
    """Steps 3 and 6 to 10: the canonical path, or ``!`` with the first failure."""
    try:
        path, tenant, asset, leaf, _ = shape(target)
        if leaf == "info.json":
            return path
        stem = canonical_leaf(leaf, accept, is_edge=is_edge)
        return edge_path(f"/v1/{tenant}/{asset}/{stem}", path, is_edge=is_edge)
    except No as no:
        return f"!{no}"


def canonical_leaf(leaf: str, accept: list[bytes], *, is_edge: bool) -> str:
    try:
        ops, ext = leaf_ops(leaf)
        for_edge = ops.get("t", "").startswith("edge~")
        ops = left_out(sizes(ops))
    except No as no:
        raise No("400 key.not_canonical" if is_edge else str(no)) from no
    if for_edge and not is_edge:
        raise No("404 preset.unknown")
    ext = format_of(accept, ops) if ext == "auto" else ext
    return ",".join(f"{name}_{ops[name]}" for name in ORDER if name in ops) + f".{ext}"


def edge_path(canonical: str, path: str, *, is_edge: bool) -> str:
    if is_edge and canonical != path:
        raise No("400 key.not_canonical")
    if "/t_edge~" in canonical and "/t_edge~1." not in canonical:
        raise No("404 preset.unknown")
    return canonical


def mac(key: str, *lines: str) -> str:
    return hmac.new(key.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def opens(entry: dict[str, Any], tenant: str, now: int) -> bool:
    if entry["tenants"] != "all" and tenant not in entry["tenants"]:
        return False
    if entry["retired"] is None:
        return True
    retired = datetime.strptime(entry["retired"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return now < retired.timestamp()


def verify(target: bytes, now: int, ring: dict[str, Any], public: list[str]) -> str:
    """Steps 3 to 5: ok, or the first failure."""
    try:
        path, tenant, asset, _, query = shape(target)
        said = claims_of(query)
        if said is None:
            return "ok" if tenant in public else "403 sig.missing"
        check(said, (path, tenant, asset), now, ring)
    except No as no:
        return str(no)
    return "ok"


def claims_of(query: str) -> dict[str, str] | None:
    """Step 4."""
    parts = [part.split("=", 1) for part in query.split("&")]
    claims = [(part[0], "".join(part[1:])) for part in parts]
    claims = [claim for claim in claims if claim[0] in ("exp", "kid", "sig", "scope")]
    if len(claims) > len({name for name, _ in claims}):
        raise No("400 sig.repeated")
    said = dict(claims)
    is_formed = (
        only(said.get("exp", ""), DIGITS, 10, 10)
        and said["exp"][0] != "0"
        and only(said.get("kid", ""), LOWER + DIGITS, 1, 16)
        and only(said.get("sig", ""), DIGITS + "abcdef", 64, 64)
        and said.get("scope", "asset") == "asset"
    )
    if claims and not is_formed:
        raise No("403 sig.form")
    return said if claims else None


def check(
    said: dict[str, str], place: tuple[str, str, str], now: int, ring: dict[str, Any]
) -> None:
    """Step 5. place: path, tenant, asset."""
    path, tenant, asset = place
    entry = ring.get(said["kid"])
    if entry is None or not opens(entry, tenant, now):
        raise No("403 sig.bad")
    key = mac(entry["master"], "edgeproof-tenant-key-1", tenant, said["kid"])
    scope, signed = ("asset", f"/v1/{tenant}/{asset}/") if "scope" in said else ("", path)
    if mac(key, "edgeproof-url-1", tenant, said["kid"], said["exp"], scope, signed) != said["sig"]:
        raise No("403 sig.bad")
    ahead = int(said["exp"]) - now
    if ahead < -30:
        raise No("410 sig.expired")
    if ahead > 8 * 86400 + 30:
        raise No("403 sig.far")


def proves(header: bytes, asked: tuple[str, str, str], secrets: dict[str, str], now: int) -> bool:
    """Say whether a proof holds. asked: method, host, path."""
    parts = header.decode("latin-1").split(";")
    if [part.split("=")[0] for part in parts] != ["t", "kid", "mac"]:
        return False
    t, kid, given = (part.partition("=")[2] for part in parts)
    if not only(t, DIGITS, 10, 10) or t.startswith("0") or kid not in secrets:
        return False
    method, host, path = asked
    expected = mac(secrets[kid], "edgeproof-edge-1", method, host.lower(), path, t)
    return expected == given and -60 <= now - int(t) <= 60
