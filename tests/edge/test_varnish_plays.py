"""The plays of varnish_plays/: one for each rule that needs a sequence, on a real varnishd."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from cache_keys import parse_ring, read_target, sign
from cache_keys.proof import make_proof
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from tests.conftest import missing
from tests.edge.varnish import site_vcl, write_conf
from tests.system.server import free_ports

PLAYS = Path(__file__).parent / "varnish_plays"
HOST = "img.shop.example"
ASSET = "b" * 51 + "q"
SECRET, OWN, EDGE = "5e" * 32, "0a" * 32, "0b" * 32
RING = parse_ring(b'{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % (b"c" * 64))


@dataclass(frozen=True, slots=True)
class Stage:
    """The folders of VCL that a play may start, and the words that it may use."""

    port: int
    words: dict[str, str]


def signed(path: str, exp: int, *, now: int) -> str:
    target = read_target(path.encode())
    return sign(target, RING, "k1", exp, now=now, scope="")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    what = find_missing()
    if what is not None or shutil.which("varnishtest") is None:
        missing(what or "varnishtest (tools/varnish-packages)")
    (port,) = free_ports(1)
    now = int(time.time())
    public, private = f"/v1/catalogue/{ASSET}", f"/v1/acme/{ASSET}"
    words = {
        "port": str(port),
        "asset": ASSET,
        "path": f"{public}/w_640.jpg",
        "other": f"{public}/w_320.jpg",
        "private": f"{private}/w_640.webp",
        "signed": signed(f"{private}/w_640.webp", now + 3600, now=now),
        "signed_auto": signed(f"{private}/w_600.auto", now + 7 * 86_400, now=now),
        "expired": signed(f"{private}/w_640.webp", now - 31, now=now - 100),
        "secret": SECRET,
        "kept": "max-age=31536000, stale-while-revalidate=86400, stale-if-error=604800",
        "proof": make_proof("e1", EDGE.encode(), "GET", HOST, f"{public}/w_640.jpg", now=now),
        "proof_master": make_proof(
            "e1", EDGE.encode(), "GET", HOST, f"{public}/t_edge~1.jpg", now=now
        ),
    }
    plain = Secrets(RING, ("e1", OWN), SECRET)
    for name, secrets, purger in (
        ("conf", plain, "127.0.0.1"),
        ("elsewhere", plain, "192.0.2.1"),
        ("shield", Secrets(RING, ("e1", OWN), SECRET, {"e1": EDGE}), "127.0.0.1"),
    ):
        site = site_vcl(port, host=HOST, purgers=[purger], is_probed=False)
        write_conf(
            tmp_path / name,
            site=site,
            deployment=Deployment((HOST,), {"catalogue": 604800}),
            secrets=secrets,
        )
        words[name] = str(tmp_path / name)
    return Stage(port, words)


@pytest.mark.parametrize("play", sorted(PLAYS.glob("*.vtc")), ids=lambda play: play.stem)
def test_the_play_goes_as_written(play: Path, stage: Stage) -> None:
    macros = [f"-D{name}={text}" for name, text in stage.words.items()]
    command = ["varnishtest", "-t", "30", *macros, str(play)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    wrong = [line for line in ran.stdout.splitlines() if line.startswith("----")]
    assert ran.returncode == 0, "\n".join(wrong)
