"""SIGKILL of workers and of the server, in the middle of things: nothing is torn or lost."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.images.photos import photo_jpeg
from tests.system.server import TENANT, Server, server
from tests.system.test_stampede import ask_all

#: ``KILLS=100 pytest tests/system/test_kills.py`` is the long run.
KILLS = int(os.environ.get("KILLS", "7"))


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


@pytest.mark.timeout(120 + 30 * KILLS)
def test_kills_during_render_and_store_tear_nothing_and_lose_nothing_that_was_answered(
    data_dir: Path, photo: bytes
) -> None:
    """KILLS of them, every third one of the server itself; the others of a worker."""
    with server(data_dir, workers="2", quarantine_after="100") as running:
        big = running.asset(photo)
        pictures: dict[str, str] = {}
        uploads: list[str] = []
        for kill in range(KILLS):
            seen = asyncio.run(_under_fire(running, big, kill))
            pictures |= seen.pictures
            uploads += seen.uploads
            if kill % 3 == 0:
                running.start()
        assert pictures, "some were answered before the kill"
        for leaf, digest in pictures.items():
            answer = running.get(big, leaf)
            assert (answer.status_code, _digest(answer.content)) == (200, digest), leaf
        for asset in uploads:
            assert running.get(asset, "w_64.jpg").status_code == 200
        assert running.metric("edgeproof_damaged_objects_total") == 0
        assert running.metric("edgeproof_workers_alive") == 2
        scratch = data_dir / "objects" / ".tmp"
        assert running.stop() == 0
        assert [path for path in scratch.rglob("*") if path.is_file() and path.stat().st_size] == []


@dataclass
class Seen:
    """What was answered in full before a kill: digests of pictures by leaf, ids of uploads."""

    pictures: dict[str, str] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)


async def _under_fire(running: Server, asset: str, kill: int) -> Seen:
    """Ask for eight new pictures and send one new photo; kill some time within that."""
    seen = Seen()
    async with httpx2.AsyncClient(timeout=30) as http:

        async def ask(leaf: str) -> None:
            answer = await http.get(running.url(asset, leaf))
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                seen.pictures[leaf] = _digest(answer.content)

        async def send() -> None:
            address = f"{running.private_url}/api/v1/tenants/{TENANT}/assets"
            answer = await http.post(
                address,
                params={"owner": "c-1"},
                content=photo_jpeg(401, 301, 1_000 + kill),
                headers={"authorization": f"Bearer {running.token}"},
            )
            # A photo is told that it cannot be opened safely when its worker died.
            assert answer.status_code in (200, 201, 422, 503), answer.text
            if answer.status_code in (200, 201):
                seen.uploads.append(str(answer.json()["asset"]))

        asking = asyncio.gather(
            *(ask(f"w_960,c_{kill}_{x}_60000_60000.webp") for x in range(8)),
            send(),
            return_exceptions=True,
        )
        await asyncio.sleep(random.uniform(0.02, 0.6))
        if kill % 3 == 0:
            running.kill()
        else:
            for pid in worker_pids(running)[:1]:
                os.kill(pid, signal.SIGKILL)
        wrong = [one for one in await asking if isinstance(one, AssertionError)]
    assert wrong == []
    return seen


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_worker_that_is_stopped_is_killed_at_its_deadline_and_replaced(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, workers="1", render_deadline_s="1", quarantine_after="100") as running:
        asset = running.asset(photo)
        (stopped,) = worker_pids(running)
        os.kill(stopped, signal.SIGSTOP)
        answer = running.get(asset, "w_640,c_1_1_60000_60000.webp")
        assert (answer.status_code, answer.json()["code"]) == (503, "render.deadline")
        assert answer.headers["retry-after"]
        assert running.get(asset, "w_640,c_2_2_60000_60000.webp").status_code == 200
        (successor,) = worker_pids(running)
        assert successor != stopped


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
