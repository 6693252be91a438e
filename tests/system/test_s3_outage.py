"""A running origin whose S3 dies, falls silent, or cuts bodies: what it knows it still says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.images.photos import photo_jpeg
from tests.s3 import BUCKET, Gateway, Toxiproxy, toxiproxy
from tests.system.server import Server, server

#: Whoever hangs does not end before this; the answers below take a second or two.
HANGS_S = 60.0
ILLNESSES = ("dead", "silent", "cut on the way up", "cut on the way down")


@dataclass
class Afar:
    """An origin, and the way to its store."""

    origin: Server
    way: Toxiproxy


@pytest.fixture
def afar(tmp_path: Path, s3_gateway: Gateway, s3_credentials: None) -> Iterator[Afar]:
    del s3_credentials
    with toxiproxy(s3_gateway.port, tmp_path) as way:
        settings = {
            "store_url": f"s3://{BUCKET}/outage",
            "s3_endpoint": way.endpoint,
            "s3_connect_timeout_s": "0.5",
            "s3_read_timeout_s": "0.5",
            "s3_operation_s": "1.5",
            "s3_transfer_s": "1.5",
            "workers": "1",
            "level_memory_mb": "0",  # each new picture has to ask S3 for its level
            "exposes_details": "true",
        }
        with server(tmp_path / "data", **settings) as origin:
            yield Afar(origin, way)


def fall_ill(way: Toxiproxy, how: str) -> None:
    if how == "dead":
        way.disable()
    elif how == "silent":
        way.add("timeout", stream="upstream", timeout=0)
    elif how == "cut on the way up":
        way.add("limit_data", stream="upstream", bytes=2_000)
    else:
        way.add("limit_data", bytes=2_000)


def test_an_outage_costs_what_must_be_asked_and_ends_without_a_restart(afar: Afar) -> None:
    origin = afar.origin
    asset = origin.asset(photo_jpeg(1201, 901, 21))
    known = origin.get(asset, "w_320.jpg")
    assert known.status_code == 200
    for number, how in enumerate(ILLNESSES):
        new = f"w_640,c_{number}_0_90000_90000.jpg"
        fall_ill(afar.way, how)

        again = origin.get(asset, "w_320.jpg")
        assert (again.status_code, again.content) == (200, known.content), how
        assert again.headers["server-timing"].startswith("hit;desc=memory")

        asked_at_s = time.monotonic()
        answer = origin.get(asset, new)
        assert (answer.status_code, answer.json()["code"]) == (503, "store.unavailable"), how
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["cache-control"] == "no-store"
        assert time.monotonic() - asked_at_s < HANGS_S
        if how != "cut on the way down":  # S3 says little to an upload
            upload = origin.upload(photo_jpeg(1001, 701, 30 + number))
            assert (upload.status_code, upload.json()["code"]) == (503, "store.unavailable"), how
        if how in ("dead", "silent"):
            ready = origin.http.get(f"{origin.private_url}/readyz")
            assert ready.status_code == 503
            assert "store" in ready.json()["problems"]

        afar.way.heal()
        deadline = time.monotonic() + HANGS_S
        while (healed := origin.get(asset, new)).status_code != 200:
            assert time.monotonic() < deadline, f"{how}: {healed.text}"
            time.sleep(0.1)
        assert origin.upload(photo_jpeg(1001, 701, 30 + number)).status_code == 201
    assert origin.metric("edgeproof_damaged_objects_total") == 0
    assert origin.http.get(f"{origin.private_url}/readyz").status_code == 200
