"""How blocking disk work leaves the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from origin.adapters.disk import store_errors
from origin.adapters.to_its_end import to_its_end

T = TypeVar("T")


async def in_thread(threads: Executor, doing: str, work: Callable[..., T], *args: object) -> T:
    """Run ``work(*args)`` in a thread, to its end even when the caller is cancelled.

    An OSError becomes StoreUnavailable, whose log says ``doing``.
    """
    task = partial(_guarded, doing, work, *args)
    return await to_its_end(asyncio.get_running_loop().run_in_executor(threads, task))


def _guarded(doing: str, work: Callable[..., T], *args: object) -> T:
    with store_errors(doing):
        return work(*args)
