"""Equal requests in one isolate share an answer, also once V8 has optimised how."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from tests.conftest import ROOT, missing
from tests.edge.isolate import isolate

TOGETHER = 30


def test_who_waits_goes_on_in_its_own_request_after_much_use(tmp_path: Path) -> None:
    """Optimised code loses whose promise it is: see edge/js/collapse.js."""
    if not (ROOT / "node_modules" / "workerd").is_dir():
        missing("workerd (tools/edge-packages)")
    names = ("tests/edge/js/collapse_worker.js", "edge/js/collapse.js")
    with isolate(tmp_path, [ROOT / name for name in names]) as base:
        answers: Counter[tuple[int, str]] = Counter()
        with ThreadPoolExecutor(TOGETHER) as pool, httpx2.Client(timeout=60) as http:
            for _ in range(3):
                assert http.get(f"{base}/warm").text == "warm"
                for answer in pool.map(lambda _: http.get(f"{base}/one"), range(TOGETHER)):
                    answers[(answer.status_code, answer.text)] += 1
    assert answers == {(200, "one"): 3 * TOGETHER}
