"""Purge beats render: purges race with renders of the same key, at the origin and at two caches.

PURGE_RACES sets how many races are run; CI runs 40.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.local_varnish import find_missing
from tests.conftest import missing
from tests.edge.varnish import Varnish
from tests.images.photos import photo_jpeg
from tests.system.purging import Chain, chain
from tests.system.server import TENANT

pytestmark = pytest.mark.xdist_group("purging")

RACES = int(os.environ.get("PURGE_RACES", "40"))
#: So many photos race at once; each race is a purge and two renders of a picture that is new.
PHOTOS = 20
#: Old answers of a soft purge end at most so long after the first one is asked for.
SOFT_S = 10.0
#: What the origin promises: from so long after the acknowledgement on.
ORIGIN_S = 1.0


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    what = find_missing()
    if what is not None:
        missing(what)
    folder: Path = tmp_path_factory.mktemp("races")
    with chain(folder) as running:
        yield running


def race(on: Chain, asset: str, number: int) -> list[str]:
    """Let one purge race with a render; return what was wrong, of ORIGIN_S on and of the end."""
    leaf = f"w_{320 + number % 640},c_{number}_0_90000_90000.jpg"
    target, url = on.target(asset, leaf), on.origin.url(asset, leaf)
    # The render takes 20 to 150 ms; the purge comes before, within and after it.
    delay_s = 0.01 * (number % 20)
    early = threading.Thread(target=on.ask, args=(target,))
    early.start()
    time.sleep(delay_s)
    order = on.purge(
        what="asset", tenant=TENANT, names=[asset], mode="soft" if number % 2 else "hard"
    )
    acknowledged_s = time.monotonic()
    (wanted,) = order["generations"].values()
    # While the purge is on its way the caches are asked again: the old may come back to them.
    on.ask(target)
    wrong: list[str] = []
    time.sleep(max(0.0, acknowledged_s + ORIGIN_S - time.monotonic()))
    answer = on.origin.http.get(url)
    seen = int(answer.headers.get("edgeproof-generation", "-1"))
    if answer.status_code != 200 or seen < wanted:
        wrong.append(f"origin: {answer.status_code}, generation {seen}, below {wanted}")
    early.join()
    settled = on.settled(order["order"])
    assert settled["state"] == "settled", settled["providers"]
    for name, edge in (("shield", on.shield), ("edge", on.edge)):
        lasts_s = SOFT_S if order["mode"] == "soft" else 0.0
        host = f"127.0.0.1:{on.origin.public_port}"
        old = old_answers(edge, target, host, wanted, lasts_s)
        wrong += [f"{name}, {order['mode']}: {line}" for line in old]
    return wrong


def old_answers(edge: Varnish, target: str, host: str, wanted: int, lasts_s: float) -> list[str]:
    """Ask an edge five times; return what is older than wanted.

    A soft purge lets the first who ask have the old picture while it is fetched anew.
    """
    began_s, wrong = time.monotonic(), []
    asks_left = 5
    while asks_left:
        answer = edge.ask(target, host=host)
        seen = int(answer.headers.get("edgeproof-generation", "-1"))
        if answer.status == 200 and seen >= wanted:
            asks_left -= 1
        elif asks_left < 5 or time.monotonic() - began_s >= lasts_s:
            wrong.append(f"{answer.status}, generation {seen}, below {wanted}")
            asks_left -= 1
        else:
            time.sleep(0.05)
    return wrong


def test_no_answer_is_older_than_a_purge_that_raced_with_its_render(on: Chain) -> None:
    assets = [on.origin.asset(photo_jpeg(1200, 900, 900 + number)) for number in range(PHOTOS)]
    wrong: list[str] = []

    def run(lane: int) -> list[str]:
        return [
            line for number in range(lane, RACES, PHOTOS) for line in race(on, assets[lane], number)
        ]

    with ThreadPoolExecutor(PHOTOS) as pool:
        for found in pool.map(run, range(min(PHOTOS, RACES))):
            wrong += found
    assert wrong == []
    assert on.origin.metric("edgeproof_purge_calls_total") >= 3 * 2
