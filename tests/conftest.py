"""What every test may rest on: the corpus, and the rule about missing parts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.postgres import bare_postgres_url, postgres_cluster, postgres_url
from tests.s3 import s3_credentials, s3_gateway, s3_store

__all__ = [
    "bare_postgres_url",
    "postgres_cluster",
    "postgres_url",
    "s3_credentials",
    "s3_gateway",
    "s3_store",
]

ROOT = Path(__file__).parents[1]


#: Tests of real processes, which a busy machine may starve. Each gets one more try, and the summary
#: says which one needed it.
SECOND_TRY = ("tests/edge/", "tests/system/", "tests/faults/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that may be tried twice."""
    for item in items:
        if item.nodeid.startswith(SECOND_TRY):
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=1))


def missing(what: str) -> None:
    """Skip with a line that names the missing part; under EDGEPROOF_REQUIRE_ALL=1 fail instead."""
    if os.environ.get("EDGEPROOF_REQUIRE_ALL") == "1":
        pytest.fail(f"missing and required: {what}")
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real and hostile images; says so loudly when it is absent."""
    folder = Path(os.environ.get("EDGEPROOF_CORPUS", str(ROOT / "../shared/corpus"))).resolve()
    if not (folder / "manifest.tsv").is_file():
        missing(f"the image corpus, EDGEPROOF_CORPUS={folder}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path is not None:
            return path
    missing("Chromium (Debian package chromium)")
    raise AssertionError


@pytest.fixture(scope="session")
def exiftool() -> str:
    """The path of exiftool."""
    path = shutil.which("exiftool")
    if path is None:
        missing("exiftool (Debian package libimage-exiftool-perl)")
        raise AssertionError
    return path
