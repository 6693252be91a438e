"""Builds programs of Fastly Compute by its own compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import ROOT, missing
from tests.edge.js_worker import environment, node

FASTLY = ROOT / "edge" / "fastly"


def build(source: Path, wasm: Path) -> str:
    """Build a program and return what its engine printed meanwhile."""
    compiler = FASTLY / "node_modules/@fastly/js-compute/dist/cli/js-compute-runtime-cli.js"
    if not compiler.is_file():
        missing("@fastly/js-compute (tools/edge-packages)")
    ran = subprocess.run(
        [node(), str(compiler), "--enable-http-cache", str(source), str(wasm)],
        cwd=FASTLY,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout + ran.stderr
