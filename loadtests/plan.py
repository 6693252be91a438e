"""What one swarm is told: whom it asks, for what, as which shape; read by swarm.py."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Load = Literal["sessions", "closed", "open"]


@dataclass(frozen=True, slots=True)
class Stage:
    """So many visitors (or, in open loop, requests a second) for so long."""

    seconds: float
    level: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One swarm.

    host: base URL asked. shop, ring: files. folder: where the trace goes. seed: of the sessions.
    sessions: how many, 0 until the stages end. cycle: after so many they begin anew, 0 never.
    rate: requests a second of all visitors, 0 as fast as they can. cold_share: of the pages, how
    many are followed by one distinct picture. load: what
    is asked for: sessions; or distinct cold pictures one after the other (closed) or by the clock,
    whatever is answered (open: a stage's level is requests a second).
    """

    host: str
    shop: str
    ring: str
    folder: str
    seed: int
    stages: tuple[Stage, ...]
    sessions: int = 0
    cycle: int = 0
    rate: float = 0.0
    cold_share: float = 0.0
    load: Load = "sessions"

    @property
    def visitors(self) -> int:
        """Return the most visitors at once."""
        return max(int(stage.level) for stage in self.stages)


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan as JSON."""
    path.write_text(json.dumps(asdict(plan)), "utf-8")


def read_plan(path: Path) -> Plan:
    """Return the plan that was written."""
    document = json.loads(path.read_text("utf-8"))
    document["stages"] = tuple(Stage(**stage) for stage in document["stages"])
    return Plan(**document)
