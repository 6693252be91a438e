"""Time as the queue needs it: wall time that other hosts share, and what to do when it jumps."""

from __future__ import annotations

import asyncio
import time

from purge.ports import Clock

#: A wall clock that runs away from the monotonic one by so much has jumped, in seconds.
JUMP_S = 1.0


class SystemClock:
    """The machine's time."""

    def now_s(self) -> float:
        """Return Unix time in seconds."""
        return time.time()

    def monotonic_s(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    async def sleep(self, wait_s: float) -> None:
        """Wait."""
        await asyncio.sleep(wait_s)


class JumpGuard:
    """Notices when the wall clock jumps. Forward: second purges wait their full time again."""

    def __init__(self, clock: Clock, second_s: float) -> None:
        self._clock = clock
        self._second_s = second_s
        self._offset_s = clock.now_s() - clock.monotonic_s()
        self._held_until_s = clock.monotonic_s()

    def look(self) -> bool:
        """Compare the clocks; return whether the wall clock went back."""
        offset_s = self._clock.now_s() - self._clock.monotonic_s()
        jump_s = offset_s - self._offset_s
        if abs(jump_s) >= JUMP_S:
            self._offset_s = offset_s
        if jump_s >= JUMP_S:
            self._held_until_s = self._clock.monotonic_s() + self._second_s
        return jump_s <= -JUMP_S

    @property
    def may_repeat(self) -> bool:
        """Whether second purges may be sent: those due by the wall clock have waited enough."""
        return self._clock.monotonic_s() >= self._held_until_s
