"""A demo shop in memory: the gallery's backend without an origin, and a client of its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.applications import Starlette
from starlette.testclient import TestClient

from edgeproof.gallery.backend import PhotoCard, PresetCard
from edgeproof.gallery.routes import routes
from origin.errors import PhotoRefused
from origin.routes.private import HANDLERS

HERE = "http://127.0.0.1:8081"
LAKE = PhotoCard(
    tenant="demo",
    asset="lake",
    name="lake.jpg",
    width_px=4032,
    height_px=3024,
    size_bytes=2_000_000,
    format="jpeg",
    profile="sRGB",
    warnings=("a warning",),
    dominant="aabbcc",
)


class Shop:
    """Implements the gallery's backend; ``calls`` are the changes that were asked for."""

    preview_origin = "http://127.0.0.1:8080"

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    async def photos(self) -> Sequence[PhotoCard]:
        """Return the one photo."""
        return [LAKE]

    async def presets(self) -> Sequence[PresetCard]:
        """Return the one preset."""
        return [PresetCard("demo", "t_card~3", "w_640")]

    def sign(self, path: str) -> str:
        """Return the path with a signature that is none."""
        self.calls.append(("sign", path))
        return f"{self.preview_origin}{path}?sig=1"

    def sign_asset(self, tenant: str, asset: str) -> str:
        """Return a query that names whom it is for."""
        return f"scope=asset&for={tenant}.{asset}"

    async def post_design(self, tenant: str, body: bytes) -> Mapping[str, object]:
        """Keep the document."""
        self.calls.append((tenant, body))
        return {"design": "d1"}

    async def upload(self, chunks: AsyncIterator[bytes], name: str) -> PhotoCard:
        """Keep the bytes; refuse what does not begin as a JPEG."""
        body = b"".join([chunk async for chunk in chunks])
        if not body.startswith(b"\xff\xd8"):
            raise PhotoRefused("photo.format")
        self.calls.append((name, body))
        return LAKE


def client_of(shop: Shop) -> TestClient:
    """Return a client of the gallery's routes, mounted as the private listener mounts them."""
    app = Starlette(routes=[*routes(shop)], exception_handlers=HANDLERS)
    return TestClient(app, base_url=HERE, follow_redirects=False)
