"""The double as one ASGI application: both vendors, and /double for whoever plays with it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgeproof.cdn_double.cloudflare import Cloudflare
from edgeproof.cdn_double.desk import Accounts, Desk
from edgeproof.cdn_double.fastly import Fastly
from edgeproof.cdn_double.faults import Fault
from edgeproof.cdn_double.network import Network


def make_app(
    network: Network,
    accounts: Accounts,
    *,
    faults: Iterable[Fault] = (),
    now: Callable[[], float] = time.time,
) -> Starlette:
    """Return the application; now: Unix time, which the limits count by."""
    desk = Desk(network, accounts, now)
    desk.faults.planned.extend(faults)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await network.close()

    routes = [*Fastly.at(desk).routes(), *Cloudflare.at(desk).routes(), *_control(desk)]
    return Starlette(routes=routes, lifespan=lifespan)


def _control(desk: Desk) -> list[Route]:
    async def state(_: Request) -> Response:
        planned = [fault.model_dump(mode="json") for fault in desk.faults.planned]
        return JSONResponse({"count": desk.count, "calls": desk.shown(), "faults": planned})

    async def plan(request: Request) -> Response:
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            detail = [f"{problem['loc']}: {problem['msg']}" for problem in error.errors()]
            return JSONResponse({"detail": detail}, 422)
        desk.faults.planned.append(fault)
        return JSONResponse(fault.model_dump(mode="json"), 201)

    async def clear(_: Request) -> Response:
        desk.faults.planned.clear()
        return Response(status_code=204)

    return [
        Route("/double", state, methods=["GET"]),
        Route("/double/faults", plan, methods=["POST"]),
        Route("/double/faults", clear, methods=["DELETE"]),
    ]
