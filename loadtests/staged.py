"""Hands a plan's stages to Locust. Importing Locust patches sockets and threads: swarm.py only."""

from __future__ import annotations

from collections.abc import Callable

from locust import LoadTestShape

from loadtests.plan import Plan
from loadtests.shapes import level_at


class StagedShape(LoadTestShape):
    """Plays a plan's stages. A plan of so many sessions ends with the last of them instead."""

    abstract = True  # made by swarm.py with a plan, never by Locust itself

    def __init__(self, plan: Plan, busy: Callable[[], int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Locust's own
        self._plan = plan
        self._busy = busy
        self._has_begun = False

    def tick(self) -> tuple[int, float] | None:
        """Return how many visitors there are to be now; None ends the swarm."""
        users: int = self.get_current_user_count()  # type: ignore[no-untyped-call] # Locust's own
        at_s: float = self.get_run_time()  # type: ignore[no-untyped-call] # Locust's own
        plan = self._plan
        level = level_at(plan.stages, at_s)
        if plan.sessions:
            self._has_begun = self._has_begun or self._busy() > 0
            if self._has_begun and self._busy() == 0 and users == 0:
                return None
            wanted = plan.stages[-1].level if level is None else level
            return int(wanted), 100
        return None if level is None else (int(level), 100)
