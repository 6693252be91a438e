"""`edgeproof edge dev` and `demo --edge`: real programs, a real picture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from edge import local_varnish, local_worker
from edge.local import HOSTS
from tests.conftest import missing
from tests.images.photos import photo_jpeg
from tests.system.server import free_ports, server

START_S = 60.0
SECRET = '{"e1": "' + "3c" * 32 + '"}'
INNER = {"cdn-cache-control", "surrogate-control", "surrogate-key", "cache-tag", "xkey"}


def need(kind: str) -> None:
    what = (local_varnish if kind == "varnish" else local_worker).find_missing()
    if what is not None:
        missing(what)


@contextmanager
def program(
    folder: Path, environment: Mapping[str, str], *arguments: str, until: str
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run edgeproof until it has printed something; yield it and what it printed."""
    log = folder / "program.log"
    # A shell that runs the tests in the background has Ctrl-C ignored, and children inherit that.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "edgeproof", *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + START_S
        while until not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process, log
    finally:
        process.terminate()  # its edge ends with it, also when a test failed
        try:
            process.wait(timeout=START_S)
        finally:
            process.kill()


@pytest.mark.parametrize("kind", ["varnish", "cloudflare"])
def test_edge_dev_shows_a_picture_and_ends_with_its_edge_at_ctrl_c(
    tmp_path: Path, kind: str
) -> None:
    need(kind)
    [port] = free_ports(1)
    edge = f"http://127.0.0.1:{port}"
    data = tmp_path / "data"
    hosts = ",".join(("img.shop.example", *HOSTS))
    with server(data, edge_secrets=SECRET, hosts=hosts, public_url=edge) as origin:
        asset = origin.asset(photo_jpeg(900, 600, 4))
        target = origin.url(asset, "w_640.auto").removeprefix(origin.public_url)
        started = ("edge", "dev", kind, "--port", str(port))
        # The origin's settings have names of the Worker's, and not all mean the same there.
        given = origin.environment | {
            "EDGEPROOF_KEY_RING": str(data / "keys" / "ring.json"),
            "EDGEPROOF_PUBLIC_TENANTS": "catalogue",
        }
        with program(tmp_path, given, *started, until="edge on") as (process, log):
            first, second = (httpx2.get(edge + target, timeout=30) for _ in range(2))
            assert first.status_code == 200
            assert first.content == httpx2.get(origin.public_url + target, timeout=30).content
            assert "miss" in first.headers["cache-status"]
            assert "hit" in second.headers["cache-status"]
            assert not (INNER | {"server-timing"}) & set(second.headers)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=START_S) == 0, log.read_text()
            assert "Traceback" not in log.read_text()
    with pytest.raises(httpx2.TransportError):
        httpx2.get(edge + target)


def test_edge_dev_switches_the_edge_lane_on_by_the_setting(tmp_path: Path) -> None:
    need("cloudflare")
    [port] = free_ports(1)
    edge = f"http://127.0.0.1:{port}"
    hosts = ",".join(("img.shop.example", *HOSTS))
    with server(tmp_path / "data", edge_secrets=SECRET, hosts=hosts, public_url=edge) as origin:
        asset = origin.asset(photo_jpeg(900, 600, 4))
        target = origin.url(asset, "w_320.jpg").removeprefix(origin.public_url)
        given = origin.environment | {"EDGEPROOF_EDGE_TRANSFORM": "on"}
        started = ("edge", "dev", "cloudflare", "--port", str(port))
        with program(tmp_path, given, *started, until="edge on"):
            made = httpx2.get(edge + target, timeout=30)
    assert (made.status_code, made.headers.get("edgeproof-lane")) == (200, "edge")


def test_edge_dev_says_how_to_start_an_origin_that_does_not_believe_it(tmp_path: Path) -> None:
    need("varnish")
    [port] = free_ports(1)
    with server(tmp_path / "data") as origin:
        refused = origin.run("edge", "dev", "varnish", "--port", str(port), check=False)
        assert refused.returncode == 1
        assert "does not believe this edge" in refused.stderr
        assert 'EDGEPROOF_EDGE_SECRETS="$(cat' in refused.stderr
        secret = tmp_path / "data" / "keys" / "edge.json"
        assert secret.stat().st_mode & 0o777 == 0o600
    away = origin.run("edge", "dev", "varnish", "--port", str(port), check=False)
    assert "no origin answers on" in away.stderr


def test_edge_dev_names_what_to_install(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "EDGEPROOF_DATA_DIR": str(tmp_path / "data")}
    for kind, package in (("varnish", "varnish"), ("cloudflare", "edge")):
        ran = subprocess.run(
            [sys.executable, "-m", "edgeproof", "edge", "dev", kind],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 1
        assert "missing: " in ran.stderr
        assert f"tools/{package}-packages" in ran.stderr


@pytest.mark.parametrize("kind", ["varnish", "cloudflare"])
def test_the_demo_hands_out_urls_that_go_through_the_edge(tmp_path: Path, kind: str) -> None:
    need(kind)
    public, private, port = free_ports(3)
    kept = {name: value for name, value in os.environ.items() if "EDGEPROOF" not in name}
    environment = kept | {
        "EDGEPROOF_DATA_DIR": str(tmp_path / "data"),
        "EDGEPROOF_PUBLIC_BIND": f"127.0.0.1:{public}",
        "EDGEPROOF_PRIVATE_BIND": f"127.0.0.1:{private}",
    }
    started = ("demo", "--quick", "--edge", kind, "--edge-port", str(port))
    with program(tmp_path, environment, *started, until="Ctrl-C") as (process, log):
        _wait_for(f"http://127.0.0.1:{private}/readyz")
        urls = [word for word in log.read_text().split() if "/v1/demo/" in word]
        assert len(urls) == 2
        assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in urls)
        _wait_for(urls[1])  # Varnish, which was there first, asks for health once a second
        for expected in ("miss", "hit"):
            answer = httpx2.get(urls[0], timeout=30)
            assert answer.status_code == 200
            assert expected in answer.headers["cache-status"]
            assert "cache-status" in answer.headers["access-control-expose-headers"].lower()
            assert not (INNER | {"server-timing"}) & set(answer.headers)
        gallery = f"http://127.0.0.1:{private}/gallery/"
        assert httpx2.get(f"{gallery}api/photos").json()["previews"] == f"http://127.0.0.1:{port}"
        assert f"127.0.0.1:{port}" in httpx2.get(gallery).headers["content-security-policy"]
        process.terminate()
        assert process.wait(timeout=30) == 0, log.read_text()
    with pytest.raises(httpx2.TransportError):
        httpx2.get(urls[0])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")
