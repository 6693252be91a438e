"""Photos spoilt by known amounts: the checks that warn are right often enough to warn.

A part of the set runs in every test run; EDGEPROOF_PREFLIGHT_ALL=1 takes all of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from origin.printing.preflight.limits import PreflightLimits
from tests.images.preflight_report import BEGIN, PAGE, table
from tests.images.preflight_set import (
    MEASURES,
    PHOTOS,
    REPORTED_ON,
    TUNED_ON,
    Row,
    rows,
    scores,
)

IS_WHOLE = os.environ.get("EDGEPROOF_PREFLIGHT_ALL") == "1"
SOME = REPORTED_ON if IS_WHOLE else REPORTED_ON[::2]
WARN = ("blur", "upscale", "under")


@pytest.fixture(scope="module")
def found(corpus: Path) -> list[Row]:
    return list(rows(corpus, SOME, tuple(MEASURES) if IS_WHOLE else WARN))


def test_limits_were_chosen_and_reported_on_other_photos() -> None:
    assert not set(TUNED_ON) & set(REPORTED_ON)
    assert set(TUNED_ON) | set(REPORTED_ON) == set(PHOTOS)
    assert min(len(TUNED_ON), len(REPORTED_ON)) >= 15


@pytest.mark.parametrize("kind", WARN)
def test_a_check_that_warns_is_sure_of_the_two_stronger_levels(found: list[Row], kind: str) -> None:
    score = next(score for score in scores(found, PreflightLimits()) if score.kind == kind)
    assert min(score.recalls[1:]) >= 0.9, score
    assert score.precision >= 0.8, score


def test_photos_as_they_were_are_seldom_warned_of(found: list[Row]) -> None:
    limits = PreflightLimits()
    good = [row for row in found if not row.kind]
    alarms = [
        row.photo
        for row in good
        if row.fires("sharpness", limits) or row.fires("highlight_level", limits)
    ]
    assert len(alarms) <= len(good) // 8, alarms


def test_a_score_counts_what_it_says() -> None:
    """Four photos, made up: one hit of two, one false alarm, the other soft one on no side."""
    made = [
        Row("a", "", 0.0, 2.0, 200, 1, 0),
        Row("b", "", 0.0, 0.5, 200, 1, 0),
        Row("a", "blur", 0.7, 0.5, 200, 1, 0),
        Row("a", "blur", 1.5, 0.5, 200, 1, 0),
        Row("a", "blur", 3.0, 1.5, 200, 1, 0),
        *(Row("a", "upscale", strength, 0.5, 200, 1, 0) for strength in (2.0, 3.0, 4.0)),
    ]
    score = scores(made, PreflightLimits())[0]
    assert (score.kind, score.recalls, score.precision) == ("blur", (1.0, 1.0, 0.0), 0.5)
    assert (score.false_alarms, score.good) == (1, 2)
    assert not score.is_sure


def test_the_page_shows_the_tables() -> None:
    text = PAGE.read_text("utf-8")
    assert BEGIN in text
    assert table([])[0] in text
    for line in ("blur, sigma", "enlarged before", "under-exposed"):
        row = next(one for one in text.splitlines() if one.startswith(f"| {line}"))
        assert row.endswith("| warning |"), row
