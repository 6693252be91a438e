"""The Fastly Compute service: built to wasm, and run where Viceroy is. Its vectors: columns.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from edge.local import started
from tests.conftest import missing
from tests.edge.compute import FASTLY, build
from tests.edge.js_worker import environment, node, script, wait_for, worker_secrets
from tests.images.photos import photo_jpeg
from tests.system.server import free_ports, server

WASM_MAGIC = b"\0asm"
SECRETS = {"e1": "5e" * 32}
DRESS = ("content-type", "cache-control", "etag", "vary", "content-range", "allow")
INNER = {"surrogate-key", "cache-tag", "xkey", "cdn-cache-control", "surrogate-control", "age"}


#: Method, what is asked, fields, status: as the origin answers a browser.
ASKED: tuple[tuple[str, str, dict[str, str], int], ...] = (
    ("GET", "{target}", {"accept": "image/avif,image/webp"}, 200),
    ("HEAD", "{target}", {}, 200),
    ("GET", "{target}", {"range": "bytes=0-99"}, 206),
    ("GET", "{target}", {"range": "bytes=0-1,5-6"}, 200),
    ("GET", "{target}", {"if-none-match": "*"}, 304),
    ("GET", "{target}", {"cookie": "a=b", "authorization": "x", "x-original-url": "/x"}, 200),
    ("GET", "{target}&utm_source=x", {}, 200),
    ("GET", "{target}&exp=1", {}, 400),
    ("GET", "{path}", {}, 403),
    ("GET", "/print/v1/acme/x", {}, 404),
    ("POST", "{target}", {}, 405),
)


def test_the_service_builds_to_wasm(tmp_path: Path) -> None:
    wasm = tmp_path / "main.wasm"
    build(FASTLY / "index.js", wasm)
    assert wasm.read_bytes()[:4] == WASM_MAGIC


def test_the_types_hold() -> None:
    if not (FASTLY / "node_modules").is_dir():
        missing("@fastly/js-compute (tools/edge-packages)")
    ran = subprocess.run(
        [node(), str(script("typescript", "bin", "tsc")), "-p", str(FASTLY)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_the_manifest_names_secrets_and_holds_none() -> None:
    text = (FASTLY / "fastly.toml").read_text()
    manifest = tomllib.loads(text)
    assert set(manifest["setup"]["secret_stores"]) == {"edgeproof"}
    local = manifest["local_server"]["secret_stores"]["edgeproof"]
    assert [set(secret) for secret in local] == [{"key", "env"}, {"key", "env"}]


def test_requests_go_through_viceroy_to_the_real_origin(tmp_path: Path) -> None:
    viceroy = shutil.which("viceroy")
    if viceroy is None:
        pytest.skip("missing: viceroy (cargo install viceroy, 20 minutes and more; docs/edges.md)")
    wasm = tmp_path / "main.wasm"
    build(FASTLY / "index.js", wasm)
    with server(tmp_path / "origin", edge_secrets=json.dumps(SECRETS), hosts="127.0.0.1") as origin:
        asset = origin.asset(photo_jpeg(801, 601, 1))
        manifest = (FASTLY / "fastly.toml").read_text()
        (tmp_path / "fastly.toml").write_text(
            manifest.replace("127.0.0.1:8080", f"127.0.0.1:{origin.public_port}")
        )
        ring = worker_secrets(origin.data_dir / "keys" / "ring.json", SECRETS)
        [port] = free_ports(1)
        command = [viceroy, "-C", str(tmp_path / "fastly.toml"), "--addr", f"127.0.0.1:{port}"]
        log = tmp_path / "viceroy.log"
        with started([*command, str(wasm)], log, environment() | ring) as process:
            base = f"http://127.0.0.1:{port}"
            wait_for(f"{base}/", process, log)
            target = origin.url(asset, "w_640.auto").removeprefix(origin.public_url)
            for method, template, fields, status in ASKED:
                asked = template.format(target=target, path=target.partition("?")[0])
                edge, direct = (
                    origin.http.request(method, at + asked, headers=fields)
                    for at in (base, origin.public_url)
                )
                said = (method, asked, fields)
                assert (edge.status_code, edge.content) == (status, direct.content), said
                for name in DRESS:
                    assert edge.headers.get(name) == direct.headers.get(name), (said, name)
                assert INNER.isdisjoint(edge.headers)
