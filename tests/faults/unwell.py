"""An adapter that is slow, fails, or is cut off: a wrapper around a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from origin.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in the methods named; the others are well.

    slow_s: before the call. is_lost: the call is never made. is_cut_off: the call is made, and its
    answer is lost on the way back: the caller cannot know.
    """

    methods: frozenset[str]
    slow_s: float = 0.0
    is_lost: bool = False
    is_cut_off: bool = False
    code: str = "store.unavailable"


class Unwell:
    """Stands for an adapter; ``fault`` may be set and taken away (None) while it runs."""

    def __init__(self, adapter: object, fault: Fault | None = None) -> None:
        self._adapter = adapter
        self.fault = fault

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._adapter, method)
        if self.fault is None or method not in self.fault.methods:
            return call
        return _faulty(call, self.fault)


def _faulty(call: Callable[..., Awaitable[object]], fault: Fault) -> Callable[..., Any]:
    async def faulty(*args: object, **named: object) -> object:
        await asyncio.sleep(fault.slow_s)
        if fault.is_lost:
            raise StoreUnavailable(fault.code, log="made unwell by a test")
        answer = await call(*args, **named)
        if fault.is_cut_off:
            raise StoreUnavailable(fault.code, log="cut off by a test")
        return answer

    return faulty
