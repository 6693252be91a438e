"""Batches cover what was selected exactly once, within every limit, and are few."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from purge.batch import batches
from purge.values import Kind, Limits, Mode

TEXTS = st.lists(st.text("abcdefgh.-~:", min_size=1, max_size=64), max_size=60)
LIMITS = st.builds(
    lambda count, size: Limits({Kind.TAG: count}, 1.0, 1, size),
    st.integers(1, 20),
    st.just(0) | st.integers(64, 400),
)


@given(TEXTS, LIMITS)
def test_batches_cover_the_selection_exactly_once(texts: list[str], limits: Limits) -> None:
    cut = list(batches(Kind.TAG, Mode.HARD, texts, limits))
    assert [text for batch in cut for text in batch.texts] == list(dict.fromkeys(texts))
    assert all((batch.kind, batch.mode) == (Kind.TAG, Mode.HARD) for batch in cut)


@given(TEXTS, LIMITS)
def test_no_batch_is_empty_or_passes_a_limit(texts: list[str], limits: Limits) -> None:
    for batch in batches(Kind.TAG, Mode.SOFT, texts, limits):
        assert 1 <= len(batch.texts) <= limits.per_batch[Kind.TAG]
        assert not limits.header_bytes_max or len(" ".join(batch.texts)) <= limits.header_bytes_max


@given(TEXTS, LIMITS)
def test_a_batch_ends_only_where_the_next_text_would_not_fit(
    texts: list[str], limits: Limits
) -> None:
    cut = list(batches(Kind.TAG, Mode.SOFT, texts, limits))
    for batch, following in pairwise(cut):
        joined = " ".join((*batch.texts, following.texts[0]))
        is_long = limits.header_bytes_max and len(joined) > limits.header_bytes_max
        assert is_long or len(batch.texts) == limits.per_batch[Kind.TAG]


@given(TEXTS, st.integers(1, 20))
def test_without_a_limit_of_bytes_there_are_as_few_batches_as_can_be(
    texts: list[str], count: int
) -> None:
    limits = Limits({Kind.TAG: count}, 1.0, 1)
    assert len(list(batches(Kind.TAG, Mode.SOFT, texts, limits))) == ceil(len(set(texts)) / count)
