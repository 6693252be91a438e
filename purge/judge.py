"""What an edge's answer proves about a purge: gone, still there, or nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Fields that are kept as evidence; no other says anything about a purge.
EVIDENCE = ("edgeproof-generation", "age", "cache-status", "etag", "date", "location")
GENERATION = "edgeproof-generation"
#: The code of the origin's 410 for an erased photo; an expired signature is a 410 too.
ERASED = "asset.erased"
DESIGN_UNKNOWN = "design.unknown"
OK, MISSING, GONE = 200, 404, 410
#: Ages are whole seconds: what came into a cache this near to the purge may be of before or after.
AGE_SLACK_S = 1.0
#: What the origin lets edges keep a picture for: with the ttl of a hit (RFC 9211) it tells the age.
LIFETIME_S = 31_536_000
_HIT = re.compile(r";\s*hit\s*(?:;|$)")
_TTL = re.compile(r";\s*ttl=(-?[0-9]{1,12})\b")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Verdict(StrEnum):
    """What is known about one URL at one edge."""

    GONE = "gone"
    STILL_THERE = "still_there"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """One URL of what was purged.

    path: canonical, unsigned. generation: the purge's; an answer below it is old. None where
    a purge has none (an engine): then an answer's age or ETag tells. etag: that of what was purged,
    if it is known. is_erased: nothing but 410 is right.
    """

    path: str
    generation: int | None = None
    etag: str | None = None
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer of an edge. headers: of EVIDENCE. code: a problem document's, else empty."""

    at_s: float
    status: int
    headers: Mapping[str, str]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why, in words for people."""

    verdict: Verdict
    reason: str


def judge(probe: Probe, seen: Seen, accepted_at_s: float, *, is_origin: bool = False) -> Judgement:
    """Judge one answer. accepted_at_s: Unix time of the last acceptance, for ages.

    Edges of ours say Cache-Status, so an answer without it is of none and proves nothing; only the
    origin itself, asked on purpose, has none.
    """
    if seen.status == GONE and seen.code == ERASED:
        judgement = Judgement(Verdict.GONE, "410, erased")
    elif probe.is_erased and _is_without_design(probe, seen):
        judgement = Judgement(Verdict.GONE, "404, its design was erased")
    elif seen.status != OK:
        judgement = Judgement(Verdict.UNKNOWN, _why_not(seen))
    elif probe.is_erased:
        judgement = Judgement(Verdict.STILL_THERE, "200: the photo is served")
    else:
        judgement = _judge_picture(probe, seen, accepted_at_s)
    if judgement.verdict is Verdict.GONE and not is_origin and "cache-status" not in seen.headers:
        return Judgement(Verdict.UNKNOWN, f"{seen.status} without Cache-Status: no edge of ours")
    return judgement


def _is_without_design(probe: Probe, seen: Seen) -> bool:
    """Say whether a design's picture is gone with its design: an erased photo would be a 410."""
    ops = probe.path.rpartition("/")[2].split(",")
    has_design = any(op.startswith("d_") for op in ops)
    return has_design and seen.status == MISSING and seen.code == DESIGN_UNKNOWN


def is_hit(cache_status: str) -> bool:
    """Say whether any cache on the way answered from what it keeps (RFC 9211)."""
    return bool(_hits(cache_status))


def _hits(cache_status: str) -> list[str]:
    members = _QUOTED.sub('""', cache_status).split(",")
    return [member for member in members if _HIT.search(member)]


def _age_s(seen: Seen) -> int | None:
    """Return for how long the answer has been in caches, or None when nothing says so."""
    age = seen.headers.get("age", "")
    if re.fullmatch("[0-9]{1,12}", age):
        return int(age)
    ttl = _TTL.search((_hits(seen.headers.get("cache-status", "")) or [""])[-1])
    return None if ttl is None else max(0, LIFETIME_S - int(ttl[1]))


def _judge_picture(probe: Probe, seen: Seen, accepted_at_s: float) -> Judgement:
    text = seen.headers.get(GENERATION, "")
    if not re.fullmatch("[0-9]{1,18}", text):
        return Judgement(
            Verdict.UNKNOWN, "200 without Edgeproof-Generation: not our edge, or it takes it off"
        )
    if probe.generation is None:
        return _judge_age(probe, seen, accepted_at_s)
    if int(text) < probe.generation:
        return Judgement(Verdict.STILL_THERE, f"generation {text}, below {probe.generation}")
    return Judgement(Verdict.GONE, f"generation {text}")


def _judge_age(probe: Probe, seen: Seen, accepted_at_s: float) -> Judgement:
    if probe.etag is not None and seen.headers.get("etag") not in {None, probe.etag}:
        return Judgement(Verdict.GONE, "another ETag than what was purged")
    status = seen.headers.get("cache-status", "")
    age_s = _age_s(seen)
    if not is_hit(status) and not age_s:  # an inner cache may say no more than Age
        return Judgement(Verdict.GONE, f"not from a cache: {status}")
    if age_s is None:
        return Judgement(Verdict.UNKNOWN, "from a cache, and nothing says since when")
    since_purge_s = seen.at_s - age_s - accepted_at_s
    if since_purge_s >= AGE_SLACK_S:
        return Judgement(Verdict.GONE, f"in the cache for {age_s} s, since after the purge")
    if since_purge_s < -AGE_SLACK_S:
        return Judgement(Verdict.STILL_THERE, f"in the cache for {age_s} s, since before the purge")
    return Judgement(Verdict.UNKNOWN, "came into the cache as the purge did: too near to tell")


def _why_not(seen: Seen) -> str:
    shown = f"{seen.status} {seen.code}".strip()
    if seen.code == "sig.expired" or seen.status in {401, 403}:
        return f"{shown}: the edge does not take our signature (key ring, clock)"
    if 300 <= seen.status < 400:
        return f"{shown}: a redirect to {seen.headers.get('location', 'nowhere')}"
    if seen.status == 421:
        return f"{shown}: the edge does not answer for this host"
    return f"{shown}: neither the picture nor its end"
