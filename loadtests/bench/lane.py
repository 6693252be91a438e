"""The edge lane on against off over the same sessions: how much the origin renders less, and why.

The sessions are those of ``make load EDGE=cloudflare``: thirty requests for each derivative.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from PIL import Image

from cache_keys.lane import lane_of_path
from edge.deployment import Deployment
from edge.local import HOSTS, free_port, started, wait_for
from edge.local_worker import node, worker_secrets, zone_cache
from loadtests import figures, shapes
from loadtests.edges import BROWSER_MAX_AGE_S
from loadtests.house import EDGE_SECRETS, House, running_house
from loadtests.pictures import wrong_pictures
from loadtests.runs import Ground, let_loose, sessions_needed
from loadtests.shop import CATALOGUE, read_shop
from loadtests.trace import body_path, read_trace
from loadtests.verdict import Check

DOUBLE: Final = Path(__file__).parents[1] / "doubles" / "edge_lane.js"
SAVED_MIN: Final = 0.90
#: Cloudflare makes another format above it (developers.cloudflare.com/images/get-started/limits).
AVIF_SIDE_MAX: Final = 1_200


def measure(ground: Ground, sessions: int = 0) -> list[Check]:
    """Play the sessions twice and compare what the origin rendered. sessions: 0 is enough."""
    base, folder, record = ground.begin("sessions", "lane")
    shop = read_shop(Path(record.shop), Path(record.ring))
    sessions = sessions or sessions_needed(shop, record.seed)
    rendered: dict[str, list[str]] = {}
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
            rendered[switch] = [str(line["path"]) for line in lines if line["hit"] == "render"]
        rows = list(read_trace(played))
        keys = {row.key for row in rows if row.is_good}
        wrong += [row.key for row in figures.wrong_digests(rows)]
        wrong += [f"{row.key}: {row.status}" for row in rows if row.status != row.want]
        wrong += wrong_pictures(played, keys, shop)
    left = Counter(_reason(folder / "on", path) for path in rendered["on"])
    return _checks(len(rendered["off"]), left, wrong)


def _reason(played: Path, path: str) -> str:
    """Return why a picture is the origin's although the lane is on; "" where it need not be."""
    if lane_of_path(path) == "origin":
        return "preset"
    with Image.open(body_path(played, path)) as picture:
        is_large = path.endswith(".avif") and max(picture.size) > AVIF_SIDE_MAX
    return "large" if is_large else ""


def _checks(off: int, left: Counter[str], wrong: list[str]) -> list[Check]:
    saved = 1 - left.total() / off
    large = f"of them AVIF over {AVIF_SIDE_MAX:,} px a side"
    return [
        Check("origin renders, lane off", str(off), "some", off > 0),
        Check("origin renders, lane on", str(left.total()), "", is_met=True),
        Check("of them presets, which `lane()` calls origin", str(left["preset"]), "", is_met=True),
        Check(large, str(left["large"]), "", is_met=True),
        Check("of them what the edge could have made", str(left[""]), "0", not left[""]),
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
