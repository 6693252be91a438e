"""A clock that jumps: what is signed follows it, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cache_keys import read_target, rounded_exp, sign, signing_kid
from origin.adapters.memory_records import MemoryRecords
from origin.adapters.touches import Touches
from origin.errors import Overloaded
from origin.flow.epoch import EpochWatch
from origin.flow.ration import Ration
from tests.conftest import missing
from tests.faults.unwell import Fault, Unwell
from tests.images.photos import photo_jpeg
from tests.system.server import TENANT, Server, server

DAY_S = 86_400
PATIENCE_S = 60.0


class Turned:
    """A server whose wall clock is turned by a file; its monotonic clock goes on, as in life."""

    def __init__(self, origin: Server, stamp: Path) -> None:
        self.origin = origin
        self._stamp = stamp
        self.offset_s = 0

    def turn(self, days: int) -> None:
        """Set the clock off by so many days, and wait until the server says so."""
        self.offset_s = days * DAY_S
        self._stamp.write_text(f"{self.offset_s:+d}")
        deadline = time.monotonic() + PATIENCE_S
        while abs(self._now_s() - time.time() - self.offset_s) > 5:
            assert time.monotonic() < deadline, "the clock did not turn"
            time.sleep(0.05)

    def _now_s(self) -> float:
        answer = self.origin.http.get(f"{self.origin.private_url}/readyz")
        said = time.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT")
        return time.mktime((*said[:8], 0)) - time.timezone

    def get(self, asset: str, leaf: str, *, offset_s: int | None = None) -> httpx2.Response:
        """Ask with a URL signed when the clock was that much off, by default now."""
        now_s = int(time.time()) + (self.offset_s if offset_s is None else offset_s)
        ring = self.origin.ring
        target = read_target(f"/v1/{TENANT}/{asset}/{leaf}".encode())
        exp = rounded_exp(now_s, DAY_S)
        kid = signing_kid(ring, TENANT, now_s)
        path = sign(target, ring, kid, exp, now=now_s)
        return self.origin.http.get(self.origin.public_url + path)


@pytest.fixture
def turned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turned]:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        missing("libfaketime (Debian package faketime)")
    stamp = tmp_path / "offset"
    stamp.write_text("+0")
    monkeypatch.setenv("LD_PRELOAD", str(found[0]))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(stamp))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    settings = {"workers": "1", "quota_every_s": "1"}
    with server(tmp_path / "data", **settings) as origin:
        yield Turned(origin, stamp)


def test_a_jump_moves_what_is_signed_and_nothing_else(turned: Turned) -> None:
    asset = turned.origin.asset(photo_jpeg(800, 600, 41))
    leaves = ["w_64.jpg", "w_96.jpg", "w_160.jpg"]
    pictures = [turned.get(asset, leaf).content for leaf in leaves]
    for days, old_status in ((30, 410), (-30, 403)):
        turned.turn(days)
        assert turned.get(asset, leaves[0], offset_s=0).status_code == old_status
        fresh = [turned.get(asset, leaf) for leaf in leaves]
        assert [answer.content for answer in fresh] == pictures
        assert all("max-age=" in answer.headers["cache-control"] for answer in fresh)
        other = turned.origin.asset(photo_jpeg(800, 600, 50 + days))
        assert turned.get(other, "w_64.jpg").status_code == 200, "cold work goes on"
        assert turned.origin.http.get(f"{turned.origin.private_url}/readyz").status_code == 200
    turned.turn(0)
    assert [turned.get(asset, leaf).content for leaf in leaves] == pictures
    listed = turned.origin.run("tenants", "list", "--json").stdout
    assert '"derivatives":5' in listed, "nothing was evicted, nothing lost"


@pytest.mark.parametrize("jump_s", [365 * DAY_S, -365 * DAY_S])
def test_a_jump_fills_and_empties_no_bucket(monkeypatch: pytest.MonkeyPatch, jump_s: int) -> None:
    ration = Ration(1)
    ration.take(TENANT, "a")
    now_s = time.time() + jump_s
    monkeypatch.setattr(time, "time", lambda: now_s)
    with pytest.raises(Overloaded, match=r"render\.cold_rate"):
        ration.take(TENANT, "a")
    ration.take(TENANT, "b")


@pytest.mark.anyio
@pytest.mark.parametrize("jump_s", [365 * DAY_S, -365 * DAY_S])
async def test_a_jump_neither_ages_news_nor_makes_them_young(
    monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    records = Unwell(MemoryRecords())
    watch = EpochWatch(records, poll_s=3600, grace_s=7200)
    assert await watch.current() == 1
    now_s = time.time() + jump_s
    monkeypatch.setattr(time, "time", lambda: now_s)
    assert watch.known() == 1
    records.fault = Fault(frozenset({"epoch"}), is_lost=True)
    assert await watch.current() == 1


@pytest.mark.anyio
async def test_a_jump_back_does_not_put_off_what_is_written_every_minute() -> None:
    clock_s = 0.0
    written: list[dict[str, int]] = []

    async def write(used: dict[str, int]) -> None:
        written.append(used)

    touches = Touches(write, clock_s=lambda: clock_s)
    touches.note("a", 1_800_000_000)
    touches.note("a", 1_700_000_000)  # the wall clock went back three years
    assert written == []
    clock_s = 61.0
    touches.note("b", 1_700_000_061)
    await touches.close()
    assert written == [{"a": 1_700_000_000, "b": 1_700_000_061}]
