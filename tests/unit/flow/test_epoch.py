"""How old the news may be that a remembered answer rests on."""

from __future__ import annotations

import asyncio

import pytest

from origin.errors import StoreUnavailable
from origin.flow.epoch import EpochWatch


class Records:
    """An epoch that can be moved, and records that can go away."""

    def __init__(self) -> None:
        self.value, self.asked, self.is_away = 1, 0, False

    async def epoch(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailable("records.unavailable")
        return self.value


def test_it_is_asked_for_once_within_the_poll() -> None:
    async def play() -> tuple[set[int], int]:
        records = Records()
        watch = EpochWatch(records, poll_s=60, grace_s=0)
        assert watch.known() is None
        seen = set(await asyncio.gather(*(watch.current() for _ in range(20))))
        assert watch.known() == 1
        return seen | {await watch.current()}, records.asked

    assert asyncio.run(play()) == ({1}, 1)


def test_news_older_than_the_poll_is_asked_for_again() -> None:
    async def play() -> int:
        records = Records()
        watch = EpochWatch(records, poll_s=0, grace_s=0)
        await watch.current()
        records.value = 7
        await asyncio.sleep(0.002)
        assert watch.known() is None
        return await watch.current()

    assert asyncio.run(play()) == 7


def test_while_the_records_are_away_the_last_epoch_holds_for_the_grace() -> None:
    async def play() -> int:
        records = Records()
        watch = EpochWatch(records, poll_s=0, grace_s=60)
        await watch.current()
        records.is_away = True
        await asyncio.sleep(0.002)
        return await watch.current()

    assert asyncio.run(play()) == 1


def test_without_grace_unknown_is_an_error_and_never_an_answer() -> None:
    async def play() -> None:
        records = Records()
        records.is_away = True
        await EpochWatch(records, poll_s=0, grace_s=0).current()

    with pytest.raises(StoreUnavailable):
        asyncio.run(play())
