"""The proof page's addresses beside the gallery's, on loopback: four small answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cache_keys import policy
from edgeproof.gallery.guard import (
    GalleryRefusal,
    check_host,
    check_origin,
    check_type,
    page_headers,
)
from edgeproof.proof_page.desk import ProofDesk
from origin.errors import NotFound
from origin.flow.prints import Order
from origin.values import Tenant

BODY_BYTES_MAX = 4_096
Handler = Callable[[ProofDesk, Request], Awaitable[object]]


class OrderBody(BaseModel):
    """Which photo, on what."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    asset: str = Field(pattern=f"^{policy.HASH}$")
    product: str = Field(pattern=f"^{policy.NAME}~{policy.VER}$")
    design: str | None = Field(None, pattern=f"^{policy.HASH}$")


def routes(desk: ProofDesk) -> list[Route]:
    """Return the routes; mount them only where the gallery is."""
    headers = page_headers(desk.origin.settings.base_url)

    def bound(handler: Handler, *, is_change: bool = False) -> Any:
        async def endpoint(request: Request) -> Response:
            check_host(request)
            if is_change:
                check_origin(request)
                check_type(request, "application/json")
            content = json.dumps(await handler(desk, request))
            return Response(content, 200, headers, media_type="application/json")

        return endpoint

    api = "/gallery/api"
    return [
        Route(f"{api}/products", bound(_products), methods=["GET"]),
        Route(f"{api}/proofs/{{tenant}}", bound(_proof, is_change=True), methods=["POST"]),
        Route(f"{api}/prints/{{tenant}}", bound(_order, is_change=True), methods=["POST"]),
        Route(f"{api}/prints/{{tenant}}/{{print}}", bound(_look), methods=["GET"]),
    ]


async def _products(desk: ProofDesk, request: Request) -> object:
    del request
    return {"products": desk.products()}


async def _proof(desk: ProofDesk, request: Request) -> object:
    return await desk.proof(await _tenant(desk, request), await _asked(request))


async def _order(desk: ProofDesk, request: Request) -> object:
    return await desk.order(await _tenant(desk, request), await _asked(request))


async def _look(desk: ProofDesk, request: Request) -> object:
    return await desk.look(await _tenant(desk, request), request.path_params["print"])


async def _tenant(desk: ProofDesk, request: Request) -> Tenant:
    """Return the demo's shop: the page has no other."""
    from edgeproof.gallery_service import DEMO

    name = request.path_params["tenant"]
    tenant = await desk.origin.stores.records.tenant(name) if name == DEMO else None
    if tenant is None:
        raise NotFound("tenant.unknown")
    return tenant


async def _asked(request: Request) -> Order:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise GalleryRefusal("gallery.body", 413, "The body is too large.")
    try:
        asked = OrderBody.model_validate_json(body)
    except ValidationError as error:
        words = "The body must be {asset, product, design}."
        raise GalleryRefusal("gallery.order", 400, words) from error
    return Order(asked.asset, asked.product, asked.design)
