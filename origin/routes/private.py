"""The private listener: the shop's API, health, readiness, metrics. Never open to the public."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from cache_keys.errors import Refusal
from origin.errors import BadDocument, Gone, NotFound, OriginError, PhotoRefused
from origin.flow.intake import REFERENCE, Intake, Upload
from origin.flow.personalize import Personalize, StoredDesign
from origin.flow.respond import plain_refusal
from origin.flow.tokens import authorize_token
from origin.headers import METHOD_NOT_ALLOWED, Answer, problem
from origin.ports import AssetRecords, TenantRecords, TokenRecords
from origin.routes.observe import Metrics
from origin.values import Asset, Tenant

PHOTO_TAKEN = "photo_taken"
DESIGN_TAKEN = "design_taken"
#: Widths of the URLs that come with an answer: a list, a phone, a page.
READY_WIDTHS_PX = (320, 640, 1280)
#: Longest silence within a body, in seconds.
BODY_IDLE_S = 30.0
#: The idle time is counted in such steps: a clock set again for each chunk costs more than it.
IDLE_STEP_S = 0.5
#: Bytes that are handed on at once; a network chunk is 16 to 256 kB.
PIECE_BYTES = 1 << 20
#: Longest time for all of a small body, where no setting says otherwise, in seconds.
BODY_DEADLINE_S = 300.0

#: Makes ready, signed URLs: (tenant, asset, ops with ext) to an absolute URL.
Sign = Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True)
class Api:
    """What the API's routes call, wired once. ``problems`` names what is wrong with the host."""

    tenants: TenantRecords
    tokens: TokenRecords
    assets: AssetRecords
    intake: Intake
    personalize: Personalize
    sign: Sign
    metrics: Metrics
    exposition: Callable[[], bytes]
    problems: Callable[[], Awaitable[dict[str, str]]]
    facts: Callable[[], dict[str, object]]
    logger: Any  # structlog's own type
    design_bytes_max: int
    upload_bytes_max: int
    body_deadline_s: float


def routes(api: Api) -> list[Route]:
    """Return the routes of the API."""
    tenant = "/api/v1/tenants/{tenant}"

    def bound(handler: Callable[[Api, Request], Awaitable[Response]]) -> Any:
        async def endpoint(request: Request) -> Response:
            return await handler(api, request)

        return endpoint

    return [
        Route(f"{tenant}/assets", bound(post_asset), methods=["POST"]),
        Route(f"{tenant}/assets/{{asset}}", bound(get_asset), methods=["GET"]),
        Route(f"{tenant}/designs", bound(post_design), methods=["POST"]),
        Route("/healthz", bound(get_health), methods=["GET"]),
        Route("/readyz", bound(get_readiness), methods=["GET"]),
        Route("/metrics", bound(get_metrics), methods=["GET"]),
    ]


async def post_asset(api: Api, request: Request) -> Response:
    """Take one photo in: the body is the file, ``?owner=`` whose it is, ``?project=`` what for."""
    tenant = await permitted(api, request, "assets")
    query = request.query_params
    upload = Upload(
        tenant,
        owner=query.get("owner", ""),
        project=query.get("project"),
        retention=query.get("retention", "project"),
    )
    try:
        if _announced_bytes(request) > api.upload_bytes_max:
            raise PhotoRefused("photo.too_large", log="by its Content-Length")
        taken = await api.intake.take(upload, body_of(request, deadline_s=api.body_deadline_s))
    except OriginError as refused:
        api.metrics.uploads.labels(refused.code).inc()
        api.logger.info(PHOTO_TAKEN, tenant=tenant.name, code=refused.code, reason=refused.log)
        raise
    asset = taken.asset
    api.metrics.uploads.labels("ok").inc()
    api.metrics.upload_bytes.inc(asset.size_bytes)
    api.logger.info(
        PHOTO_TAKEN, tenant=tenant.name, asset=asset.asset, bytes=asset.size_bytes, new=taken.is_new
    )
    return json_answer(asset_document(asset, api.sign), 201 if taken.is_new else 200)


async def get_asset(api: Api, request: Request) -> Response:
    """Return the record of a photo, without capture data."""
    tenant = await permitted(api, request, "assets")
    asset = await api.assets.asset(tenant.name, request.path_params["asset"])
    if asset is None or asset.is_erased:
        raise NotFound("asset.unknown") if asset is None else Gone("asset.erased")
    return json_answer(asset_document(asset, api.sign), 200)


async def post_design(api: Api, request: Request) -> Response:
    """Take a design in; answer its id and ready URLs."""
    tenant = await permitted(api, request, "designs")
    body = bytearray()
    async for chunk in body_of(request, deadline_s=api.body_deadline_s):
        body += chunk
        if len(body) > api.design_bytes_max:
            raise BadDocument("api.body_too_large")
    owner = request.query_params.get("owner", "")
    if owner and not REFERENCE.fullmatch(owner):
        raise BadDocument("api.owner", field="owner")
    stored = await api.personalize.take(tenant, bytes(body), owner=owner)
    api.logger.info(DESIGN_TAKEN, tenant=tenant.name, design=stored.design, asset=stored.asset)
    return json_answer(design_document(tenant.name, stored, api.sign), 201)


async def get_health(api: Api, request: Request) -> Response:
    """Say that the process answers; readiness says more."""
    del api, request
    return Response(status_code=200, headers={"cache-control": "no-store"})


async def get_readiness(api: Api, request: Request) -> Response:
    """Say whether everything that we rest on is there, and what is wrong where it is not."""
    del request
    problems = await api.problems()
    document = {"ready": not problems, "problems": problems, **api.facts()}
    return json_answer(document, 503 if problems else 200)


async def get_metrics(api: Api, request: Request) -> Response:
    """Return the counters in Prometheus' text format."""
    del request
    return Response(api.exposition(), media_type=CONTENT_TYPE_LATEST)


def asset_document(asset: Asset, sign: Sign) -> dict[str, object]:
    """Return what the API says of a photo: its id, facts, warnings and ready URLs."""
    photo = asset.photo
    return {
        "asset": asset.asset,
        "width": photo.width_px,
        "height": photo.height_px,
        "bytes": asset.size_bytes,
        "format": photo.format,
        "profile": photo.profile_name,
        "profile_status": photo.profile_status.value,
        "warnings": list(asset.warnings),
        "thumbhash": asset.thumbhash,
        "dominant": asset.dominant,
        "urls": {
            "info": sign(asset.tenant, asset.asset, "info.json"),
            **_ready_urls(asset.tenant, asset.asset, "", sign),
        },
    }


def design_document(tenant: str, stored: StoredDesign, sign: Sign) -> dict[str, object]:
    """Return what the API says of a design: its id, its photo and ready URLs."""
    urls = _ready_urls(tenant, stored.asset, f"d_{stored.design},", sign)
    return {"design": stored.design, "asset": stored.asset, "urls": urls}


def _ready_urls(tenant: str, asset: str, ops: str, sign: Sign) -> dict[str, str]:
    return {str(width): sign(tenant, asset, f"{ops}w_{width}.auto") for width in READY_WIDTHS_PX}


class Gate(Protocol):
    """What decides who may do what."""

    @property
    def tenants(self) -> TenantRecords:
        """Return the shops."""

    @property
    def tokens(self) -> TokenRecords:
        """Return the tokens."""


async def permitted(api: Gate, request: Request, scope: str) -> Tenant:
    """Return the shop of a request whose token may do this; raises Unauthorized, NotFound."""
    name = request.path_params["tenant"]
    await authorize_token(
        api.tokens, request.headers.get("authorization"), tenant=name, scope=scope
    )
    tenant = await api.tenants.tenant(name)
    if tenant is None:
        raise NotFound("tenant.unknown")
    if tenant.is_suspended:
        raise NotFound("tenant.suspended")
    return tenant


def _announced_bytes(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


async def body_of(request: Request, *, deadline_s: float = BODY_DEADLINE_S) -> AsyncIterator[bytes]:
    """Read the body; a client that goes away, stalls or drips is told so and holds nothing."""
    chunks = request.stream()
    now_s = asyncio.get_running_loop().time
    ends_at_s = now_s() + deadline_s
    try:
        chunk: bytes | None = b""
        while chunk is not None:
            gathered: list[bytes] = []
            waits_from_s, count = now_s(), 0
            async with asyncio.timeout_at(min(waits_from_s + BODY_IDLE_S, ends_at_s)) as patience:
                while count < PIECE_BYTES and (chunk := await anext(chunks, None)) is not None:
                    gathered.append(chunk)
                    count += len(chunk)
                    if now_s() - waits_from_s > IDLE_STEP_S:
                        waits_from_s = now_s()
                        patience.reschedule(min(waits_from_s + BODY_IDLE_S, ends_at_s))
            if count:
                yield b"".join(gathered)
    except TimeoutError as stalled:
        raise BadDocument("api.body", "The upload stalled or took too long.") from stalled
    except ClientDisconnect as gone:
        raise BadDocument("api.body", "The upload was cut off.") from gone


def json_answer(document: object, status: int) -> Response:
    """Return a document that nobody keeps."""
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(content, status, headers, media_type="application/json")


def as_response(answer: Answer) -> Response:
    """Return an Answer as Starlette's Response, its headers as they are."""
    response = Response(answer.body, answer.status)
    response.raw_headers[:] = answer.headers
    return response


async def on_refusal(request: Request, error: Exception) -> Response:
    """Turn any expected failure into a problem document."""
    del request
    assert isinstance(error, Refusal | OriginError)
    return as_response(plain_refusal(error))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Give Starlette's own 404 and 405 the one error shape."""
    del request
    assert isinstance(error, HTTPException)
    is_method = error.status_code == METHOD_NOT_ALLOWED
    response = as_response(plain_refusal(OriginError("api.method" if is_method else "api.unknown")))
    response.headers.update(error.headers or {})
    return response


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer 500 without a word about the inside; the traceback is in the log."""
    del request, error
    return as_response(problem(500, "server.failed", "Something went wrong here."))


HANDLERS: dict[Any, Any] = {
    Refusal: on_refusal,
    OriginError: on_refusal,
    HTTPException: on_http_error,
    Exception: on_bug,
}
