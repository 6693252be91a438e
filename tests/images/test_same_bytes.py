"""Twenty fresh processes, one answer: equal bytes for equal keys."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from origin.render.levels import LEVELS

RUNS = 20
LOOKS = ["whole photo", "tilt"]
"""One picture of each way to make px; the others are held by tests/golden."""
CODE = """
import sys, pathlib, tests.golden.pictures as pictures
print(pictures.report(pathlib.Path(sys.argv[1]), sys.argv[2:]))
"""


def test_twenty_fresh_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """JPEG, WebP, PNG and AVIF both ways, and the masters; two processes at a time."""

    def run(_: int) -> str:
        command = [sys.executable, "-c", CODE, str(tmp_path), *LOOKS]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    first = run(0)  # writes the photo
    with ThreadPoolExecutor(2) as pool:
        reports = [first, *pool.map(run, range(1, RUNS))]
    made = json.loads(reports[0])["digests"]
    # The photo, its masters, each look in four formats.
    assert len(made) == 1 + len(LEVELS) + 4 * len(LOOKS)
    assert set(reports) == {reports[0]}
