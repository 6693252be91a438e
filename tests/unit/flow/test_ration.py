"""A photo's bucket of new pictures."""

from __future__ import annotations

import pytest

from origin.errors import Overloaded
from origin.flow.ration import Ration


def test_a_minutes_worth_may_be_taken_at_once_and_then_one_at_a_time() -> None:
    now_s = 100.0
    ration = Ration(60, clock_s=lambda: now_s)
    for _ in range(60):
        ration.take("acme", "a")
    with pytest.raises(Overloaded) as refused:
        ration.take("acme", "a")
    assert (refused.value.status, refused.value.code) == (429, "render.cold_rate")
    now_s += 1.01
    ration.take("acme", "a")
    with pytest.raises(Overloaded):
        ration.take("acme", "a")


def test_each_photo_of_each_shop_has_its_own() -> None:
    ration = Ration(1, clock_s=lambda: 0.0)
    for name in (("acme", "a"), ("acme", "b"), ("other", "a")):
        ration.take(*name)


def test_a_bucket_is_never_fuller_than_full() -> None:
    now_s = 0.0
    ration = Ration(2, clock_s=lambda: now_s)
    ration.take("acme", "a")
    now_s += 3_600
    ration.take("acme", "a")
    ration.take("acme", "a")
    with pytest.raises(Overloaded):
        ration.take("acme", "a")
