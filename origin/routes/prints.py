"""Prints on the private listener: order, look, resume, and the download of a signed link."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cache_keys import policy
from cache_keys.keyring import Ring
from origin.errors import BadDocument, NotFound, OriginError
from origin.flow.intake import REFERENCE
from origin.flow.print_archive import CHECKS, FILE, RECIPE, PrintFiles
from origin.flow.print_urls import NAMES, ROOT, PrintPath, open_print, sign_print
from origin.flow.prints import Order, Prints
from origin.headers import etag, repr_digest
from origin.ports import TenantRecords, TokenRecords
from origin.prints import PROGRESS_PERCENT, PrintFile, PrintRecord, PrintRequest, PrintState
from origin.routes.private import body_of, json_answer, permitted

PRINT_ORDERED: Final = "print_ordered"
PRINT_FETCHED: Final = "print_fetched"
BODY_BYTES_MAX: Final = 4_096
KEY_CHARS_MAX: Final = 255
#: Parts of a print beside its file, by the name in their links.
DOCUMENTS: Final = {RECIPE: "application/json", CHECKS: "application/json"}


class OrderBody(BaseModel):
    """The body of POST …/prints."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    asset: str = Field(pattern=f"^{policy.HASH}$")
    product: str = Field(pattern=f"^{policy.NAME}(~{policy.VER})?$")
    design: str | None = Field(None, pattern=f"^{policy.HASH}$")
    owner: str | None = Field(None, pattern=f"^{REFERENCE.pattern}$")


@dataclass(frozen=True, slots=True)
class PrintLinks:
    """Makes download links. ring: asked each time. base: scheme and host. life_s: of one link."""

    ring: Callable[[], Ring]
    base: str
    life_s: int

    def link(self, record: PrintRecord, name: str) -> str:
        """Return an absolute link to one part of a print."""
        path = PrintPath(record.tenant, record.print_id, name)
        now_s = int(time.time())
        return self.base + sign_print(path, self.ring(), now_s=now_s, life_s=self.life_s)


@dataclass(frozen=True, slots=True)
class PrintApi:
    """What the routes call, wired once. links: None where there are no keys for them."""

    tenants: TenantRecords
    tokens: TokenRecords
    prints: Prints
    files: PrintFiles
    links: PrintLinks | None
    wake: Callable[[], None]
    logger: Any  # structlog's own type


Handler = Callable[[PrintApi, Request], Awaitable[Response]]


def api_routes(api: PrintApi) -> list[Route]:
    """Return the routes of orders."""
    prints = "/api/v1/tenants/{tenant}/prints"
    return [
        Route(prints, _bound(api, post_print), methods=["POST"]),
        Route(f"{prints}/{{print}}", _bound(api, get_print), methods=["GET"]),
        Route(f"{prints}/{{print}}/resume", _bound(api, post_resume), methods=["POST"]),
    ]


def download_routes(api: PrintApi) -> list[Route]:
    """Return the route that links lead to."""
    return [Route(f"{ROOT}{{rest:path}}", _bound(api, get_file), methods=["GET", "HEAD"])]


def _bound(api: PrintApi, handler: Handler) -> Any:
    async def endpoint(request: Request) -> Response:
        return await handler(api, request)

    return endpoint


async def post_print(api: PrintApi, request: Request) -> Response:
    """Order a print: 201, or 200 for one that was ordered before."""
    tenant = await permitted(api, request, "prints")
    body = await _body(request)
    order = _order(body)
    try:
        record, is_new = await api.prints.order(tenant, order, _request(request, body))
    except OriginError as refused:
        api.logger.info(PRINT_ORDERED, tenant=tenant.name, code=refused.code, product=order.product)
        raise
    if is_new:
        api.wake()
    api.logger.info(
        PRINT_ORDERED,
        tenant=tenant.name,
        print=record.print_id,
        product=record.product,
        lane=record.lane.value,
        new=is_new,
    )
    answer = json_answer(document_of(record, api.links), 201 if is_new else 200)
    answer.headers["location"] = f"/api/v1/tenants/{tenant.name}/prints/{record.print_id}"
    return answer


async def get_print(api: PrintApi, request: Request) -> Response:
    """Say where a print is, with download links when it is done."""
    tenant = await permitted(api, request, "prints")
    record = await api.prints.find(tenant.name, request.path_params["print"])
    return json_answer(document_of(record, api.links), 200)


async def post_resume(api: PrintApi, request: Request) -> Response:
    """Put a paused or refused print back into the queue."""
    tenant = await permitted(api, request, "prints")
    record = await api.prints.resume(tenant.name, request.path_params["print"])
    api.wake()
    return json_answer(document_of(record, api.links), 200)


async def get_file(api: PrintApi, request: Request) -> Response:
    """Return one part of a print to whoever has a link: private, kept by nobody."""
    if api.links is None:
        raise NotFound("api.unknown")
    now_s = int(time.time())
    asked = open_print(request.url.path, request.url.query, api.links.ring(), now_s=now_s)
    record = await api.prints.find(asked.tenant, asked.print_id)
    if record.state is not PrintState.DONE or record.file is None:
        raise BadDocument("print.unfinished", f"This print is {record.state.value}.")
    part, media_type, name = _part(asked.name, record, record.file)
    content = await api.files.part(record, part)
    api.logger.info(
        PRINT_FETCHED, tenant=record.tenant, print=record.print_id, part=part, bytes=len(content)
    )
    digest = hashlib.sha256(content).hexdigest()
    headers = {
        "cache-control": "private, no-store",
        "content-disposition": f'attachment; filename="{name}"',
        "etag": etag(digest).decode(),
        "repr-digest": repr_digest(digest).decode(),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        "x-robots-tag": "noindex",
    }
    return Response(content, 200, headers, media_type=media_type)


def document_of(record: PrintRecord, links: PrintLinks | None) -> dict[str, object]:
    """Return what the API says of a print."""
    document: dict[str, object] = {
        "print": record.print_id,
        "state": record.state.value,
        "step": record.step.value,
        "progress_percent": PROGRESS_PERCENT[record.step],
        "lane": record.lane.value,
        "product": record.product,
        "assets": list(record.assets),
        "design": record.design,
        "engine": record.engine,
        "attempts": record.attempts,
        "created_at_s": record.created_at_s,
        "updated_at_s": record.updated_at_s,
    }
    if record.code:
        document |= {"code": record.code, "detail": record.words}
    if record.file is not None:
        document["file"] = {**_file(record.file), **_links(record, record.file, links)}
    return document


def _file(file: PrintFile) -> dict[str, object]:
    return {
        "media_type": file.media_type,
        "sha256": file.sha256,
        "bytes": file.size_bytes,
        "width": file.width_px,
        "height": file.height_px,
    }


def _links(record: PrintRecord, file: PrintFile, links: PrintLinks | None) -> dict[str, object]:
    if links is None:
        return {}
    return {
        "url": links.link(record, NAMES[file.media_type]),
        "recipe_url": links.link(record, RECIPE),
        "checks_url": links.link(record, CHECKS),
        "urls_end_at_s": int(time.time()) + links.life_s,
    }


def _part(name: str, record: PrintRecord, file: PrintFile) -> tuple[str, str, str]:
    """Return the part that a link's name means, its media type, and what to call the file."""
    start = record.print_id[:12]
    if name == NAMES[file.media_type]:
        product = record.product.replace("~", "-")
        return FILE, file.media_type, f"{product}-{start}{name.removeprefix('print')}"
    if name in DOCUMENTS:
        return name, DOCUMENTS[name], f"{start}-{name}"
    raise NotFound("api.unknown")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in body_of(request):
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise BadDocument("api.body_too_large")
    return bytes(body)


def _order(body: bytes) -> Order:
    try:
        asked = OrderBody.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = "/".join(str(part) for part in first["loc"])
        raise BadDocument("api.body", f"{first['msg']}.", field=field or None) from error
    return Order(asked.asset, asked.product, asked.design, asked.owner)


def _request(request: Request, body: bytes) -> PrintRequest | None:
    """Return the order's Idempotency-Key, if it has one; raises BadDocument "api.parameter"."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_CHARS_MAX:
        words = f"An Idempotency-Key has 1 to {KEY_CHARS_MAX} characters."
        raise BadDocument("api.parameter", words, field="Idempotency-Key")
    digest = hashlib.sha256
    return PrintRequest(digest(key.encode()).hexdigest(), digest(body).hexdigest())
