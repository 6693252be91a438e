"""`make run EDGE=varnish`: a purge from another terminal reaches the demo's Varnish by itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from edge.local_varnish import find_missing
from edgeproof.demo_purge import MARK
from tests.conftest import missing
from tests.system.demo import running_demo
from tests.system.server import free_ports

pytestmark = pytest.mark.xdist_group("demo")


def test_a_purge_beside_the_demo_is_verified_through_its_varnish(tmp_path: Path) -> None:
    what = find_missing()
    if what is not None:
        missing(what)
    port = str(free_ports(1)[0])
    with running_demo(tmp_path, "--edge", "varnish", "--edge-port", port) as demo:
        (url, *_) = re.findall(rf"http://127\.0\.0\.1:{port}/v1/demo/\S+", demo.said())
        asset = url.split("/")[5]
        first = httpx2.get(url, headers={"accept": "image/webp"})
        assert first.headers["edgeproof-generation"] == "0"
        words = ("purge", "asset", asset, "--tenant", "demo", "--hard", "--verify", "--json")
        done = subprocess.run(
            [sys.executable, "-m", "edgeproof", *words],
            env=demo.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        document: Any = json.loads(done.stdout)
        assert [part["provider"] for part in document["providers"]] == ["demo"]
        assert [edge["verdict"] for edge in document["proof"]["edges"]] == ["gone"]
        again = httpx2.get(url, headers={"accept": "image/webp"})
        assert again.headers["edgeproof-generation"] == "1"
    assert not (tmp_path / "data" / "purge.toml").exists(), "the next start has another edge"


def test_a_configuration_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    from edgeproof.demo_purge import forget, purgeable
    from edgeproof.settings import Settings

    settings = Settings(data_dir=tmp_path)
    own = tmp_path / "purge.toml"
    own.write_text('[[dry_run]]\nname = "mine"\n')
    with purgeable(settings, 8090) as same:
        assert same.purge_secret is None
    forget(settings)
    assert own.read_text().startswith("[[dry_run]]")
    own.write_text(f"{MARK}\n")
    forget(settings)
    assert not own.exists()
