"""A scrub's pace."""

from __future__ import annotations

import pytest

from origin.adapters.scrub import Pace

pytestmark = pytest.mark.anyio


async def test_a_pace_waits_as_long_as_the_bytes_take(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("origin.adapters.scrub.asyncio.sleep", sleep)
    pace = Pace(100, clock_s=lambda: 5.0)
    for count in (50, 100):
        await pace.spend(count)
    await Pace(0).spend(10**12)
    assert slept == [0.5, 1.5]
