"""The edge lane on against off over the same sessions: how much the origin renders less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.deployment import Deployment
from edge.local import HOSTS, free_port, started, wait_for
from edge.local_worker import node, worker_secrets, zone_cache
from loadtests import figures, shapes
from loadtests.edges import BROWSER_MAX_AGE_S
from loadtests.house import EDGE_SECRETS, House, running_house
from loadtests.pictures import wrong_pictures
from loadtests.runs import Ground, let_loose
from loadtests.shop import CATALOGUE, read_shop
from loadtests.trace import read_trace
from loadtests.verdict import Check

DOUBLE: Final = Path(__file__).parents[1] / "doubles" / "edge_lane.js"
SESSIONS: Final = 1_500
SAVED_MIN: Final = 0.90


def measure(ground: Ground, sessions: int = SESSIONS) -> list[Check]:
    """Play the sessions twice and compare what the origin rendered."""
    base, folder, record = ground.begin("sessions", "lane")
    renders: dict[str, int] = {}
    wrong: list[str] = []
    for switch in ("off", "on"):
        ground.tell(f"edge lane {switch}: {sessions} sessions")
        played = folder / switch
        with (
            running_house(base, folder / "data") as house,
            _double(house, played, switch) as url,
        ):
            told = {"stages": shapes.steady(60), "sessions": sessions}
            let_loose(played, replace(record, rate=0.0), url, **told)
            lines, _ = house.answers()
            renders[switch] = sum(line["hit"] == "render" for line in lines)
        rows = list(read_trace(played))
        keys = {row.key for row in rows if row.is_good}
        shop = read_shop(Path(record.shop), Path(record.ring))
        wrong += [row.key for row in figures.wrong_digests(rows)]
        wrong += [f"{row.key}: {row.status}" for row in rows if row.status != row.want]
        wrong += wrong_pictures(played, keys, shop)
    saved = 1 - renders["on"] / renders["off"]
    return [
        Check("origin renders, lane off", str(renders["off"]), "some", renders["off"] > 0),
        Check("origin renders, lane on", str(renders["on"]), "", is_met=True),
        Check("fewer by", f"{saved:.1%}", f"at least {SAVED_MIN:.0%}", saved >= SAVED_MIN),
        Check("wrong or missing pictures", "; ".join(wrong[:3]) or "0", "0", not wrong),
    ]


@contextmanager
def _double(house: House, folder: Path, switch: str) -> Iterator[str]:
    folder.mkdir(parents=True)
    port = free_port()
    described = Deployment(HOSTS, {CATALOGUE: BROWSER_MAX_AGE_S}, switch == "on")
    secrets = worker_secrets(house.settings.ring_path.read_bytes(), json.loads(EDGE_SECRETS))
    with zone_cache(house.settings.public_bind, folder) as cache:
        variables = described.variables() | secrets | {"PORT": str(port), "UPSTREAM": cache}
        log = folder / "double.log"
        with started([str(node()), str(DOUBLE)], log, variables) as process:
            wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
