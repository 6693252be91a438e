"""Purges over HTTP on the private listener: order, look, verify, replay, read the audit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgeproof.audit_files import verified
from edgeproof.proving import Proving
from edgeproof.purge_access import (
    check_auditor,
    check_operator,
    check_purge,
    check_purger,
    check_reader,
)
from edgeproof.purge_catalogue import SqlCatalogue
from edgeproof.purge_proof import prove
from edgeproof.purge_unknown import unknown_tags
from edgeproof.purge_words import (
    check_shops,
    entry_document,
    is_everything,
    is_takedown,
    letter_document,
    plan_document,
    provider_document,
    status_document,
    subjects_of,
    zones_of,
)
from origin.adapters.records import SqlRecords
from origin.errors import BadDocument
from origin.flow.tokens import live_token
from origin.headers import problem
from origin.ports import TokenRecord
from origin.routes.private import as_response
from purge.desk import BY_CHARS_MAX, Wish
from purge.errors import BadPurge, PurgeError
from purge.once import key_of, order_once
from purge.providers.opening import Listed
from purge.values import Mode, OrderStatus, Subject, What

#: Names of one call, so that moving their generations takes a fifth of a second.
NAMES_MAX = 5_000
BODY_BYTES_MAX = 2_000_000
PAGE, PAGE_MAX = 100, 1_000
KEY_CHARS_MAX = 255
#: What is not 422; see docs/errors.md.
STATUSES = {
    "purge.unknown": 404,
    "purge.order": 404,
    "purge.early": 409,
    "purge.key_reused": 409,
    "queue.unavailable": 503,
    "queue.full": 503,
    "audit.broken": 500,
    "purge.configuration": 500,
}
RETRY_S = 5


class Asked(BaseModel):
    """The body of POST /api/v1/purges."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: What
    tenant: str = ""
    names: list[str] = Field(default_factory=list, max_length=NAMES_MAX)
    mode: Mode = Mode.SOFT
    providers: list[str] = Field(default_factory=list, max_length=100)
    reason: str = ""
    allow_collapse: bool = False
    dry_run: bool = False
    confirm: list[str] = Field(default_factory=list, max_length=100)


@dataclass(frozen=True, slots=True)
class PurgeApi:
    """What the routes call, wired once."""

    proving: Proving
    records: SqlRecords
    listed: Sequence[Listed]


Handler = Callable[[PurgeApi, Request, TokenRecord], Awaitable[Response]]


def routes(api: PurgeApi) -> list[Route]:
    """Return the routes of purges."""

    def bound(handler: Handler) -> Any:
        async def endpoint(request: Request) -> Response:
            header = request.headers.get("authorization")
            return await handler(api, request, await live_token(api.records, header))

        return endpoint

    purges, one = "/api/v1/purges", "/api/v1/purges/{order}"
    return [
        Route(purges, bound(post_purge), methods=["POST"]),
        Route(purges, bound(get_purges), methods=["GET"]),
        Route(one, bound(get_purge), methods=["GET"]),
        Route(f"{one}/verification", bound(post_verification), methods=["POST"]),
        Route("/api/v1/purge-providers", bound(get_providers), methods=["GET"]),
        Route("/api/v1/dead-letters", bound(get_letters), methods=["GET"]),
        Route("/api/v1/dead-letters/replay", bound(post_replay), methods=["POST"]),
        Route("/api/v1/audit", bound(get_audit), methods=["GET"]),
        Route("/api/v1/audit/verification", bound(get_audit_verification), methods=["GET"]),
    ]


async def post_purge(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """Order a purge: 202, or 200 for a dry run and for an Idempotency-Key that was used before."""
    check_purger(record)
    body = await _body(request)
    asked = _asked(body)
    subjects = subjects_of(asked.what, asked.tenant, asked.names)
    await check_purge(record, subjects, lambda some: _owners(api, some))
    await check_shops(api.records, subjects)
    wish = Wish(
        asked.mode,
        by=_by(record),
        reason=asked.reason,
        is_takedown=is_takedown(asked.what, asked.mode),
        providers=tuple(asked.providers),
        allow_collapse=asked.allow_collapse,
    )
    desk, queue = api.proving.desk, api.proving.queue
    if asked.dry_run:
        return _json(plan_document(await desk.dry_run(subjects, wish), wish.mode), 200)
    _check_confirmed(api, asked, subjects)
    unknown = await unknown_tags(api.records, queue.records, subjects)
    key = request.headers.get("idempotency-key")
    if key is None:
        order, is_new = (await desk.order(subjects, wish)).order, True
    else:
        if not 0 < len(key) <= KEY_CHARS_MAX:
            raise BadDocument("api.parameter", field="Idempotency-Key")
        found = key_of(record.name, key, body)
        order, is_new = await order_once(desk, queue, subjects, wish, found)
    document = status_document(await queue.status(order))
    document |= {"unknown": unknown[:PAGE]} if unknown else {}
    headers = {"location": f"/api/v1/purges/{order}"}
    return _json(document, 202 if is_new else 200, headers)


async def get_purges(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """List the newest orders; a shop's token sees those of its shop."""
    check_purger(record)
    tenant = "" if record.tenant == "*" else record.tenant
    found = await api.proving.queue.orders(limit=_number(request, "limit", PAGE), tenant=tenant)
    return _json({"purges": [status_document(one) for one in found]}, 200)


async def get_purge(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """Say where an order stands."""
    return _json(status_document(await _status(api, request, record)), 200)


async def post_verification(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """Ask every edge for some URLs of a settled order; takes up to 20 s."""
    status = await _status(api, request, record)
    found = await prove(api.proving, api.records, status, lambda _: None)
    status = await api.proving.queue.status(status.order.order)
    return _json(status_document(status, found), 200)


async def get_providers(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """List the configured providers, never their secrets."""
    del request
    check_purger(record)
    return _json({"providers": [provider_document(one) for one in api.listed]}, 200)


async def get_letters(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """List dead letters."""
    check_operator(record)
    provider = request.query_params.get("provider", "")
    limit = _number(request, "limit", PAGE)
    found = await api.proving.queue.dead_letters(provider=provider, limit=limit)
    return _json({"dead_letters": [letter_document(one) for one in found]}, 200)


async def post_replay(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """Queue dead letters again: of ``?order=``, of ``?provider=``, or all."""
    check_operator(record)
    query = request.query_params
    order, provider = query.get("order", ""), query.get("provider", "")
    if order:
        await api.proving.queue.status(order)
    revived = await api.proving.desk.replay(by=_by(record), order=order, provider=provider)
    return _json({"replayed": dict(revived)}, 200)


async def get_audit(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """Return entries of the audit after ``?after=``, in order; only those about ``?order=``."""
    check_auditor(record)
    limit, after = _number(request, "limit", PAGE), _number(request, "after", 0, 2**53)
    order = request.query_params.get("order", "")
    found = []
    async for entry in api.proving.audit.entries(after=after, order=order):
        found.append(entry_document(entry))
        if len(found) == limit:
            break
    return _json({"entries": found}, 200)


async def get_audit_verification(api: PurgeApi, request: Request, record: TokenRecord) -> Response:
    """Walk the audit and compare it with this host's last signed end; 500 when it does not hold."""
    del request
    check_auditor(record)
    purging = api.proving.purging
    return _json(await verified(purging.audit, purging.signer, purging.head_file), 200)


def status_of(code: str) -> int | str:
    """Return the HTTP status of a code, nothing for one that is no answer."""
    if code.startswith("provider."):
        return ""
    return STATUSES.get(code, 422)


async def on_purge_error(request: Request, error: Exception) -> Response:
    """Turn an expected failure of a purge into a problem document."""
    del request
    assert isinstance(error, PurgeError)
    status = int(status_of(error.code) or 500)
    retry_after_s = RETRY_S if status == 503 else None
    return as_response(problem(status, error.code, error.public, retry_after_s=retry_after_s))


async def _status(api: PurgeApi, request: Request, record: TokenRecord) -> OrderStatus:
    status = await api.proving.queue.status(request.path_params["order"])
    check_reader(record, status, _by(record))
    return status


async def _owners(api: PurgeApi, subjects: Sequence[Subject]) -> Mapping[Subject, Sequence[str]]:
    catalogue, records = SqlCatalogue(), api.proving.queue.records
    return await records.write(lambda connection: catalogue.assets(connection, subjects))


def _check_confirmed(api: PurgeApi, asked: Asked, subjects: Sequence[Subject]) -> None:
    """There is nobody to ask, so a purge of everything repeats the zones in its body."""
    if not any(is_everything(subject) for subject in subjects):
        return
    zones = zones_of(api.listed, asked.providers) or ["all"]
    if set(asked.confirm) != set(zones):
        named = ", ".join(zones)
        raise BadPurge("purge.confirm", f'A purge of everything needs "confirm": [{named}].')


def _by(record: TokenRecord) -> str:
    return f"token {record.name}"[:BY_CHARS_MAX]


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise BadDocument("api.body_too_large")
    return bytes(body)


def _asked(body: bytes) -> Asked:
    try:
        return Asked.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = "/".join(str(part) for part in first["loc"])
        raise BadDocument("api.body", first["msg"], field=f"/{field}") from error


def _number(request: Request, name: str, default: int, most: int = PAGE_MAX) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or not text.isascii() or len(text) > 16 or int(text) > most:
        raise BadDocument("api.parameter", field=name)
    return int(text)


def _json(document: object, status: int, more: Mapping[str, str] | None = None) -> Response:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(more or {})}
    return Response(content, status, headers, media_type="application/json")
