"""Equal cold requests are one render; too many distinct ones are refused at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2

from tests.system.server import Server, server

EQUAL = 64


async def ask_all(urls: list[str]) -> list[httpx2.Response]:
    """Ask for all at the same time, each over a connection of its own."""
    limits = httpx2.Limits(max_connections=len(urls), max_keepalive_connections=0)
    async with httpx2.AsyncClient(timeout=60, limits=limits) as http:
        return await asyncio.gather(*(http.get(url) for url in urls))


def renders(running: Server) -> int:
    lines = running.log_lines("preview_answered")
    return sum(1 for line in lines if line["hit"] == "render")


def test_64_equal_cold_requests_over_two_processes_are_one_render(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, http_processes="2", workers="1") as running:
        asset = running.asset(photo)
        for leaf in ("w_960,c_1000_2000_70000_60000.avif", "w_1280,r_90.webp"):
            before = renders(running)
            answers = asyncio.run(ask_all([running.url(asset, leaf)] * EQUAL))
            assert [answer.status_code for answer in answers] == [200] * EQUAL
            assert len({answer.content for answer in answers}) == 1
            assert renders(running) - before == 1
        asked = {line["pid"] for line in running.log_lines("server_started")}
        assert len(asked) == 2, "two HTTP processes were to share the work"


def test_distinct_cold_requests_past_the_queue_are_503_with_retry_after(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, workers="1", queue_max="2") as running:
        asset = running.asset(photo)
        urls = [running.url(asset, f"w_1920,c_{x}_0_50000_50000.webp") for x in range(24)]
        answers = asyncio.run(ask_all(urls))
        good = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 503]
        assert len(good) + len(refused) == len(urls)
        assert good, "the queue holds some"
        assert refused, "and not all"
        for answer in refused:
            assert answer.json()["code"] == "render.queue_full"
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["cache-control"] == "no-store"
        assert running.get(asset, "w_320.webp").status_code == 200
