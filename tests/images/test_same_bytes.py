from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

RUNS = 20


def test_twenty_fresh_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """JPEG, WebP, PNG and AVIF by every path, and the masters; two processes at a time."""

    def run(_: int) -> str:
        command = [sys.executable, "-m", "tests.golden.pictures", str(tmp_path)]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    first = run(0)  # writes the photo
    with ThreadPoolExecutor(2) as pool:
        reports = [first, *pool.map(run, range(1, RUNS))]
    assert len(json.loads(reports[0])["digests"]) > 25
    assert set(reports) == {reports[0]}
