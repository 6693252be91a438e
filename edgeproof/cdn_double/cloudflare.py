"""Cloudflare's purge and invalidate API (v4) as its client calls it, with the limits of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgeproof.cdn_double.desk import Desk
from edgeproof.cdn_double.faults import Failure, Vendor
from edgeproof.cdn_double.limits import Bucket
from edgeproof.cdn_double.network import ROOT, Purge
from purge.providers.plans import CLOUDFLARE, CloudflarePlan

PREFIX = "/client/v4"
#: The codes of the vendor's envelope.
NO_ROUTE, BAD_TOKEN, NO_TARGET, TOO_MANY_TARGETS, BAD_URL, RATE = (
    7003,
    10000,
    1012,
    1093,
    1016,
    1134,
)
KINDS = ("tags", "files", "prefixes", "hosts")


class File(BaseModel):
    """A URL with the request headers of its key."""

    url: str
    headers: dict[str, str] = {}


class Body(BaseModel):
    """What is to be purged: one of these fields."""

    model_config = ConfigDict(extra="forbid")

    tags: list[str] | None = None
    files: list[str | File] | None = None
    prefixes: list[str] | None = None
    hosts: list[str] | None = None
    purge_everything: bool | None = None


class Refused(Exception):
    """An envelope that says no."""

    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def answer(self) -> Response:
        """Return it as the vendor does."""
        body = {
            "success": False,
            "errors": [{"code": self.code, "message": self.message}],
            "messages": [],
            "result": None,
        }
        return JSONResponse(body, self.status, self.headers)


@dataclass(slots=True)
class Cloudflare:
    """One account with one zone."""

    desk: Desk
    plan: CloudflarePlan
    requests: Bucket
    urls: Bucket

    @classmethod
    def at(cls, desk: Desk) -> Cloudflare:
        """Return it with full buckets."""
        plan = CLOUDFLARE[desk.accounts.cloudflare_plan]
        requests = Bucket(plan.rate_per_s, plan.burst, desk.now)
        return cls(desk, plan, requests, Bucket(plan.urls_per_s, plan.urls_per_s, desk.now))

    def routes(self) -> list[Route]:
        """Return the paths of the API."""
        zone = f"{PREFIX}/zones/{{zone}}"
        return [
            Route(f"{zone}/purge_cache", self.purge, methods=["POST"]),
            Route(f"{zone}/invalidate_cache", self.invalidate, methods=["POST"]),
        ]

    async def purge(self, request: Request) -> Response:
        """Remove what is cached."""
        return await self._serve(request, is_soft=False)

    async def invalidate(self, request: Request) -> Response:
        """Make what is cached stale."""
        return await self._serve(request, is_soft=True)

    async def _serve(self, request: Request, *, is_soft: bool) -> Response:
        try:
            self._check_asker(request)
            body = _read(await request.body())
            what, purge, cost = self._purge_of(body, is_soft=is_soft)
            return await self._answer(what, purge, cost)
        except Refused as refused:
            return refused.answer()

    def _check_asker(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.desk.accounts.cloudflare_token}":
            raise Refused(401, BAD_TOKEN, "Authentication error")
        zone = request.path_params["zone"]
        if zone != self.desk.accounts.cloudflare_zone:
            raise Refused(
                404,
                NO_ROUTE,
                f"Could not route to /zones/{zone}/purge_cache, perhaps your object identifier is "
                "invalid?",
            )

    def _purge_of(self, body: Body, *, is_soft: bool) -> tuple[str, Purge, int]:
        if body.purge_everything:
            return "everything", Purge(is_soft, prefixes=(ROOT,)), 1
        for kind in KINDS:
            given = getattr(body, kind)
            if given is None:
                continue
            most = self.plan.urls_per_call if kind == "files" else self.plan.operations_per_call
            if len(given) > most:
                message = f"Unable to purge, only up to {most} {kind} can be given in one call"
                raise Refused(400, TOO_MANY_TARGETS, message)
            return kind, getattr(self, f"_{kind}")(given, is_soft), len(given)
        raise Refused(400, NO_TARGET, "Request must contain one of tags, files, prefixes, hosts")

    def _tags(self, tags: Sequence[str], is_soft: bool) -> Purge:  # noqa: FBT001 - one of a family
        return Purge(is_soft, tags=tuple(tag.lower() for tag in tags))

    def _files(self, files: Sequence[str | File], is_soft: bool) -> Purge:  # noqa: FBT001
        urls = [file if isinstance(file, str) else file.url for file in files]
        return Purge(is_soft, paths=tuple(self._path(url) for url in urls))

    def _prefixes(self, prefixes: Sequence[str], is_soft: bool) -> Purge:  # noqa: FBT001
        for prefix in prefixes:
            if "://" in prefix:
                raise Refused(400, BAD_URL, f"Unable to purge {prefix}, invalid prefix")
        paths = (self._path(f"https://{prefix}") for prefix in prefixes)
        return Purge(is_soft, prefixes=tuple(paths))

    def _hosts(self, hosts: Sequence[str], is_soft: bool) -> Purge:  # noqa: FBT001
        for host in hosts:
            self._path(f"https://{host}/")
        return Purge(is_soft, prefixes=(ROOT,))

    def _path(self, url: str) -> str:
        """Return the path of a URL in this zone."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not self.desk.is_host(parts.netloc):
            raise Refused(
                400, BAD_URL, f"Unable to purge {url}, it is not in a domain of this zone"
            )
        return parts.path or "/"

    async def _answer(self, what: str, purge: Purge, cost: int) -> Response:
        fault = self.desk.faults.take(Vendor.CLOUDFLARE)
        failure = None if fault is None else fault.failure
        if failure is Failure.BROKEN:
            self.desk.note(Vendor.CLOUDFLARE, what, purge, 500, (fault, 0))
            raise Refused(500, 10_001, "Internal error")
        wait_s = self.urls.take(cost) if what == "files" else self.requests.take()
        if fault is not None and failure is Failure.TOO_MANY:
            wait_s = float(fault.retry_after_s)
        if wait_s > 0 or failure is Failure.TOO_MANY:
            self.desk.note(Vendor.CLOUDFLARE, what, purge, 429, (fault, 0))
            seconds = str(int(wait_s) + (wait_s % 1 > 0))
            raise Refused(
                429,
                RATE,
                "Unable to purge, rate limit reached. Please wait if you need to perform more "
                "operations",
                **{"Retry-After": seconds, **self._rate_headers(what, seconds)},
            )
        objects = await self.desk.carry_out(purge, fault)
        number = self.desk.note(Vendor.CLOUDFLARE, what, purge, 200, (fault, objects))
        body = {
            "success": True,
            "errors": [],
            "messages": [],
            "result": {"id": self.desk.accounts.cloudflare_zone},
        }
        return JSONResponse(
            body, headers={"CF-Ray": f"{number:016x}-LOOP", **self._rate_headers(what, "1")}
        )

    def _rate_headers(self, what: str, seconds: str) -> dict[str, str]:
        bucket = self.urls if what == "files" else self.requests
        window_s = max(1, round(bucket.size / bucket.rate_per_s))
        return {
            "Ratelimit": f'"purge";r={int(bucket.tokens)};t={seconds}',
            "Ratelimit-Policy": f'"purge";q={int(bucket.size)};w={window_s}',
        }


def _read(raw: bytes) -> Body:
    try:
        return Body.model_validate_json(raw)
    except ValidationError as error:
        raise Refused(400, NO_TARGET, "The request's body could not be read") from error
