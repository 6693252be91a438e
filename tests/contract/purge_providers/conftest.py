"""The providers of one suite: real clients, the double of both vendors, a real Varnish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from edge.local_varnish import find_missing
from purge.ports import Provider
from tests.conftest import missing
from tests.contract.purge_providers.place import KINDS, opened, place_of
from tests.edge.cdn import Cdn, running_cdn


@pytest.fixture(scope="session")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cdn]:
    what = find_missing()
    if what is not None:
        missing(what)
    with running_cdn(tmp_path_factory.mktemp("cdn")) as running:
        yield running


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def provider(kind: str, cdn: Cdn) -> AsyncIterator[Provider]:
    opened_here = opened(kind, place_of(kind, cdn))
    yield opened_here
    await opened_here.close()
    cdn.calm()
