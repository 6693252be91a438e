"""Run the two listeners: previews for edges and browsers, the private API for the shop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from functools import partial
from typing import Any

import structlog
import uvicorn
import uvloop
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from edgeproof import logs, purge_api
from edgeproof.console import CommandFailed
from edgeproof.printing import making
from edgeproof.proving import Proving, open_proving
from edgeproof.purge_worker import working
from edgeproof.settings import Settings, environment
from edgeproof.supervise import supervise
from edgeproof.wire import BoundedProtocol, TargetProtocol
from edgeproof.wiring import Origin, open_origin
from origin.routes import prints as print_routes
from origin.routes.observe import RequestLog
from origin.routes.private import HANDLERS, Api
from origin.routes.private import routes as api_routes
from origin.routes.public import PublicApp
from purge.errors import PurgeError
from purge.providers.opening import list_providers

SERVER_STARTED = "server_started"
SERVER_STOPPED = "server_stopped"
#: Connections that may wait to be accepted.
BACKLOG = 2_048
#: Settings of the log that show one line per request.
INFO_LEVELS = ("debug", "info")
#: Idle keep-alive connections are kept longer than an edge keeps its own (Varnish: 60 s).
KEEP_ALIVE_S = 75

#: Extra routes on the private listener, made from the running origin (the gallery).
MoreRoutes = Callable[[Origin], list[BaseRoute]]


class Listener(uvicorn.Server):
    """One of two servers in one loop: signals are taken by the pair, not by each."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # no signals
        """Leave the signals alone."""
        return nullcontext()


def serve(settings: Settings, more_routes: MoreRoutes | None = None) -> None:
    """Serve until SIGTERM or SIGINT; finish what was begun, at most ``drain_s`` seconds."""
    logs.configure(settings.log_level)
    sockets = [bind(settings.public_bind), bind(settings.private_bind)]
    if settings.print_bind is not None:
        sockets.append(bind(settings.print_bind))
    if settings.http_processes == 1:
        run_process(settings, more_routes, sockets)
        return
    supervise(partial(run_process, settings, more_routes), sockets, settings.http_processes)


def run_process(
    settings: Settings, more_routes: MoreRoutes | None, sockets: list[socket.socket]
) -> None:
    """Run one HTTP process on the bound sockets: public, private, and prints if they have one."""
    logs.configure(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, more_routes, sockets))


async def _run(
    settings: Settings, more_routes: MoreRoutes | None, sockets: list[socket.socket]
) -> None:
    logger = structlog.get_logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:  # a killed supervisor must not leave its processes on the port
        loop.add_reader(supervisor.sentinel, stop.set)
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(open_origin(settings, CollectorRegistry()))
        public = public_app(origin)
        stack.callback(public.flush)
        proving = await stack.enter_async_context(open_proving(settings, origin.stores))
        if settings.purge_worker:
            working_now = working(proving.purging, origin.registry, logger)
            await stack.enter_async_context(working_now)
        if settings.print_worker:
            await stack.enter_async_context(making(origin.printing))
        apps: list[Any] = [public, private_app(origin, proving, more_routes)]
        if settings.print_bind is not None:
            apps.append(print_app(origin))
        listeners = [
            Listener(_config(app, settings, is_public=index == 0)) for index, app in enumerate(apps)
        ]
        tasks = [
            asyncio.create_task(listener.serve(sockets=[bound]))
            for listener, bound in zip(listeners, sockets, strict=True)
        ]
        logger.info(
            SERVER_STARTED,
            public=settings.public_bind,
            private=settings.private_bind,
            engine=origin.engine,
            pid=os.getpid(),
        )
        await _until(stop, tasks)
        for listener in listeners:
            listener.should_exit = True
        await origin.drain()
        await asyncio.gather(*tasks)
    logger.info(SERVER_STOPPED, pid=os.getpid())


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for a signal, or for a listener that ended by itself."""
    waiting: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _config(app: Any, settings: Settings, *, is_public: bool) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=TargetProtocol if is_public else BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, int(settings.drain_s)),
    )


def public_app(origin: Origin) -> PublicApp:
    """Make the previews' application."""
    return PublicApp(
        origin.previews,
        is_healthy=lambda: not origin.admission.is_closed and origin.pool.alive() > 0,
        observer=RequestLog(
            origin.logger,
            origin.metrics,
            origin.engine,
            write_lines=logs.STREAM.write if origin.settings.log_level in INFO_LEVELS else None,
        ),
        deadline_s=origin.settings.response_deadline_s,
    )


def private_app(origin: Origin, proving: Proving, more_routes: MoreRoutes | None) -> Starlette:
    """Make the private API's application."""
    api = Api(
        tenants=origin.stores.records,
        tokens=origin.stores.records,
        assets=origin.stores.records,
        intake=origin.intake,
        personalize=origin.personalize,
        sign=origin.sign,
        metrics=origin.metrics,
        exposition=origin.exposition,
        problems=origin.problems,
        facts=origin.facts,
        logger=origin.logger,
        design_bytes_max=origin.settings.design_bytes_max,
        upload_bytes_max=origin.settings.upload_bytes_max,
        body_deadline_s=origin.settings.body_deadline_s,
    )
    extra = more_routes(origin) if more_routes is not None else []
    listed = list_providers(proving.purging.configuration, environment())
    purges = purge_api.routes(purge_api.PurgeApi(proving, origin.stores.records, listed))
    handlers = {**HANDLERS, PurgeError: purge_api.on_purge_error}
    printing = origin.printing.api(origin.stores, origin.logger)
    prints = print_routes.api_routes(printing)
    if origin.settings.print_bind is None:
        prints += print_routes.download_routes(printing)
    routes = [*api_routes(api), *purges, *prints, *extra]
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


def print_app(origin: Origin) -> Starlette:
    """Make the application of the print links' own listener: downloads and nothing else."""
    printing = origin.printing.api(origin.stores, origin.logger)
    routes = print_routes.download_routes(printing)
    app = Starlette(routes=routes, exception_handlers=HANDLERS)
    app.router.redirect_slashes = False
    return app


def bind(address: str) -> socket.socket:
    """Bind a listening socket; raises CommandFailed when the address cannot be had."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    except (OSError, ValueError, OverflowError) as error:
        raise CommandFailed(f"cannot listen on {address}: {error}") from error
    bound.settimeout(0)
    return bound
