"""A running origin: PostgreSQL that goes away, presets made ahead, quotas, a scrub beside it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from blake3 import blake3

from origin.adapters.records import upgrade
from tests.images.photos import photo_jpeg
from tests.postgres import cluster
from tests.system.server import TENANT, Server, server

PATIENCE_S = 60.0
PRESETS = """
[[presets]]
name = "card"
version = 1
ops = "w_320,h_240,fit_cover"
eager = true
"""


def eventually(what: Callable[[], bool]) -> None:
    """Wait until it is so; fail when a busy machine would be there too."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def list_tenant(running: Server) -> dict[str, int]:
    row: dict[str, int] = json.loads(running.run("tenants", "list", "--json").stdout)
    return row


def objects(data_dir: Path, kind: str) -> list[Path]:
    folder = data_dir / "objects" / TENANT / kind
    return sorted(path for path in folder.rglob("*") if path.is_file())


def hits_of(origin: Server) -> list[object]:
    return [line["hit"] for line in origin.log_lines("preview_answered")]


def test_postgresql_may_restart_under_a_running_origin(data_dir: Path) -> None:
    with cluster() as own:
        own.run("CREATE DATABASE shop")
        upgrade(own.url("shop"))
        settings = {"database_url": own.url("shop"), "database_timeout_s": "2"}
        with server(data_dir, **settings) as origin:
            asset = origin.asset(photo_jpeg(1200, 900, 31))
            hot = origin.get(asset, "w_320.jpg")
            assert hot.status_code == 200
            own.stop()
            assert origin.get(asset, "w_320.jpg").content == hot.content, "memory still knows"
            cold = origin.get(asset, "w_640.jpg")
            assert (cold.status_code, cold.json()["code"]) == (503, "records.unavailable")
            assert int(cold.headers["retry-after"]) > 0
            refused = origin.upload(photo_jpeg(800, 600, 32))
            assert (refused.status_code, refused.json()["code"]) == (503, "records.unavailable")
            away = origin.http.get(f"{origin.private_url}/readyz")
            assert away.status_code == 503
            assert "records" in away.text
            own.start()
            # A busy machine may need longer than two seconds for the first new connections.
            eventually(lambda: origin.get(asset, "w_640.jpg").status_code == 200)
            eventually(lambda: origin.upload(photo_jpeg(800, 600, 32)).is_success)
            ready = f"{origin.private_url}/readyz"
            eventually(lambda: origin.http.get(ready).status_code == 200)
            assert len(objects(data_dir, "sources")) == 2, "the refused upload left nothing"


def test_eager_presets_are_there_before_anyone_asks_and_are_the_same_when_made_again(
    data_dir: Path,
) -> None:
    folder = data_dir / "presets"
    folder.mkdir(parents=True)
    (folder / f"{TENANT}.toml").write_text(PRESETS)
    with server(data_dir, memory_cache_mb="0") as origin:
        asset = origin.asset(photo_jpeg(1600, 1200, 33))
        eventually(lambda: origin.metric("edgeproof_eager_pictures_total") == 3)
        leaves = [f"t_card~1.{ext}" for ext in ("avif", "webp", "jpg")]
        ahead = [origin.get(asset, leaf) for leaf in leaves]
        assert [answer.status_code for answer in ahead] == [200] * 3
        # The line of an answer is written after the answer is sent.
        eventually(lambda: hits_of(origin)[-3:] == ["disk"] * 3)
        for path in objects(data_dir, "derivatives"):
            path.unlink()
        again = [origin.get(asset, leaf) for leaf in leaves]
        assert [answer.content for answer in again] == [answer.content for answer in ahead]
        plain = origin.get(asset, "w_320,h_240,fit_cover.avif")
        assert len(ahead[0].content) < len(plain.content), "made with more care"


def test_a_shop_over_its_quota_is_brought_down_and_all_is_still_answered(data_dir: Path) -> None:
    with server(data_dir, quota_every_s="1", memory_cache_mb="0") as origin:
        asset = origin.asset(photo_jpeg(1600, 1200, 34))
        leaves = [f"w_{width}.jpg" for width in (64, 96, 160, 240, 320)]
        first = [origin.get(asset, leaf).content for leaf in leaves]
        eventually(lambda: list_tenant(origin)["derivatives"] == 5)
        eventually(lambda: list_tenant(origin)["masters"] >= 2)
        origin.run("tenants", "set", TENANT, "--quota", "0.001MB")
        eventually(lambda: origin.metric("edgeproof_tenants_over_quota") == 1)
        assert list_tenant(origin)["derivatives"] == 5, "all of it is newer than the grace"
        with closing(sqlite3.connect(data_dir / "records.sqlite3", timeout=30)) as records:
            # An hour goes by.
            records.execute("UPDATE derivatives SET last_used_s = last_used_s - 4000")
            records.execute("UPDATE masters SET last_used_s = last_used_s - 4000")
            records.commit()
        eventually(lambda: list_tenant(origin)["stored_bytes"] <= 1_000)
        eventually(lambda: origin.metric("edgeproof_evicted_objects_total") >= 7)
        assert objects(data_dir, "derivatives") == []
        assert [origin.get(asset, leaf).content for leaf in leaves] == first
        assert origin.run("tenants", "set", "nobody", "--quota", "1GB", check=False).returncode == 1
        assert origin.run("tenants", "set", TENANT, "--quota", "lots", check=False).returncode == 2


def test_a_scrub_beside_the_server_finds_and_repairs(data_dir: Path) -> None:
    with server(data_dir, memory_cache_mb="0") as origin:
        content = photo_jpeg(1600, 1200, 35)
        asset = origin.asset(content)
        picture = origin.get(asset, "w_320.webp").content
        sound = origin.run("scrub", "--json")
        assert (sound.returncode, sound.stdout) == (0, "")
        for kind in ("derivatives", "masters"):
            path = objects(data_dir, kind)[0]
            path.write_bytes(path.read_bytes()[:-200] + bytes(200))
        repaired = origin.run("scrub", "--json", check=False)
        found = {
            (row["kind"], row["problem"], row["done"])
            for row in map(json.loads, repaired.stdout.splitlines())
        }
        assert {("derivative", "damaged", "removed"), ("master", "damaged", "removed")} <= found
        assert repaired.returncode == 3
        assert origin.run("scrub", TENANT, "--rate", "500MB").returncode == 0
        assert origin.get(asset, "w_320.webp").content == picture
        (source,) = objects(data_dir, "sources")
        source.write_bytes(content[:-1])
        lost = origin.run("scrub", check=False)
        assert lost.returncode == 1
        assert "SOURCE DAMAGED" in lost.stderr
        listed = origin.run("assets", "list", "--tenant", TENANT, "--json").stdout
        assert json.loads(listed)["state"] == "damaged"
        assert origin.get(asset, "w_320.webp").content == picture, "what is stored is served"
        assert origin.asset(content) == asset
        assert blake3(source.read_bytes()).digest() == blake3(content).digest()
        assert origin.run("scrub").returncode == 0
        assert origin.run("scrub", "nobody", check=False).returncode == 2
