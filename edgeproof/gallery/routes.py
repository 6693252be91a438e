"""The gallery's addresses on the private listener: the page, its files, and six small answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgeproof.gallery.backend import GalleryBackend
from edgeproof.gallery.guard import (
    GalleryRefusal,
    check_host,
    check_origin,
    check_type,
    page_headers,
)

PAGE: Final = "/gallery/"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
BODY_BYTES_MAX: Final = 65_536  # of JSON bodies: what a design document may have
NAME_CHARACTERS_MAX: Final = 120
PATHS_MAX: Final = 200  # signed at a time: more than one photo's page asks for

Handler = Callable[[GalleryBackend, Request], Awaitable[Response]]


def routes(gallery: GalleryBackend) -> list[Route]:
    """Return the routes. Mount them only where the listener is bound to loopback.

    Refusals are raised as ``Refusal`` or ``OriginError``; the application turns them into problem
    documents, as for the private API.
    """
    headers = page_headers(gallery.preview_origin)

    def bound(handler: Handler, *, is_change: bool = False) -> Any:
        async def endpoint(request: Request) -> Response:
            check_host(request)
            if is_change:
                check_origin(request)
            response = await handler(gallery, request)
            response.headers.update(headers)
            return response

        return endpoint

    api = f"{PAGE}api"
    return [
        Route("/", bound(_to_page), methods=["GET"]),
        Route(PAGE, bound(_page), methods=["GET"]),
        Route(f"{api}/photos", bound(_photos), methods=["GET"]),
        Route(f"{api}/scope/{{tenant}}/{{asset}}", bound(_scope), methods=["GET"]),
        Route(f"{api}/sign", bound(_sign, is_change=True), methods=["POST"]),
        Route(f"{api}/designs/{{tenant}}", bound(_design, is_change=True), methods=["POST"]),
        Route(f"{api}/photos", bound(_upload, is_change=True), methods=["POST"]),
        Route(f"{PAGE}{{file}}", bound(_file), methods=["GET"]),
    ]


async def _to_page(gallery: GalleryBackend, request: Request) -> Response:
    del gallery, request
    return RedirectResponse(PAGE, 307)


async def _page(gallery: GalleryBackend, request: Request) -> Response:
    del gallery, request
    return _static("index.html")


async def _file(gallery: GalleryBackend, request: Request) -> Response:
    del gallery
    return _static(request.path_params["file"])


def _static(name: str) -> Response:
    """Return one file of the page; a name that is not in its folder is 404 ``gallery.file``."""
    folder = files("edgeproof.gallery").joinpath("static")
    for entry in folder.iterdir():
        media_type = TYPES.get(name[name.rfind(".") :])
        if entry.name == name and media_type:
            return Response(entry.read_bytes(), media_type=media_type)
    raise GalleryRefusal("gallery.file", 404, "The gallery has no such file.")


async def _photos(gallery: GalleryBackend, request: Request) -> Response:
    """Answer everything that the page needs to draw itself."""
    del request
    return _json(
        {
            "previews": gallery.preview_origin,
            "photos": [asdict(card) for card in await gallery.photos()],
            "presets": [asdict(card) for card in await gallery.presets()],
        }
    )


async def _scope(gallery: GalleryBackend, request: Request) -> Response:
    """Answer the query that opens every op of one asset, so that the page makes URLs by itself."""
    tenant, asset = request.path_params["tenant"], request.path_params["asset"]
    return _json({"query": gallery.sign_asset(tenant, asset)})


async def _sign(gallery: GalleryBackend, request: Request) -> Response:
    """Answer a signed URL for each path asked: what "copy" hands out opens that picture only."""
    check_type(request, "application/json")
    body = await _body(request)
    try:
        paths = json.loads(body)["paths"]
    except (ValueError, TypeError, KeyError, RecursionError):
        paths = None
    if not _are_paths(paths):
        raise GalleryRefusal("gallery.paths", 400, 'The body must be {"paths": ["/v1/…", …]}.')
    return _json({"urls": [gallery.sign(path) for path in paths]})


def _are_paths(paths: object) -> bool:
    if not isinstance(paths, list) or not 1 <= len(paths) <= PATHS_MAX:
        return False
    return all(isinstance(path, str) and path.startswith("/v1/") for path in paths)


async def _design(gallery: GalleryBackend, request: Request) -> Response:
    check_type(request, "application/json")
    document = await gallery.post_design(request.path_params["tenant"], await _body(request))
    return _json(dict(document), 201)


async def _upload(gallery: GalleryBackend, request: Request) -> Response:
    """Take one photo in; ``Edgeproof-Name`` is its file name, percent-encoded."""
    check_type(request, "image/")
    name = unquote(request.headers.get("edgeproof-name", ""))[:NAME_CHARACTERS_MAX]
    card = await gallery.upload(request.stream(), name or "photo")
    return _json(asdict(card), 201)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise GalleryRefusal("gallery.body", 413, "The body is too large.")
    return body


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status, media_type="application/json")
