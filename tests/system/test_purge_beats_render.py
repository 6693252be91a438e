"""A purge, an erase or a suspension in another process is seen within a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from origin.adapters.records import Database, SqlRecords
from tests.system.server import TENANT, Server, server

#: The promise is one second after the acknowledgement.
SEEN_S = 1.0


def change(running: Server, work: Callable[[SqlRecords], Awaitable[object]]) -> object:
    """Change the records from this process, as a command or another server would."""

    async def run() -> object:
        database = Database(f"sqlite:///{running.data_dir}/records.sqlite3")
        try:
            return await work(SqlRecords(database))
        finally:
            await database.close()

    return asyncio.run(run())


def test_after_a_purge_no_answer_has_an_older_generation(data_dir: Path, photo: bytes) -> None:
    with server(data_dir, exposes_details="true") as running:
        asset = running.asset(photo)
        first = running.get(asset, "w_320.jpg")
        assert first.headers["edgeproof-generation"] == "0"
        assert change(running, lambda records: records.bump_generation(TENANT, asset)) == 1
        time.sleep(SEEN_S)
        second = running.get(asset, "w_320.jpg")
        assert second.headers["edgeproof-generation"] == "1"
        assert second.headers["server-timing"].startswith("hit;desc=render")
        assert second.content == first.content


def test_a_render_that_a_purge_overtook_is_made_anew(data_dir: Path, photo: bytes) -> None:
    with server(data_dir, exposes_details="true", workers="1") as running:
        asset = running.asset(photo)
        running.get(asset, "w_64.jpg")
        stop = time.monotonic() + 3
        newest = 0
        for index in range(1000):
            if time.monotonic() > stop:
                break
            acknowledged = change(running, lambda records: records.bump_generation(TENANT, asset))
            time.sleep(0.25)
            answer = running.get(asset, f"w_320,c_{index}_0_90000_90000.jpg")
            assert answer.status_code == 200
            newest = int(answer.headers["edgeproof-generation"])
            assert newest >= int(str(acknowledged))
        assert newest > 3


def test_an_erased_photo_is_410_for_every_url_of_it(data_dir: Path, photo: bytes) -> None:
    with server(data_dir) as running:
        asset = running.asset(photo)
        warm = running.get(asset, "w_320.jpg")
        assert warm.status_code == 200
        change(running, lambda records: records.mark_erased(TENANT, asset))
        time.sleep(SEEN_S)
        leaves = ("w_320.jpg", "w_640.avif", "info.json", f"d_{'a' * 52},w_64.jpg", "t_x~1.jpg")
        for leaf in leaves:
            answer = running.get(asset, leaf)
            assert (answer.status_code, answer.json()["code"]) == (410, "asset.erased")
        tag = warm.headers["etag"]
        assert running.get(asset, "w_320.jpg", **{"if-none-match": tag}).status_code == 410


def test_the_same_bytes_after_an_erase_are_a_new_asset(data_dir: Path, photo: bytes) -> None:
    with server(data_dir) as running:
        old = running.asset(photo)
        change(running, lambda records: records.mark_erased(TENANT, old))
        new = running.asset(photo)
        assert new != old
        assert running.get(new, "w_160.jpg").status_code == 200
        time.sleep(SEEN_S)
        assert running.get(old, "w_160.jpg").status_code == 410


@pytest.mark.parametrize("leaf", ["w_320.jpg", "info.json"])
def test_a_suspended_shop_is_404_until_it_is_resumed(
    data_dir: Path, photo: bytes, leaf: str
) -> None:
    with server(data_dir) as running:
        asset = running.asset(photo)
        assert running.get(asset, leaf).status_code == 200
        running.run("tenants", "suspend", TENANT)
        time.sleep(SEEN_S)
        assert running.get(asset, leaf).json()["code"] == "tenant.suspended"
        running.run("tenants", "suspend", TENANT, "--resume")
        time.sleep(SEEN_S)
        assert running.get(asset, leaf).status_code == 200
