"""The arithmetic behind the page of benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.matched import read_off
from benchmarks.plots import svg
from benchmarks.rounds import Turn, Verdict, alternate, pooled, ratios, spread
from benchmarks.section import Plot
from benchmarks.sections.life import with_comment


def test_a_turn_is_cpu_ms_a_picture_and_pictures_a_second() -> None:
    turn = Turn(pictures=4, cpu_s=0.2, wall_s=0.1)
    assert (turn.cpu_ms_each, turn.per_s) == (50, 40)


def test_pooled_turns_weigh_by_what_they_cost() -> None:
    whole = pooled([Turn(1, 0.1, 0.1), Turn(3, 0.1, 0.3)])
    assert whole.cpu_ms_each == pytest.approx(50)


def test_a_spread_is_median_least_and_most() -> None:
    assert spread([3, 1, 2, 9]).text() == "2.5 (1.0 to 9.0)"


def test_what_moves_both_in_a_round_leaves_their_ratio() -> None:
    found = ratios([10, 20, 30], [20, 40, 60])
    assert (found.median, found.least, found.most) == (0.5, 0.5, 0.5)


def test_every_round_gives_each_a_turn_in_an_order_that_turns_round() -> None:
    order: list[str] = []

    def turn(name: str) -> int:
        order.append(name)
        return len(order)

    found = alternate(3, {"a": lambda _: turn("a"), "b": lambda _: turn("b")})
    assert "".join(order) == "abbaab"
    assert found == {"a": [1, 4, 5], "b": [2, 3, 6]}


@pytest.mark.parametrize(
    ("measured", "is_least", "word"),
    [
        (0.3, False, "met"),
        (0.31, False, "**missed**"),
        (0.3, True, "met"),
        (0.2, True, "**missed**"),
    ],
)
def test_a_target_is_met_or_missed(measured: float, *, is_least: bool, word: str) -> None:
    assert Verdict("it", measured, 0.3, is_least).row()[3] == word


@pytest.mark.parametrize(
    ("aim", "quality"), [(60, 70), (72, 70), (74, 74), (76, 78), (83, 86), (99, 86)]
)
def test_a_quality_is_read_off_between_the_points(aim: float, quality: int) -> None:
    assert read_off([(70, 72), (78, 76), (86, 82)], aim) == quality


def test_a_comment_makes_another_file_of_the_same_picture() -> None:
    assert with_comment(b"\xff\xd8\xff\xdb", "12") == b"\xff\xd8\xff\xfe\x00\x0412\xff\xdb"


def test_a_plot_has_a_bar_for_each_series_of_each_group() -> None:
    bars = [(2.0, 1.0, 3.0), (4.0, 4.0, 4.0)]
    text = svg(Plot("p", "A < B", "ms", ["a", "b"], {"one": bars, "two": bars}))
    assert text.count("<path") == 4
    assert "A &lt; B" in text
