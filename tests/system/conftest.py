"""One server for the tests that do not disturb it, and photos to put in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.photos import photo_jpeg
from tests.system.server import Server, server


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that shows details, as `make run` does."""
    with server(tmp_path_factory.mktemp("server"), exposes_details="true") as running:
        yield running


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A detailed 3 MP JPEG."""
    return photo_jpeg(2001, 1501, 1)


@pytest.fixture(scope="session")
def asset(running_server: Server, photo: bytes) -> str:
    """That photo, taken in."""
    return running_server.asset(photo)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder for a server of the test's own."""
    return tmp_path / "data"
