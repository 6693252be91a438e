"""Fastly's purge API as its client calls it: api.fastly.com, the Purge part of its reference."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgeproof.cdn_double.desk import Desk
from edgeproof.cdn_double.faults import Failure, Fault, Vendor
from edgeproof.cdn_double.limits import Window
from edgeproof.cdn_double.network import Purge

KEYS_MAX = 256
HOUR_S = 3_600
#: Every other call than a purge by key or URL: 1,000 an hour.
CONFIGURATION_PER_HOUR = 1_000
UNKNOWN_TOKEN = {"msg": "Provided credentials are missing or invalid"}
UNKNOWN_SERVICE = {"msg": "Record not found", "detail": "Cannot load service"}
NOT_YOURS = {"msg": "You are not authorized to perform this action"}
TOO_MANY = {"msg": "You have exceeded your hourly limit of requests"}
TOO_MANY_KEYS = {
    "status": "fail",
    "reason": f"Batch surrogate key request only supports up to {KEYS_MAX} surrogate keys",
}
BROKEN = {"msg": "Internal Server Error"}


class Keys(BaseModel):
    """The body of a batch."""

    surrogate_keys: list[str] = Field(min_length=1)


@dataclass(slots=True)
class Fastly:
    """One account with one service."""

    desk: Desk
    purges: Window
    others: Window

    @classmethod
    def at(cls, desk: Desk) -> Fastly:
        """Return it, its quotas untouched."""
        hourly = Window(desk.accounts.fastly_per_hour, HOUR_S, desk.now)
        return cls(desk, hourly, Window(CONFIGURATION_PER_HOUR, HOUR_S, desk.now))

    def routes(self) -> list[Route]:
        """Return the paths of the API."""
        return [
            Route("/service/{service}/purge", self.purge_keys, methods=["POST"]),
            Route("/service/{service}/purge/{key:path}", self.purge_key, methods=["POST"]),
            Route("/service/{service}/purge_all", self.purge_all, methods=["POST"]),
            Route("/purge/{url:path}", self.purge_url, methods=["POST"]),
        ]

    async def purge_keys(self, request: Request) -> Response:
        """Purge a batch of surrogate keys, in the body or the header Surrogate-Key."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        try:
            body = await request.body()
            keys = (
                Keys.model_validate_json(body).surrogate_keys
                if body
                else request.headers.get("surrogate-key", "").split()
            )
        except ValidationError:
            return JSONResponse({"msg": "Bad Request", "detail": "surrogate_keys"}, 400)
        if not keys:
            return JSONResponse({"msg": "Bad Request", "detail": "no surrogate keys"}, 400)
        if len(keys) > KEYS_MAX:
            return JSONResponse(TOO_MANY_KEYS, 400)
        purge = Purge(_is_soft(request), tags=tuple(keys))
        return await self._answer("keys", purge, lambda number: dict.fromkeys(keys, _id(number)))

    async def purge_key(self, request: Request) -> Response:
        """Purge one surrogate key."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        purge = Purge(_is_soft(request), tags=(request.path_params["key"],))
        return await self._answer("key", purge, lambda number: {"status": "ok", "id": _id(number)})

    async def purge_url(self, request: Request) -> Response:
        """Purge one URL, named by host and path."""
        if not self._is_known(request):
            return JSONResponse(UNKNOWN_TOKEN, 401)
        host, _, path = request.path_params["url"].partition("/")
        if not self.desk.is_host(host):
            return JSONResponse(NOT_YOURS, 403)
        purge = Purge(_is_soft(request), paths=(f"/{path}",))
        return await self._answer("url", purge, lambda number: {"status": "ok", "id": _id(number)})

    async def purge_all(self, request: Request) -> Response:
        """Purge all of a service; it cannot be soft."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        if not self.others.take():
            return self._too_many(self.others, None)
        return await self._answer(
            "all", Purge(is_soft=False, prefixes=("/v1/",)), lambda _: {"status": "ok"}
        )

    async def _answer(self, what: str, purge: Purge, body: object) -> Response:
        assert callable(body)
        fault = self.desk.faults.take(Vendor.FASTLY)
        if fault is not None and fault.failure is Failure.BROKEN:
            self.desk.note(Vendor.FASTLY, what, purge, 500, (fault, 0))
            return JSONResponse(BROKEN, 500)
        is_refused = fault is not None and fault.failure is Failure.TOO_MANY
        if is_refused or not self.purges.take():
            self.desk.note(Vendor.FASTLY, what, purge, 429, (fault, 0))
            return self._too_many(self.purges, fault)
        objects = await self.desk.carry_out(purge, fault)
        number = self.desk.note(Vendor.FASTLY, what, purge, 200, (fault, objects))
        return JSONResponse(body(number), headers=self._headers(self.purges))

    def _refused(self, request: Request) -> Response | None:
        if not self._is_known(request):
            return JSONResponse(UNKNOWN_TOKEN, 401)
        if request.path_params["service"] != self.desk.accounts.fastly_service:
            return JSONResponse(UNKNOWN_SERVICE, 404)
        return None

    def _is_known(self, request: Request) -> bool:
        return request.headers.get("fastly-key") == self.desk.accounts.fastly_token

    def _headers(self, window: Window) -> dict[str, str]:
        return {
            "Fastly-RateLimit-Remaining": str(window.remaining),
            "Fastly-RateLimit-Reset": str(window.ends_at_s),
        }

    def _too_many(self, window: Window, fault: Fault | None) -> Response:
        headers = self._headers(window)
        if fault is not None:
            reset_at_s = int(self.desk.now()) + fault.retry_after_s
            headers |= {
                "Fastly-RateLimit-Remaining": "0",
                "Fastly-RateLimit-Reset": str(reset_at_s),
            }
        return JSONResponse(TOO_MANY, 429, headers)


def _is_soft(request: Request) -> bool:
    return request.headers.get("fastly-soft-purge") == "1"


def _id(number: int) -> str:
    return f"{number}-loopback"
