"""SIGKILL of workers and of the server, in the middle of things: nothing is torn or lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import httpx2
import numpy as np
from numpy.typing import NDArray

from tests.system.server import Server, server
from tests.system.test_stampede import ask_all

SERVER_KILLS = 6


def children_of(pid: int) -> list[int]:
    """Return the pids of all processes below one."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            found += [child, *children_of(child)]
    return found


def worker_pids(running: Server) -> list[int]:
    assert running.process is not None
    return [
        pid
        for pid in children_of(running.process.pid)
        if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def test_a_killed_worker_costs_a_request_and_never_the_service(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, workers="2", quarantine_after="100") as running:
        asset = running.asset(photo)

        async def under_fire() -> list[httpx2.Response]:
            urls = [running.url(asset, f"w_1280,c_{x}_0_60000_60000.avif") for x in range(12)]
            asking = asyncio.create_task(ask_all(urls))
            for _ in range(6):
                await asyncio.sleep(0.15)
                for pid in worker_pids(running)[:1]:
                    os.kill(pid, signal.SIGKILL)
            return await asking

        answers = asyncio.run(under_fire())
        statuses = {answer.status_code for answer in answers}
        assert statuses <= {200, 503}
        assert 200 in statuses
        for answer in answers:
            if answer.status_code == 503:
                assert answer.json()["code"] == "render.crashed"
        time.sleep(1)
        calm = running.get(asset, "w_640,c_77_0_60000_60000.avif")
        assert calm.status_code == 200
        assert running.metric("edgeproof_workers_alive") == 2


def test_a_source_that_kills_its_worker_twice_stays_shut(data_dir: Path) -> None:
    """A picture with transparency is rendered from its source, so its source is what is blamed."""
    from tests.images.photos import photo_pixels

    with server(data_dir, workers="1") as running:
        asset = running.asset(_png_with_alpha(photo_pixels(1501, 1001, 3)))
        for attempt in range(40):
            url = running.url(asset, f"w_1280,c_{attempt}_0_90000_90000.png")

            async def killed(url: str = url) -> int:
                async with httpx2.AsyncClient(timeout=30) as http:
                    asking = asyncio.create_task(http.get(url))
                    await asyncio.sleep(random.uniform(0.02, 0.25))
                    for pid in worker_pids(running):
                        os.kill(pid, signal.SIGKILL)
                    return (await asking).status_code

            if asyncio.run(killed()) == 422:
                break
        answer = running.get(asset, "w_640.png")
        assert (answer.status_code, answer.json()["code"]) == (422, "photo.quarantined")


def _png_with_alpha(pixels: NDArray[np.uint8]) -> bytes:
    from origin.decode.libvips import pyvips

    image = pyvips.Image.new_from_array(pixels, interpretation="srgb")
    alpha = pyvips.Image.black(image.width, image.height) + 128
    content = image.bandjoin(alpha.cast("uchar")).pngsave_buffer()
    assert isinstance(content, bytes)
    return content


def test_a_killed_server_leaves_no_torn_object_and_no_temporary(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, workers="2") as running:
        asset = running.asset(photo)
        for kill in range(SERVER_KILLS):
            urls = [running.url(asset, f"w_960,c_{kill}_{x}_60000_60000.webp") for x in range(20)]

            async def under_fire(urls: list[str] = urls) -> None:
                asking = asyncio.create_task(_ask_until_it_dies(urls))
                await asyncio.sleep(random.uniform(0.1, 0.8))
                running.kill()
                await asking

            asyncio.run(under_fire())
            running.start()
        for kill in range(SERVER_KILLS):
            for x in range(20):
                answer = running.get(asset, f"w_960,c_{kill}_{x}_60000_60000.webp")
                assert answer.status_code == 200
                assert answer.content[8:12] == b"WEBP"
        assert running.metric("edgeproof_damaged_objects_total") == 0
        scratch = data_dir / "objects" / ".tmp"
        assert running.stop() == 0
        assert [path for path in scratch.rglob("*") if path.is_file() and path.stat().st_size] == []


async def _ask_until_it_dies(urls: list[str]) -> None:
    async with httpx2.AsyncClient(timeout=30) as http:
        await asyncio.gather(*(http.get(url) for url in urls), return_exceptions=True)


def test_orphaned_workers_end_with_their_server(data_dir: Path) -> None:
    with server(data_dir, workers="2") as running:
        pids = worker_pids(running)
        assert len(pids) == 2
        running.kill()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.1)
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
        running.start()


def test_a_stopping_server_finishes_what_it_began(data_dir: Path, photo: bytes) -> None:
    with server(data_dir, workers="1") as running:
        asset = running.asset(photo)
        url = running.url(asset, "w_2560,c_5_5_90000_90000.avif")

        async def asked_then_stopped() -> httpx2.Response:
            async with httpx2.AsyncClient(timeout=30) as http:
                asking = asyncio.create_task(http.get(url))
                await asyncio.sleep(0.1)
                assert running.process is not None
                running.process.terminate()
                return await asking

        answer = asyncio.run(asked_then_stopped())
        assert answer.status_code == 200
        assert running.process is not None
        assert running.process.wait(30) == 0
