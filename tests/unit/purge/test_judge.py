"""What an answer proves, and above all what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purge.judge import Probe, Seen, Verdict, is_hit, judge

PATH = f"/v1/acme/{'a' * 52}/w_320.jpg"
PURGED_AT_S = 1_800_000_000.0
MISS = "edgeproof-varnish; fwd=miss; fwd-status=200; stored"
HIT = "edgeproof-varnish; hit; ttl=31535990"
OLD, NEW, ERASED = Probe(PATH, 5), Probe(PATH, 5), Probe(PATH, 5, is_erased=True)
ENGINE = Probe(PATH, None, etag='"old"')


def seen(status: int = 200, code: str = "", *, after_s: float = 20.0, **headers: str) -> Seen:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Seen(PURGED_AT_S + after_s, status, {"cache-status": MISS, **named}, code)


@pytest.mark.parametrize(
    ("probe", "answer", "verdict"),
    [
        (NEW, seen(edgeproof_generation="5"), Verdict.GONE),
        (NEW, seen(edgeproof_generation="6", cache_status=HIT), Verdict.GONE),
        (NEW, seen(edgeproof_generation="4"), Verdict.STILL_THERE),
        (NEW, seen(410, "asset.erased"), Verdict.GONE),
        (NEW, seen(), Verdict.UNKNOWN),
        (NEW, seen(edgeproof_generation="-1"), Verdict.UNKNOWN),
        (NEW, seen(edgeproof_generation="5, 4"), Verdict.UNKNOWN),
        (NEW, seen(404, "preset.unknown"), Verdict.UNKNOWN),
        (NEW, seen(410, "sig.expired"), Verdict.UNKNOWN),
        (NEW, seen(410), Verdict.UNKNOWN),
        (NEW, seen(403, "sig.forbidden"), Verdict.UNKNOWN),
        (NEW, seen(421, "http.host"), Verdict.UNKNOWN),
        (NEW, seen(302, location="https://login.example/"), Verdict.UNKNOWN),
        (NEW, seen(304, edgeproof_generation="9"), Verdict.UNKNOWN),
        (NEW, seen(206, edgeproof_generation="9"), Verdict.UNKNOWN),
        (NEW, seen(503), Verdict.UNKNOWN),
        (ERASED, seen(410, "asset.erased"), Verdict.GONE),
        (ERASED, seen(edgeproof_generation="9"), Verdict.STILL_THERE),
        (ERASED, seen(), Verdict.STILL_THERE),
        (ERASED, seen(404, "asset.unknown"), Verdict.UNKNOWN),
        (ERASED, seen(410, "sig.expired"), Verdict.UNKNOWN),
    ],
)
def test_an_answer_is_judged_by_its_generation_or_by_being_410_erased(
    probe: Probe, answer: Seen, verdict: Verdict
) -> None:
    assert judge(probe, answer, PURGED_AT_S).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (seen(edgeproof_generation="0", etag='"new"', cache_status=HIT), Verdict.GONE),
        (seen(edgeproof_generation="0", etag='"old"', cache_status=MISS), Verdict.GONE),
        (seen(edgeproof_generation="0", etag='"old"', cache_status=HIT), Verdict.GONE),
        (seen(edgeproof_generation="0", age="10", cache_status="x; hit"), Verdict.GONE),
        (seen(edgeproof_generation="0", age="22", cache_status="x; hit"), Verdict.STILL_THERE),
        (seen(edgeproof_generation="0", cache_status="x; hit; ttl=31535900"), Verdict.STILL_THERE),
        (seen(edgeproof_generation="0", cache_status="x; hit; ttl=-4"), Verdict.STILL_THERE),
        (seen(edgeproof_generation="0", age="20", cache_status="x; hit"), Verdict.UNKNOWN),
        (seen(edgeproof_generation="0", cache_status="x; hit"), Verdict.UNKNOWN),
        (seen(etag='"new"'), Verdict.UNKNOWN),
    ],
    ids=[
        "another ETag",
        "a miss",
        "a hit whose ttl says it is young",
        "a hit whose Age says it is young",
        "a hit older than the purge",
        "a hit whose ttl says it is older",
        "a stale hit",
        "a hit of the same second",
        "a hit of no known age",
        "no generation",
    ],
)
def test_where_a_purge_has_no_generation_the_etag_and_the_age_tell(
    answer: Seen, verdict: Verdict
) -> None:
    assert judge(ENGINE, answer, PURGED_AT_S).verdict is verdict


def test_an_answer_without_cache_status_is_of_no_edge_of_ours_so_it_proves_nothing() -> None:
    direct = Seen(PURGED_AT_S + 1, 200, {"edgeproof-generation": "9"})
    assert judge(NEW, direct, PURGED_AT_S).verdict is Verdict.UNKNOWN
    erased = Seen(PURGED_AT_S + 1, 410, {}, "asset.erased")
    assert judge(ERASED, erased, PURGED_AT_S).verdict is Verdict.UNKNOWN


def test_the_origin_itself_says_no_cache_status_and_is_believed_when_it_is_asked_on_purpose() -> (
    None
):
    direct = Seen(PURGED_AT_S + 1, 200, {"edgeproof-generation": "9"})
    assert judge(NEW, direct, PURGED_AT_S, is_origin=True).verdict is Verdict.GONE
    old = Seen(PURGED_AT_S + 1, 200, {"edgeproof-generation": "4"})
    assert judge(NEW, old, PURGED_AT_S, is_origin=True).verdict is Verdict.STILL_THERE


@pytest.mark.parametrize(
    ("leaf", "code", "is_erased", "verdict"),
    [
        (f"d_{'b' * 52},w_320.jpg", "design.unknown", True, Verdict.GONE),
        (f"t_card~1,d_{'b' * 52}.jpg", "design.unknown", True, Verdict.GONE),
        (f"d_{'b' * 52},w_320.jpg", "preset.unknown", True, Verdict.UNKNOWN),
        (f"d_{'b' * 52},w_320.jpg", "design.unknown", False, Verdict.UNKNOWN),
        ("w_320.jpg", "design.unknown", True, Verdict.UNKNOWN),
    ],
)
def test_a_design_that_went_alone_is_gone_when_its_picture_is_404_for_want_of_it(
    leaf: str,
    code: str,
    is_erased: bool,  # noqa: FBT001
    verdict: Verdict,
) -> None:
    probe = Probe(f"/v1/acme/{'a' * 52}/{leaf}", 5, is_erased=is_erased)
    assert judge(probe, seen(404, code), PURGED_AT_S).verdict is verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("edgeproof-varnish; hit; ttl=3", True),
        ("shield; hit, edge; fwd=miss", True),
        ("edge; fwd=miss; fwd-status=200; stored", False),
        ('edge; fwd=miss; detail="; hit"', False),
        ("hit", False),
        ("", False),
    ],
)
def test_a_hit_anywhere_on_the_way_is_a_hit(text: str, expected: bool) -> None:  # noqa: FBT001
    assert is_hit(text) is expected


@given(
    status=st.sampled_from([200, 204, 206, 301, 304, 400, 403, 404, 410, 421, 429, 500, 502, 503]),
    code=st.sampled_from(["", "asset.erased", "sig.expired", "asset.unknown"]),
    generation=st.one_of(st.none(), st.text(max_size=4), st.integers(0, 9).map(str)),
    floor=st.integers(0, 9),
)
def test_gone_is_only_said_of_a_new_generation_or_of_an_erased_photo(
    status: int, code: str, generation: str | None, floor: int
) -> None:
    headers = {} if generation is None else {"edgeproof-generation": generation}
    answer = Seen(PURGED_AT_S, status, {"cache-status": MISS, **headers}, code)
    verdict = judge(Probe(PATH, floor), answer, PURGED_AT_S).verdict
    is_new = status == 200 and generation is not None and generation in set("0123456789")
    is_new = is_new and int(generation or "0") >= floor
    assert (verdict is Verdict.GONE) == (is_new or (status, code) == (410, "asset.erased"))


def test_an_age_tells_of_a_cache_that_does_not_say_it_hit() -> None:
    accepted_at_s = 1_000.0
    seen = Seen(
        accepted_at_s + 60.0,
        200,
        {"edgeproof-generation": "1", "cache-status": "edge; fwd=miss", "age": "600"},
    )
    judgement = judge(Probe("/v1/acme/x/w_320.jpg"), seen, accepted_at_s)
    assert judgement.verdict is Verdict.STILL_THERE
