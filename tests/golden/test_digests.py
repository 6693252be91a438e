"""The digests of a set of pictures under the engine that made them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.golden.pictures import report

KEPT = Path(__file__).parent / "digests.json"


def test_the_engine_makes_the_bytes_that_it_made_before(tmp_path: Path) -> None:
    """Bytes that change under one engine name would sit beside the old ones under one key.

    When they have to change: raise PIPELINE_REVISION, then
    ``python -m tests.golden.pictures /tmp tests/golden/digests.json``.
    """
    kept = json.loads(KEPT.read_text())
    found = json.loads(report(tmp_path))
    if kept["engine"] != found["engine"]:
        pytest.skip(f"golden digests are of {kept['engine']}, this engine is {found['engine']}")
    assert found["digests"] == kept["digests"]
