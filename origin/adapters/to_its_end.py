"""Work that a cancelled caller must not cut in two."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: asyncio.Future[T]) -> T:
    """Wait for work that runs on its own; a cancelled caller waits too, and is cancelled then.

    So what a caller cleans up never runs beside the work. The work must be short and bounded.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            await _looked_at(work)
        if not work.cancelled():
            work.exception()  # seen: nobody is left to tell
        raise


async def _looked_at(work: asyncio.Future[T]) -> None:
    try:
        await asyncio.wait([work])
    except asyncio.CancelledError:
        return  # cancelled once more; the answer is the same
