"""How providers turn batches into requests and a vendor's words into ours."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purge.providers.dry_run import DryRun
from purge.providers.varnish import Verb, packed, verbs_of
from purge.providers.words import CHARACTERS_MAX, told, wait_s, whole
from purge.values import Batch, Kind, Limits, Mode

ASSET = "a" * 51 + "q"
PATH = f"/v1/acme/{ASSET}/w_320.jpg"


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (Batch(Kind.TAG, Mode.HARD, ("a-x", "all")), [Verb("PURGE", "/", "a-x all")]),
        (Batch(Kind.TAG, Mode.SOFT, ("a-x",)), [Verb("SOFTPURGE", "/", "a-x")]),
        (Batch(Kind.URL, Mode.HARD, (PATH,)), [Verb("PURGE", PATH)]),
        (Batch(Kind.URL, Mode.SOFT, (PATH,)), [Verb("SOFTPURGE", PATH)]),
        (Batch(Kind.PREFIX, Mode.HARD, ("/v1/acme/",)), [Verb("BAN", "/v1/acme/")]),
        (
            Batch(Kind.PREFIX, Mode.SOFT, (f"/v1/acme/{ASSET}/", f"/v1/acme/{ASSET}/w_")),
            [Verb("SOFTPURGE", "/", f"a-{ASSET}")],
        ),
        (Batch(Kind.PREFIX, Mode.SOFT, ("/v1/acme/",)), [Verb("SOFTPURGE", "/", "n-acme")]),
        (Batch(Kind.PREFIX, Mode.SOFT, ("/v1/acme/aa",)), [Verb("SOFTPURGE", "/", "n-acme")]),
        (Batch(Kind.PREFIX, Mode.SOFT, ("/v1/ac",)), [Verb("SOFTPURGE", "/", "all")]),
        (Batch(Kind.PREFIX, Mode.SOFT, ("/v1/",)), [Verb("SOFTPURGE", "/", "all")]),
        (Batch(Kind.ALL, Mode.HARD, ("",)), [Verb("PURGE", "/", "all")]),
    ],
)
def test_varnish_is_told_by_its_verbs(batch: Batch, expected: list[Verb]) -> None:
    assert verbs_of(batch, 8_000) == expected


@given(st.lists(st.from_regex(r"[a-z0-9:._~-]{1,64}", fullmatch=True)), st.integers(0, 300))
def test_headers_hold_each_tag_once_in_order_within_the_limit(tags: list[str], limit: int) -> None:
    lines = packed(tags, limit)
    assert " ".join(lines).split() == tags
    for line in lines:
        assert not limit or len(line) <= limit or " " not in line
    for first, second in pairwise(lines):
        assert len(first) + 1 + len(second.split()[0]) > limit > 0


@pytest.mark.parametrize(
    ("text", "now_s", "seconds"),
    [
        ("7", None, 7.0),
        ("1800000030", 1_800_000_000.0, 30.0),
        ("1700000000", 1_800_000_000.0, 0.0),
        ("-3", None, 0.0),
        ("99999999", None, 3_600.0),
        (None, None, 5.0),
        ("", None, 5.0),
        ("nan", None, 5.0),
        ("inf", None, 3_600.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None, 5.0),
    ],
)
def test_the_seconds_to_wait_are_always_within_reason(
    text: str | None, now_s: float | None, seconds: float
) -> None:
    assert wait_s(text, now_s=now_s) == seconds


def test_a_vendors_words_are_one_short_line_without_the_secret() -> None:
    line = told("a token\n s3cret,\tagain s3cret " + "x" * 500, "s3cret")
    assert line.startswith("a token [secret], again [secret] xxx")
    assert len(line) == CHARACTERS_MAX + 1


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("-1", None), ("1.5", None), (None, None)]
)
def test_a_headers_number_is_whole_or_none(text: str | None, number: int | None) -> None:
    assert whole(text) == number


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_dry_run_says_what_it_would_have_done() -> None:
    lines: list[str] = []
    limits = Limits({Kind.TAG: 10, Kind.ALL: 1}, 1.0, 1)
    provider = DryRun("nobody", limits, depth=1, show=lines.append)
    await provider.send(Batch(Kind.TAG, Mode.SOFT, ("a-x", "a-y")))
    await provider.send(Batch(Kind.ALL, Mode.HARD, ("",)))
    assert lines == [
        "nobody would soft purge 2 tag: a-x a-y",
        "nobody would hard purge 1 all: everything",
    ]
    assert [batch.kind for batch in provider.batches] == [Kind.TAG, Kind.ALL]
