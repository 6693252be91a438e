"""Say in words what each step of the URL rules makes of one URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cache_keys import (
    Asked,
    Gate,
    Lane,
    Refusal,
    Target,
    ask,
    authorize,
    policy,
    read_target,
    tags_of,
)
from cache_keys.accept import named_formats
from cache_keys.canonical import canonical_box
from cache_keys.leaf import Ops, read_leaf
from cache_keys.request import read_claim

LANES = {
    Lane.EDGE: "edge: may be made at the CDN from the edge master",
    Lane.ORIGIN: "origin: only the origin makes it",
    Lane.PRINT: "print: never cached",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a URL is judged with: Accept lines, engine for the tags, keys, Unix time."""

    accept: Sequence[bytes]
    engine: str
    gate: Gate
    now: int


def explain_url(target: bytes, around: Circumstances) -> Iterator[str]:
    """Yield one line per step; a step that refuses is the last of its kind, never an exception."""
    yield _line("1-2 request", "method, body and host are judged by a server, not here")
    try:
        place = read_target(target)
    except Refusal as refused:
        yield _line("3 shape", _no(refused))
        return
    yield _line("3 shape", f"tenant {place.tenant}, asset {place.asset}, leaf {place.leaf}")
    yield _line("4-5 signature", _signature(place, around))
    if place.leaf == policy.INFO:
        yield _line("6-9 ops", "info.json has none and is its own canonical path")
    else:
        yield from _ops(place)
    try:
        asked = ask(place, around.accept)
    except Refusal as refused:
        yield _line("6-10 picture", _no(refused))
        return
    yield from _answer(place, asked, around)


def _answer(place: Target, asked: Asked, around: Circumstances) -> Iterator[str]:
    if asked.transform is not None:
        yield _line("8 spelling", _spelling(place, asked))
        yield _line("9 format", _format(asked, around.accept))
    yield _line("10 canonical", asked.canonical_path)
    yield _line("lane", LANES[asked.lane])
    yield _line("tags", " ".join(tags_of(asked.canonical_path, around.engine)))


def _line(step: str, words: str) -> str:
    return f"{step:<14} {words}"


def _no(refused: Refusal) -> str:
    where = f" ({refused.field})" if refused.field else ""
    return f"refused: {refused.status} {refused.code}{where}: {refused.public}"


def _signature(place: Target, around: Circumstances) -> str:
    try:
        claim = authorize(place, around.gate, around.now)
    except Refusal as refused:
        return f"{_no(refused)}{_claimed(place)}"
    if claim is None:
        return f"not signed, and {place.tenant} is a public tenant"
    what = "every op of this asset" if claim.scope else "this path only"
    left_s = int(claim.exp) - around.now
    return f"good: key {claim.kid}, for {what}, until {_time(claim.exp)} ({left_s} s from now)"


def _claimed(place: Target) -> str:
    try:
        claim = read_claim(place.query)
    except Refusal:
        return ""
    return f" It says key {claim.kid}, until {_time(claim.exp)}." if claim else ""


def _time(exp: str) -> str:
    return datetime.fromtimestamp(int(exp), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _ops(place: Target) -> Iterator[str]:
    try:
        ops, ext = read_leaf(place.leaf)
        yield _line("6 ops", " ".join([*(_op(name, ops[name]) for name in ops), f"ext={ext}"]))
        yield _line("7 size", _size(ops, canonical_box(ops)))
    except Refusal:
        return  # the answer says so, in the words of the first failure


def _op(name: str, value: object) -> str:
    text = "_".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"{name}={text}"


def _size(ops: Ops, box: tuple[int | None, int | None]) -> str:
    if box == (None, None):
        return "none in the URL: the preset's"
    dpr = ops.get("dpr", 1)
    asked = [ops[name] * dpr if name in ops else None for name in ("w", "h")]
    same = "as asked, on the ladder" if asked == list(box) else "the ladder's for what was asked"
    return f"{_box(*asked)} px asked, {_box(*box)} px made: {same}"


def _box(w: int | None, h: int | None) -> str:
    return f"{w or 'any'} x {h or 'any'}"


def _spelling(place: Target, asked: Asked) -> str:
    written = place.leaf.rpartition(".")[0].split(",")
    kept = asked.leaf.rpartition(".")[0].split(",")
    gone = [op for op in written if op not in kept]
    new = [op for op in kept if op not in written]
    if not gone and not new:
        return "canonical already" if written == kept else "the same ops in another order"
    return f"{' '.join(gone) or 'nothing'} becomes {' '.join(new) or 'nothing'}"


def _format(asked: Asked, accept: Sequence[bytes]) -> str:
    assert asked.transform is not None, "info.json has no format"
    if not asked.negotiated:
        return f"{asked.transform.ext}, as the URL says"
    line = b",".join(accept)
    if len(line) > policy.ACCEPT_BYTES_MAX:
        return f"{asked.transform.ext}: an Accept header this long counts as absent"
    names = [
        name
        for name, is_named in zip(("avif", "webp"), named_formats(line), strict=True)
        if is_named
    ]
    reason = f"Accept names {' and '.join(names) or 'neither avif nor webp'}"
    sides = [side for side in (asked.transform.w, asked.transform.h) if side is not None]
    if "avif" in names and max(sides, default=0) > policy.AUTO_AVIF_SIDE:
        reason += f", but avif is not chosen above {policy.AUTO_AVIF_SIDE} px"
    return f"{asked.transform.ext}: {reason}"
