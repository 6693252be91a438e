"""The shop in memory and its client."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.unit.gallery.shop import Shop, client_of


@pytest.fixture
def shop() -> Shop:
    """An in-memory demo shop."""
    return Shop()


@pytest.fixture
def client(shop: Shop) -> TestClient:
    """A client on loopback."""
    return client_of(shop)
