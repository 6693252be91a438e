"""Clients that hold connections and say nothing cost the healthy ones no answer."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from edgeproof.wire import HEAD_DEADLINE_S
from origin.routes.private import BODY_IDLE_S
from tests.faults.slow_clients import healthy, is_cut, slow_clients
from tests.images.photos import photo_jpeg
from tests.system.server import Server, server

#: What a busy machine may add to a limit.
GRACE_S = 60.0


def test_five_hundred_slow_clients_cost_no_answer_and_are_cut_at_their_limits(
    tmp_path: Path,
) -> None:
    with server(tmp_path / "data") as running:
        url = running.url(running.asset(photo_jpeg(1001, 801, 3)), "w_320.jpg")
        assert running.http.get(url).status_code == 200
        asyncio.run(_held_and_cut(running, url))
        assert running.http.get(f"{running.private_url}/readyz").status_code == 200


async def _held_and_cut(running: Server, url: str) -> None:
    async with slow_clients(running, url.removeprefix(running.public_url)) as slow:
        begin_s = time.monotonic()
        assert len(await healthy(running, url, 400)) == 400
        async with asyncio.timeout(HEAD_DEADLINE_S + GRACE_S):
            assert all(await asyncio.gather(*map(is_cut, slow.heads)))
        async with asyncio.timeout(BODY_IDLE_S + GRACE_S):
            statuses = await asyncio.gather(*(reader.readline() for reader, _ in slow.bodies))
        assert time.monotonic() - begin_s < BODY_IDLE_S + GRACE_S
        assert {status.split()[1] for status in statuses} <= {b"400", b"503"}
        assert len(await healthy(running, url, 40)) == 40
