"""Prints over the real API: ordered, made, fetched by a link, refused with a code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from origin.decode.libvips import pyvips
from tests.images.photos import photo_jpeg
from tests.system.printing import ended, look, order, plain, printed, resume
from tests.system.server import TENANT, Server, server


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("prints")) as running:
        yield running


@pytest.fixture(scope="module")
def asset(shop: Server) -> str:
    return shop.asset(photo_jpeg(1824, 1224, 5))


def test_a_print_is_made_and_its_link_gives_a_private_file(shop: Server, asset: str) -> None:
    document, content = printed(shop, asset=asset, product="photo-10x15~1")
    assert (document["lane"], document["progress_percent"]) == ("fast", 100)
    assert hashlib.sha256(content).hexdigest() == document["file"]["sha256"]
    image = pyvips.Image.jpegload_buffer(content)
    assert (image.width, image.height) == (document["file"]["width"], document["file"]["height"])
    answer = shop.http.get(document["file"]["url"])
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    for name in ("recipe_url", "checks_url"):
        assert shop.http.get(document["file"][name]).json()["schema"] == 1
